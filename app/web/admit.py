"""What may come in, and what it becomes: a picture, a text, a tune or a recording as a root of its work's lineage.

All of it is read, and its bytes are stored, before the transaction that makes the root.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import UploadFile

from app.bounded import Source, size
from app.errors import InvalidError, TooLargeError, UnfitError, UnsupportedError, _
from app.gate import printable
from app.media.image.admit import admit as admit_picture
from app.media.music.files.files import without_recipe
from app.media.music.files.notating import Imported, tunes
from app.media.music.files.reading_midi import read_midi
from app.media.music.files.reading_musicxml import read_musicxml
from app.media.music.sound.reading_sound import admit, sounds_like
from app.media.music.theory import telling
from app.media.text.documents.reading import decoded, ending, read
from app.media.text.rules import LONGEST, too_long, unix_line_ends
from app.models import Asset

if TYPE_CHECKING:
    from app.web.deps import Studio

KEY = re.compile(r"^K:", re.MULTILINE)
MOST_FRONT = 4_000  # code points of a front matter that are kept
HEAD = 64  # bytes by which a file is known
ABC, XML = {"abc", "txt"}, {"musicxml", "mxl", "xml"}
NO_MUSIC = _("That is no music Stemma can read (ABC, MusicXML, MIDI; WAV, FLAC, MP3 or Ogg).")


class Upload(NamedTuple):
    """A file as it came; `head` are its first bytes."""

    name: str
    data: Source
    head: bytes

    @property
    def ending(self) -> str:
        """What its name ends with, after the last dot."""
        return ending(self.name)

    @property
    def stem(self) -> str:
        """Its name without that."""
        return self.name.rpartition(".")[0] or self.name


class Root(NamedTuple):
    """What is to be kept: bytes that lie in the store already (their row is not written yet), or a text; of a tune what is
    told of it.
    """

    facts: dict[str, Any]
    asset: Asset | None = None
    text: str | None = None
    told: telling.Description | None = None
    others: tuple[Root, ...] = ()  # what else the file holds, each to be a work of its own
    title: str = ""  # of such a work


def upload(file: UploadFile, limit: int) -> Upload:
    """The file of a form; its bytes stay where they lie. Raises TooLargeError for one of more than `limit` bytes."""
    data = Source(file.file)
    if size(data) > limit:
        raise TooLargeError(limit=f"{limit // 2**20} MB")
    file.file.seek(0)
    return Upload(printable(file.filename or "", 200), data, file.file.read(HEAD))


def picture(parts: Studio, file: Upload) -> Root:
    """Raises UnsupportedError, TooLargeError, InvalidError, BusyError."""
    to = parts.store.new_file()
    try:
        admitted = admit_picture(file.data, parts.settings.max_pixels, to)
        sha256 = parts.store.adopt(to)
    finally:
        to.unlink(missing_ok=True)
    asset = Asset(
        sha256=sha256,
        media_type="image/png",
        bytes=admitted.bytes,
        width=admitted.width,
        height=admitted.height,
        colour=admitted.colour,
    )
    about = {"says": admitted.says, "simplified": admitted.simplified}
    return Root({"file": file.name, **_recipe(admitted.recipe), **{name: said for name, said in about.items() if said}}, asset)


def text(_parts: Studio, file: Upload) -> Root:
    """Raises InvalidError for a text that is empty or holds what no text may, UnsupportedError, TooLargeError, BusyError."""
    found = read(file.name, file.data, LONGEST)
    words = _writable(found.text)
    if not words.strip():
        raise InvalidError("file", _("there is no text in this file"))
    about = {
        "encoding": found.encoding,
        "encodings": list(found.others),
        "markup": ("md" if found.markup else "plain") if found.markup != (found.kind == "md") else None,
        "simplified": list(found.simplified),
        "front": printable(found.front, MOST_FRONT),
        **_recipe(found.recipe),
    }
    return Root({"file": file.name, "format": found.kind, **{name: said for name, said in about.items() if said}}, text=words)


def _writable(said: str) -> str:
    """What a file says, as a revision may hold it. Raises InvalidError, TooLargeError."""
    if len(said) > LONGEST + said.count("\r\n"):
        raise too_long(LONGEST)
    try:
        return unix_line_ends(said)
    except UnfitError as error:
        raise InvalidError("file", error.title, **error.details) from error


def music(parts: Studio, file: Upload) -> Root:
    """A tune from notes, a recording from sound; by what the file is, and only then by its name.

    Raises UnsupportedError, TooLargeError, InvalidError, BusyError.
    """
    if file.head.startswith(b"MThd"):
        return _tune(file, "midi", read_midi(file.data, file.stem))
    if file.ending in XML or file.head.startswith(b"PK\x03\x04"):
        found, recipe = read_musicxml(file.data, file.stem)
        return _tune(file, "musicxml", found, **_recipe(recipe))
    if file.ending in ABC:
        given, encoding = decoded(file.data, LONGEST)
        said, recipe = without_recipe(_writable(given))
        if said.strip() and not KEY.search(
            said
        ):  # a tune in ABC has a key (standard 2.1, 3.1.14); words have notes in them too
            raise UnsupportedError(NO_MUSIC)
        about = {"encoding": encoding, **_recipe(recipe)}
        if recipe:  # of ours: as it was
            return _tune(file, "abc", Imported(said), **about)
        first, *others = tunes(said)
        if others:
            first.without(_("The file holds several tunes; each of the others became a work of its own in this project."))
        root = _tune(file, "abc", first, **about)
        return root._replace(others=tuple(_tune(file, "abc", one, at=at, **about) for at, one in enumerate(others, 2)))
    if sounds_like(file.head):
        return _recording(parts, file)
    raise UnsupportedError(NO_MUSIC)


def _tune(file: Upload, kind: str, found: Imported, **about: Any) -> Root:
    """A root from notes in ABC. Raises InvalidError where there are none."""
    tune = telling.describe_abc(found.text)
    if not tune.notes:
        raise InvalidError("file", _("there are no notes in this file"))
    facts = {"file": file.name, "format": kind, **about, **({"simplified": found.simplified} if found.simplified else {})}
    return Root(facts, text=_writable(found.text), told=tune, title=tune.title)


def _recipe(recipe: dict[str, Any] | str | None) -> dict[str, Any]:
    """The recipe of a file that Stemma made: told, never trusted."""
    return {"recipe": recipe} if recipe else {}


def _recording(parts: Studio, file: Upload) -> Root:
    to = parts.store.new_file()
    try:
        found = admit(file.data, to)
        sha256 = parts.store.adopt(to)
    finally:
        to.unlink(missing_ok=True)
    asset = Asset(sha256=sha256, media_type="audio/flac", bytes=found.bytes, duration=found.duration)
    return Root({"file": file.name, "format": found.kind, "rate": found.rate, "channels": found.channels}, asset)
