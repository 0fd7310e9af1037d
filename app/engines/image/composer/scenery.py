"""What grounds are drawn with: shapes of SVG, and colours as they look by day, at dusk and at night."""

from __future__ import annotations

import random
from dataclasses import dataclass

SIDE = 100  # of a drawing, whose coordinates go downwards
Colour = tuple[int, int, int]
_LIGHT: dict[str, tuple[float, Colour]] = {
    "day": (0.0, (0, 0, 0)),
    "dusk": (0.28, (120, 50, 60)),
    "night": (0.62, (14, 20, 52)),
}


@dataclass(slots=True)
class Scenery:
    """What the rules draw with: the hour, and numbers by chance."""

    hour: str
    dice: random.Random
    horizon: float

    def colour(self, red: int, green: int, blue: int) -> str:
        """A colour as it looks at this hour, a little different every time."""
        shift = self.dice.randint(-9, 9)
        return hexed(_lit((red + shift, green + shift, blue + shift), self.hour))


def rect(x: float, y: float, wide: float, tall: float, fill: str) -> str:
    """A rectangle from its upper left corner."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{fill}"/>'


def circle(x: float, y: float, r: float, fill: str, opacity: float = 1) -> str:
    """A circle around a point."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.2f}" fill="{fill}" opacity="{opacity}"/>'


def ellipse(x: float, y: float, rx: float, ry: float, fill: str) -> str:
    """An ellipse around a point."""
    return f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}"/>'


def gradient(name: str, top: str, low: str) -> str:
    """A gradient from above downwards, to be used as url(#name)."""
    stops = f'<stop offset="0" stop-color="{top}"/><stop offset="1" stop-color="{low}"/>'
    return f'<defs><linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient></defs>'


def _lit(colour: Colour, hour: str) -> Colour:
    share, light = _LIGHT[hour]
    red, green, blue = (max(0, min(255, round(c * (1 - share) + t * share))) for c, t in zip(colour, light, strict=True))
    return red, green, blue


def hexed(colour: Colour) -> str:
    """A colour as SVG writes it."""
    return "#" + "".join(f"{part:02x}" for part in colour)
