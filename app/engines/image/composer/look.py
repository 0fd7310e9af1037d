"""What a style does to a picture, as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.engines.image.composer.colour import Change, recoloured

INK, SHEET = "#23252b", "#fdfbf5"
DARK = 0.33  # lightness below which a colour is an outline


def pen(colour: str, wide: float, body: str, unit: float = 1.0) -> str:
    """`body` with every edge drawn in `colour`; `wide` is of 100, however large `unit` makes the body."""
    return f'<g stroke="{colour}" stroke-linejoin="round" stroke-linecap="round" stroke-width="{wide / unit:.3f}">{body}</g>'


@dataclass(frozen=True, slots=True)
class Look:
    """A style at work. `change` is for every colour; `group` goes around a drawing, `land` around the land."""

    change: Change | None = None
    group: Callable[[str, float], str] = lambda body, _unit: body
    land: Callable[[str], str] = lambda body: body
    defs: str = ""
    over: str = ""
    shadows: bool = True
    ground: Change | None = None

    def coloured(self, svg: str) -> str:
        """`svg` in the colours of the style."""
        return recoloured(svg, self.change) if self.change else svg
