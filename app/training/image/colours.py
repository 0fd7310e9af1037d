"""Colours by name: grounds to compose a drawing on, the colour a drawing mostly has, and drawings in another colour."""

from __future__ import annotations

import colorsys
from collections import Counter

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # [height, width, 4], not premultiplied

BACKGROUNDS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "black": (24, 24, 28),
    "red": (214, 60, 60),
    "orange": (245, 150, 60),
    "yellow": (250, 216, 90),
    "green": (110, 184, 110),
    "teal": (70, 170, 170),
    "blue": (80, 130, 220),
    "sky blue": (160, 208, 245),
    "purple": (150, 100, 205),
    "pink": (246, 170, 200),
    "brown": (140, 98, 70),
    "grey": (170, 172, 176),
    "cream": (250, 240, 215),
}
# Where on the circle of hues (0 to 1) a name sits.
HUES = {
    "red": 0.0,
    "orange": 0.08,
    "yellow": 0.15,
    "green": 0.33,
    "teal": 0.5,
    "blue": 0.6,
    "purple": 0.76,
    "pink": 0.9,
}
# Bounds of value and saturation (0 to 1) between the plain names.
_BLACK, _WHITE, _GREY, _DARK, _PALE = 0.22, 0.85, 0.15, 0.6, 0.45
_LOOKED_AT, _OPAQUE, _ENOUGH = 32, 200, 40  # pixels of a side; alpha; pixels that show something


def name_of(red: int, green: int, blue: int) -> str:
    """A colour's plain name; the components go from 0 to 255."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    if value < _BLACK:
        return "black"
    if saturation < _GREY:
        return "white" if value > _WHITE else "grey"
    name = min(HUES, key=lambda n: apart(HUES[n], hue))
    if name in {"red", "orange"} and value < _DARK:
        return "brown"
    return "pink" if name == "red" and saturation < _PALE else name


def apart(one: float, other: float) -> float:
    """How far two hues are from one another on their circle, 0 to 0.5."""
    return min(abs(one - other), 1 - abs(one - other))


def dominant(pixels: Pixels) -> str | None:
    """The colour that more than half of the drawing has, by name, or None."""
    every = max(1, pixels.shape[0] // _LOOKED_AT)
    thin = pixels[::every, ::every].reshape(-1, 4)
    solid = thin[thin[:, 3] > _OPAQUE]
    if len(solid) < _ENOUGH:
        return None
    (name, count), *_rest = Counter(name_of(*(int(c) for c in p[:3])) for p in solid).most_common(1)
    return name if count * 2 > len(solid) else None


def composed(pixels: Pixels, background: str, turn: float = 0.0) -> NDArray[np.float32]:
    """The drawing on a ground: [height, width, 3] in 0…255, its hues turned by `turn` (1 is the whole circle)."""
    alpha = pixels[..., 3:].astype(np.float32) / 255
    colours = turned(pixels[..., :3], turn) if turn else pixels[..., :3].astype(np.float32)
    ground = np.array(BACKGROUNDS[background], np.float32)
    return np.asarray(colours * alpha + ground * (1 - alpha), np.float32)


def paired(left: Pixels, right: Pixels) -> Pixels:
    """Two drawings side by side, each at half its size, in a picture of the size of one."""
    size = left.shape[0]
    half = size // 2
    both = np.zeros_like(left)
    top = (size - half) // 2
    both[top : top + half, :half] = _halved(left)
    both[top : top + half, half : 2 * half] = _halved(right)
    return both


def _halved(pixels: Pixels) -> Pixels:
    """Every four pixels as one; colours count by how opaque they are, or edges would take the unseen ground's."""
    half = pixels.shape[0] // 2
    cells = pixels[: 2 * half, : 2 * half].astype(np.float32).reshape(half, 2, half, 2, 4)
    alpha = cells[..., 3:]
    cover = alpha.sum((1, 3))
    colour = (cells[..., :3] * alpha).sum((1, 3)) / np.maximum(cover, 1)
    return np.concatenate([colour, cover / 4], -1).round().astype(np.uint8)


def turned(rgb: NDArray[np.uint8], turn: float) -> NDArray[np.float32]:
    """`rgb` in 0…255 through HSV with another hue; saturation and value stay."""
    x = rgb.astype(np.float32) / 255
    top = x.max(-1)
    spread = top - x.min(-1) + 1e-6
    r, g, b = x[..., 0], x[..., 1], x[..., 2]
    sextant = np.where(top == r, ((g - b) / spread) % 6, np.where(top == g, (b - r) / spread + 2, (r - g) / spread + 4))
    hue = (sextant / 6 + turn) % 1 * 6
    saturation = spread / (top + 1e-6)
    # A channel is `top`, lowered by how far its own hue is away (Smith 1978, in the form without sextants).
    channels = [top * (1 - saturation * np.clip(np.minimum(k, 4 - k), 0, 1)) for k in ((n + hue) % 6 for n in (5, 3, 1))]
    return np.asarray(np.stack(channels, -1) * 255, np.float32)
