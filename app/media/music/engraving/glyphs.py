"""The signs of music notation as curves: drawn, not set in a font, so that a small picture needs nothing but Pillow.

Lengths are in staff spaces (the distance of two lines); y grows upwards from the lowest line of a staff.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Points = Sequence[tuple[float, float]]
Stroke = Sequence[tuple[float, float, float]]  # x, y, width
STEPS = 8  # parts of a curve between two points
LINE, STEM, BEAM, BAR, THICK = 0.11, 0.13, 0.5, 0.16, 0.5  # widths

# From the curl around the line of G to the ball below; origin on that line.
CLEF: Stroke = (
    (0.12, -0.42, 0.12), (-0.42, -0.12, 0.22), (-0.33, 0.5, 0.24), (0.25, 0.78, 0.3), (0.86, 0.4, 0.34), (0.92, -0.4, 0.3),
    (0.3, -0.98, 0.16), (-0.62, -0.92, 0.2), (-1.22, -0.15, 0.36), (-1.08, 0.85, 0.38), (-0.4, 1.75, 0.34), (0.3, 2.5, 0.3),
    (0.66, 3.3, 0.3), (0.56, 4.2, 0.2), (0.3, 4.6, 0.1), (-0.02, 4.2, 0.16), (-0.18, 3.4, 0.18), (-0.06, 2.2, 0.15),
    (0.16, 0.8, 0.13), (0.36, -0.7, 0.13), (0.46, -1.6, 0.14), (0.3, -2.2, 0.16), (-0.14, -2.42, 0.16), (-0.5, -2.15, 0.12),
)  # fmt: skip
CLEF_BALL = (-0.42, -1.98, 0.32)
# Two spaces high, from their middle.
DIGITS: Sequence[Sequence[Stroke]] = (
    (
        ((0.0, 0.9, 0.2), (-0.5, 0.45, 0.4), (-0.5, -0.45, 0.4), (0.0, -0.9, 0.2),
         (0.5, -0.45, 0.4), (0.5, 0.45, 0.4), (0.0, 0.9, 0.2)),
    ),
    (
        ((-0.35, 0.5, 0.14), (0.0, 0.9, 0.2), (0.05, 0.5, 0.4), (0.05, -0.9, 0.4)),
        ((-0.35, -0.92, 0.16), (0.45, -0.92, 0.16)),
    ),
    (
        ((-0.5, 0.45, 0.3), (-0.2, 0.88, 0.2), (0.35, 0.7, 0.38), (0.3, 0.15, 0.36), (-0.5, -0.8, 0.2)),
        ((-0.5, -0.75, 0.3), (0.0, -0.7, 0.36), (0.55, -0.8, 0.24)),
    ),
    (
        ((-0.45, 0.55, 0.26), (0.0, 0.9, 0.18), (0.4, 0.5, 0.38), (0.0, 0.08, 0.18),
         (0.48, -0.4, 0.4), (0.0, -0.9, 0.18), (-0.5, -0.55, 0.28)),
    ),
    (
        ((0.2, 0.9, 0.3), (-0.55, -0.25, 0.2)),
        ((-0.55, -0.3, 0.2), (0.6, -0.3, 0.2)),
        ((0.25, 0.4, 0.36), (0.25, -0.9, 0.36)),
    ),
    (
        ((0.45, 0.85, 0.26), (-0.4, 0.85, 0.26)),
        ((-0.4, 0.85, 0.16), (-0.45, 0.1, 0.16)),
        ((-0.45, 0.1, 0.16), (0.1, 0.25, 0.3), (0.5, -0.3, 0.4), (0.0, -0.9, 0.2), (-0.5, -0.6, 0.28)),
    ),
    (
        ((0.45, 0.6, 0.26), (0.1, 0.9, 0.18), (-0.45, 0.3, 0.4), (-0.45, -0.5, 0.4),
         (0.0, -0.9, 0.2), (0.48, -0.4, 0.38), (0.05, 0.1, 0.2), (-0.4, -0.3, 0.2)),
    ),
    (
        ((-0.5, 0.8, 0.3), (0.5, 0.8, 0.3)),
        ((0.5, 0.8, 0.2), (0.0, 0.0, 0.34), (-0.1, -0.9, 0.4)),
    ),
    (
        ((0.0, 0.9, 0.2), (-0.4, 0.5, 0.36), (0.0, 0.08, 0.3), (0.48, -0.45, 0.38), (0.0, -0.9, 0.2),
         (-0.48, -0.45, 0.38), (0.0, 0.08, 0.3), (0.4, 0.5, 0.36), (0.0, 0.9, 0.2)),
    ),
    (
        ((-0.45, -0.6, 0.26), (-0.1, -0.9, 0.18), (0.45, -0.3, 0.4), (0.45, 0.5, 0.4),
         (0.0, 0.9, 0.2), (-0.48, 0.4, 0.38), (-0.05, -0.1, 0.2), (0.4, 0.3, 0.2)),
    ),
)  # fmt: skip
FLAG: Stroke = ((0.0, -0.1, 0.5), (0.25, -0.75, 0.36), (0.8, -1.3, 0.26), (0.95, -2.0, 0.18), (0.72, -2.75, 0.08))
FLAT: Stroke = ((-0.3, 0.35, 0.16), (0.15, 0.6, 0.3), (0.3, 0.2, 0.34), (-0.3, -0.62, 0.14))
QUARTER_REST: Sequence[Stroke] = (
    ((-0.3, 1.4, 0.14), (0.3, 0.68, 0.22)), ((0.3, 0.68, 0.24), (-0.12, 0.2, 0.5), (-0.2, 0.0, 0.4)),
    ((-0.2, 0.1, 0.2), (0.4, -0.75, 0.2)), ((0.4, -0.72, 0.22), (-0.1, -0.6, 0.3), (-0.25, -0.95, 0.3), (0.1, -1.45, 0.1)),
)  # fmt: skip
HEAD = (0.62, 0.42, math.radians(20))  # half axes and slant of a notehead


@dataclass(slots=True)
class StaffPen:
    """Draws on a canvas of `space` pixels a staff space; `base` is the pixel row of the lowest staff line."""

    draw: ImageDraw
    space: float
    base: float = 0.0

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where a place lies on the canvas."""
        return x * self.space, self.base - y * self.space

    def polygon(self, points: Points) -> None:
        """A filled area."""
        self.draw.polygon([self.pixel(*point) for point in points], fill=255)

    def box(self, left: float, bottom: float, right: float, top: float) -> None:
        """A filled rectangle."""
        self.polygon([(left, bottom), (right, bottom), (right, top), (left, top)])

    def dot(self, x: float, y: float, radius: float) -> None:
        """A filled circle."""
        (left, top), (right, bottom) = self.pixel(x - radius, y + radius), self.pixel(x + radius, y - radius)
        self.draw.ellipse((left, top, right, bottom), fill=255)

    def stroke(self, x: float, y: float, stroke: Stroke, flip: int = 1, size: float = 1.0) -> None:
        """A curve through the points of `stroke` (Catmull-Rom) as a brush draws it; `flip` -1 turns it upside down."""
        points = _smooth(stroke) if len(stroke) > 2 else list(stroke)  # noqa: PLR2004 (two points are a line)
        placed = [(x + px * size, y + py * size * flip, width * size / 2) for px, py, width in points]
        for (x1, y1, r1), (x2, y2, r2) in pairwise(placed):
            length = math.hypot(x2 - x1, y2 - y1) or 1.0
            nx, ny = (y1 - y2) / length, (x2 - x1) / length
            self.polygon([(x1 + nx * r1, y1 + ny * r1), (x2 + nx * r2, y2 + ny * r2),
                          (x2 - nx * r2, y2 - ny * r2), (x1 - nx * r1, y1 - ny * r1)])  # fmt: skip
        for px, py, radius in placed:
            self.dot(px, py, radius)

    def clef(self, x: float) -> None:
        """A treble clef; its curl is at `x` on the line of G."""
        self.stroke(x, 1, CLEF)
        ball_x, ball_y, radius = CLEF_BALL
        self.dot(x + ball_x, 1 + ball_y, radius)

    def number(self, x: float, y: float, value: int, size: float = 1.0) -> None:
        """Digits around `x`, `y`."""
        digits = str(value)
        for at, digit in enumerate(digits):
            for stroke in DIGITS[int(digit)]:
                self.stroke(x + (at - (len(digits) - 1) / 2) * 1.45 * size, y, stroke, size=size)

    def head(self, x: float, y: float, duration: float) -> None:
        """A notehead: filled below a half note, wide from a whole one on."""
        across, up, slant = HEAD
        if duration >= 1:
            across, up, slant = 0.85, 0.45, 0.0
        self.polygon(_ellipse(x, y, across, up, slant))
        if duration >= 0.5:  # noqa: PLR2004 (a half note)
            hole = (0.36, 0.32, 1.0) if duration >= 1 else (across * 0.82, up * 0.52, slant * 1.5)
            self.draw.polygon([self.pixel(*point) for point in _ellipse(x, y, *hole)], fill=0)

    def accidental(self, x: float, y: float, alter: int) -> None:
        """A sharp, flat or natural, or two of the first."""
        for at in range(max(1, abs(alter))):
            place = x - 0.75 * at
            if alter < 0:
                self.box(place - 0.37, y - 0.65, place - 0.24, y + 1.75)
                self.stroke(place, y, FLAT)
                continue
            left, right = (-0.2, 0.2) if alter else (-0.26, 0.26)
            self.box(place + left - 0.06, y - (1.3 if alter else 0.75), place + left + 0.06, y + (1.25 if alter else 1.4))
            self.box(place + right - 0.06, y - (1.2 if alter else 1.4), place + right + 0.06, y + (1.35 if alter else 0.75))
            wide = 0.46 if alter else 0.3
            for level in (-0.45, 0.45):
                self.polygon([(place - wide, y + level - 0.28), (place + wide, y + level + 0.02),
                              (place + wide, y + level + 0.28), (place - wide, y + level - 0.02)])  # fmt: skip

    def rest(self, x: float, duration: float, flags: int) -> None:
        """A rest on the middle of the staff."""
        if duration >= 0.5:  # noqa: PLR2004 (a half rest lies on its line, a whole one hangs)
            self.box(x - 0.6, 2.5 if duration >= 1 else 2, x + 0.6, 3 if duration >= 1 else 2.5)
        elif not flags:
            for stroke in QUARTER_REST:
                self.stroke(x, 2, stroke)
        else:
            self.stroke(x, 2, ((0.4, 0.7, 0.16), (-0.1 - 0.25 * (flags - 1), -0.4 - flags * 0.7, 0.16)))
            for at in range(min(flags, 4)):
                left, level = x - 0.32 - 0.22 * at, 2.5 - at
                self.dot(left, level, 0.25)
                self.stroke(left, level, ((0.0, -0.15, 0.14), (0.35, -0.2, 0.14), (0.68, 0.2, 0.12)))


def _ellipse(x: float, y: float, across: float, up: float, slant: float) -> Points:
    cos, sin = math.cos(slant), math.sin(slant)
    around = [(across * math.cos(turn), up * math.sin(turn)) for turn in (math.tau * at / 28 for at in range(28))]
    return [(x + px * cos - py * sin, y + px * sin + py * cos) for px, py in around]


def _smooth(stroke: Stroke) -> list[tuple[float, float, float]]:
    """More points on the curve (Catmull and Rom 1974)."""
    ends = [stroke[0], *stroke, stroke[-1]]
    found = [stroke[0]]
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for at in range(1, STEPS + 1):
            t = at / STEPS
            x, y, width = (
                0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t * t + (3 * q - p - 3 * r + s) * t**3)
                for p, q, r, s in zip(a, b, c, d, strict=True)
            )
            found.append((x, y, max(0.04, width)))
    return found
