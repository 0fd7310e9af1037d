"""Bar lines, repeats and endings on a staff."""

from __future__ import annotations

from app.media.music.engraving.glyphs import BAR, THICK, StaffPen
from app.media.music.notation.numbering import REPEAT


def bar_line(pen: StaffPen, x: float, closing: str) -> None:
    """The line that ends a bar, as `closing` (ABC) says; its right edge is at `x`."""
    if REPEAT.search(closing):
        _double(pen, x)
        for level in (1.5, 2.5):
            pen.dot(x - THICK - 0.95, level, 0.22)
    elif "]" in closing:
        _double(pen, x)
    else:
        pen.box(x - BAR, 0, x, 4)
        if "||" in closing:
            pen.box(x - 0.6 - BAR, 0, x - 0.6, 4)


def _double(pen: StaffPen, x: float) -> None:
    pen.box(x - THICK, 0, x, 4)
    pen.box(x - THICK - 0.35 - BAR, 0, x - THICK - 0.35, 4)


def repeat_opens(pen: StaffPen, x: float) -> None:
    """A thick and a thin line and two dots, in the place of the bar line at `x`."""
    pen.box(x - BAR, 0, x - BAR + THICK, 4)
    pen.box(x + THICK + 0.15, 0, x + THICK + 0.15 + BAR, 4)
    for level in (1.5, 2.5):
        pen.dot(x + THICK + 0.75, level, 0.22)


def ending(pen: StaffPen, left: float, right: float, number: int) -> None:
    """A bracket above the staff with its number."""
    pen.box(left + 0.1, 6.7, right - 0.3, 6.85)
    pen.box(left + 0.1, 5.4, left + 0.25, 6.85)
    pen.number(left + 0.95, 5.9, number, 0.6)
