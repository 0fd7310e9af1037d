"""Masks as they come in: a PNG in 8-bit grey, of its picture's size, in which something is white and something is not."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageStat

from app.bounded import MB, Data, bounded, content
from app.errors import InvalidError, UnsupportedError, _
from app.media.image.beside import SIGNATURE

DEPTH, SIXTEEN = 24, 16  # the byte of a PNG that says how many bits a sample has (PNG, third edition, 11.2.1)
NOT_GREY = _("a mask is grey: white is changed, black stays")


@dataclass(frozen=True, slots=True)
class AdmittedMask:
    """What is known of a mask that was decoded and encoded anew; `share` is its mean brightness, 0 to 1."""

    bytes: int
    share: float


def _room(_data: Data, width: int, height: int, *_to: Any) -> int:
    """Bytes that it takes: it is not decoded unless it has the size of its picture."""
    return 200 * MB + 8 * width * height


@bounded(
    20, _room, _("This mask needs too much time or memory to be read. Save it as a plain PNG and try again."), output=256 * MB
)
def admit_mask(data: Data, width: int, height: int, to: Path) -> AdmittedMask:
    """A mask for a picture of `width` by `height` pixels, decoded whole and encoded anew as the PNG `to`, in 8-bit grey.

    Raises UnsupportedError (no PNG, damaged), InvalidError that says what is wrong with it.
    """
    given = content(data)
    if not given.startswith(SIGNATURE):
        raise UnsupportedError(_("A mask is a PNG."))
    try:
        with Image.open(io.BytesIO(given), formats=("PNG",)) as opened:
            _check(opened, given, width, height)
            opened.load()
            grey = _grey(opened)
    except (InvalidError, MemoryError):
        raise
    except Exception as error:  # whatever a decoder says of bytes that somebody made up
        raise UnsupportedError(_("This mask is damaged. Save it again as PNG.")) from error
    darkest, brightest = grey.getextrema()
    if brightest == 0:
        raise InvalidError("file", _("nothing is marked: paint white what is to change"))
    if darkest == 255:  # noqa: PLR2004 (white)
        raise InvalidError("file", _("everything is marked: to change the whole picture, vary or refine it"))
    grey.save(to, "PNG", compress_level=6)
    return AdmittedMask(to.stat().st_size, ImageStat.Stat(grey).mean[0] / 255)


def _check(opened: Image.Image, given: bytes, width: int, height: int) -> None:
    if opened.size != (width, height):
        said = _("a mask is as large as its picture: %(width)d × %(height)d pixels")
        raise InvalidError("file", said, width=width, height=height)
    if given[DEPTH] == SIXTEEN:
        raise InvalidError("file", _("a mask has 8 bits for each pixel, not 16"))
    if opened.has_transparency_data:
        raise InvalidError("file", _("a mask has no transparency: white is changed, black stays"))


def _grey(opened: Image.Image) -> Image.Image:
    """The mask in 8-bit grey; colours that are greys are taken as such."""
    if opened.mode in {"L", "1"}:
        grey = opened.convert("L")
    else:
        red, green, blue = opened.convert("RGB").split()
        if not red.tobytes() == green.tobytes() == blue.tobytes():
            raise InvalidError("file", NOT_GREY)
        grey = red
    grey.info = {}
    return grey


def leaves(path: Path, box: tuple[int, int, int, int]) -> bool:
    """Whether the mask in the file `path` lets nothing change within `box` (left, top, width, height)."""
    left, top, across, down = box
    with Image.open(path) as mask:
        return mask.convert("L").crop((left, top, left + across, top + down)).getbbox() is None
