"""Colours in OKLCH (OKLab by hue: app/media/image/oklab.py), and drawings in other colours.

L is lightness (0 black, 1 white), C chroma (0 grey, about 0.3 the most that a screen shows), h the hue in degrees.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache

from app.media.image.oklab import oklab

Lch = tuple[float, float, float]
Change = Callable[[str], str]  # of "#rrggbb"

TARGETS: dict[str, str] = {
    "red": "#d93636",
    "crimson": "#b3203c",
    "orange": "#f08a24",
    "yellow": "#f6c927",
    "gold": "#e0a91f",
    "green": "#3f9e4d",
    "lime": "#8cc63f",
    "teal": "#1f9c98",
    "turquoise": "#2cb9b4",
    "blue": "#2f6fd0",
    "sky blue": "#7cc1ee",
    "navy": "#22386f",
    "purple": "#8450c4",
    "violet": "#7a55d0",
    "pink": "#f28ab8",
    "magenta": "#cf3f9c",
    "brown": "#80543a",
    "beige": "#e2cfae",
    "cream": "#f6ead0",
    "white": "#f4f4f2",
    "black": "#2b2b31",
    "grey": "#8f9399",
    "silver": "#b9bfc7",
}
_HEX = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
_GREY, _NEAR, _FAR = 0.045, 45.0, 80.0  # chroma of a grey; degrees from the main hue that are tinted wholly, not at all


@lru_cache(maxsize=16_384)
def lch(colour: str) -> Lch:
    """Of "#rrggbb" or "#rgb"."""
    digits = colour[1:] if len(colour) > 4 else "".join(2 * digit for digit in colour[1:])  # noqa: PLR2004 (#rgb)
    red, green, blue = (int(digits[at : at + 2], 16) for at in (0, 2, 4))
    light, a, b = oklab((red, green, blue))
    return light, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def hexed(light: float, chroma: float, hue: float) -> str:
    """As "#rrggbb"; what no screen shows loses chroma, not lightness or hue."""
    light, chroma = min(1.0, max(0.0, light)), max(0.0, chroma)
    for _step in range(12):
        rgb = _rgb(light, chroma, hue)
        if all(-0.002 <= part <= 1.002 for part in rgb):  # noqa: PLR2004 (rounding)
            break
        chroma *= 0.85
    return "#" + "".join(f"{round(255 * _gamma(min(1.0, max(0.0, part)))):02x}" for part in rgb)


def _rgb(light: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3  # noqa: E741 (the paper's names)
    m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3
    return (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    )


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055  # noqa: PLR2004 (sRGB, IEC 61966-2-1)


def recoloured(svg: str, change: Change) -> str:
    """`svg` with every colour changed."""
    known: dict[str, str] = {}

    def changed(found: re.Match[str]) -> str:
        colour = found[0].lower()
        if colour not in known:
            known[colour] = change(colour)
        return known[colour]

    return _HEX.sub(changed, svg)


def apart(one: float, other: float) -> float:
    """Degrees between two hues, 0 to 180."""
    return abs((one - other + 180) % 360 - 180)


def tint(main: str, target: str) -> Change:
    """A drawing whose main colour is `main` becomes `target` (both "#rrggbb"): what is near the main colour follows it,
    lights and shades with it; eyes, windows and outlines stay.
    """
    from_light, from_chroma, from_hue = lch(main)
    to_light, to_chroma, to_hue = lch(target)
    grey = from_chroma < _GREY
    scale = to_chroma / max(from_chroma, _GREY)

    def change(colour: str) -> str:
        light, chroma, hue = lch(colour)
        if grey:
            share = max(0.0, 1 - chroma / 0.09) * max(0.0, min(1.0, 2.2 - 5 * abs(light - from_light)))
        elif chroma < _GREY:
            share = 0.0
        else:
            share = max(0.0, min(1.0, (_FAR - apart(hue, from_hue)) / (_FAR - _NEAR)))
        if share <= 0:
            return colour
        wanted = to_chroma if grey else min(1.25 * to_chroma, chroma * scale)
        turn = 0.0 if grey else 0.35 * ((hue - from_hue + 180) % 360 - 180)
        there = hexed(light + 0.85 * (to_light - from_light), wanted, to_hue + turn)
        return there if share >= 1 else mixed(colour, there, share)

    return change


def mixed(one: str, other: str, share: float) -> str:
    """`one` with `share` (0 to 1) of `other`, straight through the space."""
    (l, c, h), (m, d, g) = lch(one), lch(other)  # noqa: E741 (lightness)
    a = (1 - share) * c * math.cos(math.radians(h)) + share * d * math.cos(math.radians(g))
    b = (1 - share) * c * math.sin(math.radians(h)) + share * d * math.sin(math.radians(g))
    return hexed((1 - share) * l + share * m, math.hypot(a, b), math.degrees(math.atan2(b, a)))
