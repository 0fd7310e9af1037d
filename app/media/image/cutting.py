"""Cutting out what stands before a ground, without a model.

The picture is brought down to few flat colours, as it is before its outlines are traced (posterise.py). Whatever of these
reaches the edges along some length, or goes from side to side, is ground, and so is what is too small to be a thing. Along the
outline each pixel is taken apart into the colours on both sides, so that no rim of the ground is left (as in "Blue screen
matting", Smith & Blinn 1996).
"""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageChops, ImageFilter

from app.media.image.areas import areas, border
from app.media.image.posterise import posterise

SIDE = 640  # pixels of the longer side at which it is decided what is ground
COLOURS = 24
CLEAN = 1.5  # pixels; what is thinner belongs to its neighbours
REACHES = 0.02  # of all of the edges: an area that lies along less of them is a thing that touches one
SURE = 5  # pixels: who has none of the other side within these has its own colour
NEAR = 6  # pixels around from which the colours of both sides are taken
THERE = 128  # of a mask


def cut_out(picture: Image.Image, apart: float, least: float, *, holes: bool) -> Image.Image | None:
    """`picture` as RGBA, transparent where it shows ground; None where nothing or everything would be left.

    Colours nearer than `apart` (in OKLab) are one; parts smaller than `least` (of all pixels, 0…1) go. With `holes` what has
    the ground's colours goes inside too.
    """
    mask = _things(picture, apart, least, holes=holes)
    if mask is None:
        return None
    large = mask.resize(picture.size, Image.Resampling.BICUBIC).point(lambda value: 255 * (value >= THERE))
    return _separated(picture.convert("RGBA"), large)


def _things(picture: Image.Image, apart: float, least: float, *, holes: bool) -> Image.Image | None:
    """A mask, white where something stands."""
    import numpy as np

    rgba = np.asarray(posterise(picture, COLOURS, apart, CLEAN, min(SIDE, max(picture.size))).picture)
    colours = rgba[..., :3].astype(np.int64) @ (65536, 256, 1)
    colours[rgba[..., 3] < THERE] = -1
    found, count = areas(colours)
    along = np.bincount(border(found), minlength=count)
    ground = along >= REACHES * along.sum()
    ground[np.intersect1d(found[:, 0], found[:, -1])] = True  # from side to side: the ground's own lines
    ground[found[colours == -1]] = True
    if holes:
        ground |= np.isin(_values(colours, found, count), np.unique(colours[ground[found]]))
    things = ~ground[found]
    parts, number = areas(things)
    small = np.bincount(parts.ravel(), minlength=number) < least * things.size
    things &= ~small[parts]
    if not things.any() or things.all():
        return None
    return Image.fromarray((things * 255).astype(np.uint8))


def _values(values: Any, found: Any, count: int) -> Any:
    """The value of each area."""
    import numpy as np

    of = np.empty(count, values.dtype)
    of[found.ravel()] = values.ravel()
    return of


def _separated(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """`picture` where the `mask` is white; along the outline, in part."""
    import numpy as np

    inside, outside = (one.filter(ImageFilter.MinFilter(SURE)) for one in (mask, ImageChops.invert(mask)))
    pixels, alpha = np.array(picture), np.array(mask)
    rim = (np.asarray(inside) == 0) & (np.asarray(outside) == 0)
    own, own_there = _around(picture, inside, rim)
    ground, ground_there = _around(picture, outside, rim)
    both = own_there & ground_there
    towards = own - ground
    share = ((pixels[rim][:, :3] - ground) * towards).sum(axis=1) / np.maximum((towards**2).sum(axis=1), 1)
    known = both & ((towards**2).sum(axis=1) > 3 * 12**2)  # both sides alike: the mask says as much
    share = np.where(known, share.clip(0, 1), alpha[rim] / 255)
    colours = np.where((known & (share < 1))[:, None], own, pixels[rim][:, :3])
    alpha[rim] = (share * 255).round()
    pixels[rim, :3] = colours.round()
    pixels[..., 3] = np.minimum(alpha, pixels[..., 3])
    pixels[pixels[..., 3] == 0] = 0
    return Image.fromarray(pixels)


def _around(picture: Image.Image, sure: Image.Image, rim: Any) -> tuple[Any, Any]:
    """For each pixel of the `rim` the mean colour [n, 3] of what is `sure` around it, and whether there is any [n]."""
    import numpy as np

    blurred = ImageFilter.BoxBlur(NEAR)
    seen = Image.composite(picture.convert("RGB"), Image.new("RGB", picture.size), sure).filter(blurred)
    much = np.asarray(sure.filter(blurred))[rim].astype(float)[:, None] / 255
    return (np.asarray(seen)[rim] / np.maximum(much, 1 / 255)).clip(0, 255), much[:, 0] > 8 / 255
