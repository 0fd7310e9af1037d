"""Putting a picture back where a mask says that it was to stay, and the place around a mask that an engine looks at."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageFilter

from app.media.image.picture import kept

if TYPE_CHECKING:
    import numpy as np

FEATHER = 160  # the shorter side of a picture to the pixels over which its mask's edge is soft
SOFTEST = 8  # pixels
Box = tuple[int, int, int, int]  # left, top, right, bottom


def pasted(parent: bytes, made: Image.Image, mask: bytes) -> Image.Image:
    """`made`, scaled to the size of `parent`, where the mask is white; `parent` to the byte where it is black.

    In between, and over a few pixels inside the mask's edge, one goes over into the other. The size and the transparency are
    the parent's.
    """
    import numpy as np

    under = kept(parent)
    with Image.open(io.BytesIO(mask)) as opened:
        grey = opened.convert("L")
    marked, soft = grey.getbbox(), softness(under.size)
    if marked is None:
        return under
    left, top, right, bottom = marked  # and room for the soft edge, but for where the picture ends
    box = (max(0, left - soft), max(0, top - soft), min(grey.width, right + soft), min(grey.height, bottom + soft))
    over = made.convert(under.mode)
    if over.size != under.size:
        over = over.resize(under.size, Image.Resampling.LANCZOS)
    share = feathered(np.asarray(grey.crop(box)), soft)[..., None]
    below = np.asarray(under.crop(box), np.float32)
    mixed = below + (np.asarray(over.crop(box), np.float32) - below) * share
    whole = under.copy()
    whole.paste(Image.fromarray(np.rint(mixed).clip(0, 255).astype(np.uint8)), box[:2])
    return whole


def softness(size: tuple[int, int]) -> int:
    """Over how many pixels a mask's edge is soft in a picture of this size."""
    return max(1, min(SOFTEST, round(min(size) / FEATHER)))


def feathered(mask: np.ndarray[Any, Any], soft: int) -> np.ndarray[Any, Any]:
    """How much of the new picture is shown, 0 to 1: 0 wherever `mask` (uint8) is, less over `soft` pixels inside its edge.

    A stroke too thin for that stays as strong as it was painted: its edge is measured against its own middle.
    """
    import numpy as np

    framed = np.pad(mask, soft, mode="edge")  # at the end of the picture there is nothing to go over into
    near = np.asarray(Image.fromarray(framed).filter(ImageFilter.BoxBlur(soft)), np.float32)
    peak = near
    for axis in (0, 1):
        peak = np.maximum.reduce([np.roll(peak, step, axis) for step in range(-soft, soft + 1)])
    ramp = np.clip(2 * near / np.maximum(peak, 1) - 1, 0, 1)[soft:-soft, soft:-soft]
    share: np.ndarray[Any, Any] = ramp * (mask.astype(np.float32) / 255)
    return share


def around(mask: Image.Image, least: int) -> Box:
    """The place that is looked at to change what `mask` covers: its box, half as large again, and no smaller than `least`
    pixels, within the picture.

    The mask holds something.
    """
    left, top, right, bottom = mask.getbbox() or (0, 0, *mask.size)
    spans = [_span(start, end, least, most) for start, end, most in ((left, right, mask.width), (top, bottom, mask.height))]
    (left, right), (top, bottom) = spans
    return left, top, right, bottom


def grown(box: Box, size: tuple[int, int], within: tuple[int, int]) -> Box:
    """`box` made wider or higher until it has the proportions of `size`, as far as the picture `within` has room."""
    (left, top, right, bottom), (across, down) = box, size
    wide, high = right - left, bottom - top
    left, right = _fitted(left, right, max(wide, round(high * across / down)), within[0])
    top, bottom = _fitted(top, bottom, max(high, round(wide * down / across)), within[1])
    return left, top, right, bottom


def _span(start: int, end: int, least: int, most: int) -> tuple[int, int]:
    """From `start` to `end`, half as long again, at least `least` long, within 0 to `most`."""
    return _fitted(start, end, max(least, round(1.5 * (end - start))), most)


def _fitted(start: int, end: int, length: int, most: int) -> tuple[int, int]:
    """A span of `length` around that of `start` to `end`, moved and cut to lie in 0 to `most`."""
    length = min(most, length)
    begin = min(max(0, (start + end - length) // 2), most - length)
    return begin, begin + length
