"""What pages show of each medium, and what may be brought in; what it is stands in app/media/medium.py.

The templates of one medium alone lie in `works/`, `revisions/` and `generations/` under its `folder`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.brief import Medium
from app.errors import _
from app.media.medium import TRAITS, Traits
from app.web import admit

if TYPE_CHECKING:
    from app.models import Revision
    from app.web.deps import Studio

RECIPE = ("json", _("Recipe"))
SOUNDS = (("wav", "WAV"), ("flac", "FLAC"), ("mp3", "MP3"))


@dataclass(frozen=True, slots=True)
class Pages:
    """Of one medium; sentences are message ids."""

    traits: Traits
    folder: str
    one: str
    many: str
    bring: str
    bringing: str  # while it is read
    brought: str  # how a revision came
    accepted: str  # file names' endings or media types, for a file field
    admit: Callable[[Studio, admit.Upload], admit.Root]
    placeholders: Mapping[str, str]  # of fields of the brief that ask otherwise than they do elsewhere
    refining: str  # why nothing can be refined while nothing is there
    locked: str  # what a locked seed does
    unasked: str = ""  # how an engine is taken when the artist chooses none, where a page offers that
    files: tuple[tuple[str, str], ...] = ()  # what a text can be downloaded as: kind and title
    recordings: tuple[tuple[str, str], ...] = ()  # what bytes can be downloaded as, besides pictures
    brought_bytes: str = ""  # how a revision of bytes came, where a text came otherwise

    def files_of(self, revision: Revision) -> tuple[tuple[str, str], ...]:
        """What `revision` can be downloaded as."""
        return self.files if revision.text is not None else self.recordings

    def brought_as(self, revision: Revision) -> str:
        """How an import came."""
        return self.brought_bytes if self.brought_bytes and revision.text is None else self.brought


PAGES = {
    Medium.IMAGE: Pages(
        traits=TRAITS[Medium.IMAGE],
        folder="picture",
        one=_("Picture"),
        many=_("Pictures"),
        bring=_("Import a picture"),
        bringing=_("Importing the picture…"),
        brought=_("imported as a picture"),
        accepted="image/png,image/jpeg,image/webp,image/gif,image/avif,image/tiff,image/bmp",
        admit=admit.picture,
        placeholders={"intent": _("What should be there?"), "style": _("How it should look")},
        refining=_("Refining needs a picture on the stage"),
        locked=_("Free: each run differs. Locked: the same brief gives the same pictures."),
        unasked=_("By the words of the brief"),
    ),
    Medium.TEXT: Pages(
        traits=TRAITS[Medium.TEXT],
        folder="text",
        one=_("Text"),
        many=_("Texts"),
        bring=_("Import a text"),
        bringing=_("Importing the text…"),
        brought=_("imported as a text"),
        accepted=".txt,.md,.docx,.html,.htm",
        admit=admit.text,
        placeholders={"intent": _("What is to be written?"), "style": _("How it should sound")},
        refining=_("Refining needs a text on the sheet"),
        locked=_("Free: each run differs. Locked: the same brief gives the same texts."),
        unasked=_("By the language of the brief"),
        files=(("md", "Markdown"), ("docx", "Word"), ("epub", "EPUB"), ("txt", _("Plain text")), RECIPE),
    ),
    Medium.MUSIC: Pages(
        traits=TRAITS[Medium.MUSIC],
        folder="tune",
        one=_("Tune"),
        many=_("Tunes"),
        bring=_("Import a tune"),
        bringing=_("Importing the tune…"),
        brought=_("imported as a tune"),
        brought_bytes=_("imported as a recording"),
        accepted=".abc,.musicxml,.xml,.mxl,.mid,.midi,.wav,.flac,.mp3,.ogg",
        admit=admit.music,
        placeholders={
            "intent": _("What is to be heard? A kind of tune, a key, a mood …"),
            "style": _("How it should sound"),
        },
        refining=_("Refining needs a tune on the sheet"),
        locked=_("Free: each run differs. Locked: the same brief gives the same tunes."),
        files=(("abc", "ABC"), ("musicxml", "MusicXML"), ("midi", "MIDI"), *SOUNDS, RECIPE),
        recordings=(*SOUNDS, RECIPE),
    ),
}


def pages_of(medium: str) -> Pages:
    """Of the medium called `medium`."""
    return PAGES[Medium(medium)]
