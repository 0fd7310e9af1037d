"""What the studio knows of each medium, without web, database or engine. What pages show of one is app/web/media.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.brief import Medium
from app.errors import _
from app.media.music.abc.words import words_in

ABC = "text/vnd.abc"  # www.iana.org/assignments/media-types/text/vnd.abc
TEXT = "text/plain"
SCENE = "application/vnd.stemma.scene+json"  # which drawings a picture shows, and where; kept among its facts
PAINTED = "application/vnd.stemma.painted-scene+json"  # a scene that a picture was painted from, kept there as well


@dataclass(frozen=True, slots=True)
class Traits:
    """Of one medium. A revision holds a text where `written` is a media type, else bytes; bytes it may always hold.

    `worded`: its text is words. Who wrote which of them is kept, they are searched and shown on the wall, and branches that
    share them are drawn as a loom. `notes`: its text is notes. They are drawn as a picture, told by key and metre, compared
    bar by bar; a recording may stand in their place. `judged`: it is pictures, which judges and search look at.
    """

    empty: str  # what is said to a brief that says nothing
    written: str | None = None
    worded: bool = False
    notes: bool = False
    judged: bool = False
    others: str = ""  # which engines could do what none here can
    searched: Callable[[str], str] = str  # what of a text is searched with the work's title


TRAITS = {
    Medium.IMAGE: Traits(empty=_("say what you want to see: the brief is empty"), judged=True),
    Medium.TEXT: Traits(
        empty=_("say what it is to be about: the brief is empty"),
        written=TEXT,
        worded=True,
        others=_("A service or a larger model could: name one in STEMMA_TEXTS."),
    ),
    Medium.MUSIC: Traits(
        empty=_("say what you want to hear: the brief is empty"),
        written=ABC,
        notes=True,
        others=_("An engine of recordings could: name one in STEMMA_MUSIC."),
        searched=words_in,
    ),
}
WORDED = tuple(medium for medium, traits in TRAITS.items() if traits.worded)
NOTES = tuple(medium for medium, traits in TRAITS.items() if traits.notes)


def traits(medium: str) -> Traits:
    """Of the medium called `medium`."""
    return TRAITS[Medium(medium)]
