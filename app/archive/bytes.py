"""The bytes of an archive that came from outside: taken out under names of ours, and looked at, before anything is kept.

Rows of bytes are everybody's: who brings the same bytes later meets them. So a row must say of its bytes what is so.
"""

from __future__ import annotations

import warnings
from contextlib import closing
from pathlib import Path

from PIL import Image

from app.archive.faults import OTHER_BYTES, ArchiveError
from app.archive.layout import FILES
from app.archive.reading import Source
from app.archive.rows import Row
from app.bounded import MB, bounded
from app.errors import UnsupportedError, _
from app.media.image import svg
from app.media.image.admit import MAX_SIDE
from app.media.music.sound.recording import MEDIA_TYPES, read_recording
from app.storage.store import Store

PICTURES = {"image/png": "PNG", "image/webp": "WEBP"}
APART = 0.05  # seconds by which what is told of a recording may be off


class Taken:
    """Files taken out of an archive, each by its SHA-256; they are gone at the end unless they were kept."""

    def __init__(self, store: Store) -> None:
        self.store, self.paths = store, dict[str, Path]()

    def take(self, source: Source, row: Row, max_pixels: int) -> None:
        """Take out the bytes of this row. Raises ArchiveError when they are others, DiskFullError, UnavailableError."""
        name = FILES + row["sha256"]
        path = self.paths[row["sha256"]] = self.store.new_file()
        if source.sums[name] != row["sha256"]:
            raise ArchiveError(OTHER_BYTES, file=name, kind=row["media_type"])
        with path.open("xb") as to:
            source.check(name, to)
        if not is_what_it_says(path, row, max_pixels):
            raise ArchiveError(OTHER_BYTES, file=name, kind=row["media_type"])

    def keep(self) -> None:
        """Keep all of them. Raises DiskFullError, UnavailableError."""
        for path in self.paths.values():
            self.store.adopt(path)

    def close(self) -> None:
        """Take away what was not kept."""
        for path in self.paths.values():
            path.unlink(missing_ok=True)


def is_what_it_says(path: Path, row: Row, max_pixels: int) -> bool:
    """Whether the bytes at `path` are what their row says of them, and of a kind that a studio makes."""
    kind = row["media_type"]
    if kind in PICTURES:
        size = row["width"], row["height"]
        return row["raster"] is None and None not in size and _size(path, PICTURES[kind], max_pixels) == size
    if kind == svg.MEDIA_TYPE:
        return row["raster"] is not None and path.stat().st_size <= svg.MOST and svg.ours(path.read_bytes())
    if kind in MEDIA_TYPES:
        found, seconds = seconds_of(path)
        return found == kind and row["duration"] is not None and abs(seconds - row["duration"]) <= APART
    return False


def _size(path: Path, kind: str, max_pixels: int) -> tuple[int, int] | None:
    """The size of a picture, by its head; None where it is none of this kind, or too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with closing(Image.open(path, formats=(kind,))) as picture:
                width, height = picture.size
    except Exception:  # noqa: BLE001 (whatever a reader says of bytes that somebody made up)
        return None
    return (width, height) if width * height <= max_pixels and max(width, height) <= MAX_SIDE else None


@bounded(20, 400 * MB, _("This recording needs too much time or memory to be read."), needs=("numpy", "soundfile"))
def seconds_of(path: Path) -> tuple[str, float]:
    """Media type and seconds of a recording; nothing where it is none."""
    try:
        found = read_recording(path.read_bytes())
    except UnsupportedError:
        return "", 0.0
    return found.media_type, found.duration
