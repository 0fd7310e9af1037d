"""Colours where equal distances look equal: OKLab (Björn Ottosson, 2020: "A perceptual color space for image processing")."""

from __future__ import annotations

from collections.abc import Sequence

Colour = tuple[int, int, int]  # red, green and blue of sRGB, 0 to 255
TO_CONES = (  # of linear sRGB
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB = (  # of the cube roots of what the cones answer
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def oklab(colour: Colour) -> tuple[float, float, float]:
    """Lightness from 0 to 1, and two opponent axes (green to red, blue to yellow)."""
    linear = [_linear(part / 255) for part in colour]
    roots = [_dot(row, linear) ** (1 / 3) for row in TO_CONES]
    light, green_red, blue_yellow = (_dot(row, roots) for row in TO_LAB)
    return light, green_red, blue_yellow


def _dot(row: Sequence[float], values: Sequence[float]) -> float:
    return row[0] * values[0] + row[1] * values[1] + row[2] * values[2]


def _linear(part: float) -> float:
    """Without sRGB's own curve (IEC 61966-2-1)."""
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 (of the curve)
