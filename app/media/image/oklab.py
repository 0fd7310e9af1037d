"""Colours where equal distances look equal: OKLab (Björn Ottosson, 2020: "A perceptual color space for image processing")."""

from __future__ import annotations

Colour = tuple[int, int, int]  # red, green and blue of sRGB, 0 to 255


def oklab(colour: Colour) -> tuple[float, float, float]:
    """Lightness from 0 to 1, and two opponent axes (green to red, blue to yellow)."""
    red, green, blue = (_linear(part / 255) for part in colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _linear(part: float) -> float:
    """Without sRGB's own curve (IEC 61966-2-1)."""
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 (of the curve)
