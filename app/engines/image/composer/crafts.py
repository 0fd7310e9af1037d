"""Styles that look like a material: inlaid wood, stained glass, chalk on a board, felt."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial

from app.engines.image.composer.colour import Change, hexed, lch, mixed, recoloured
from app.engines.image.composer.look import DARK, INK, SHEET, Look, pen

_BOARDS = ("#2f4a3f", "#2b3540", "#3a3340")
_LEAD, _SEAM = "#1d1b22", "#4a2b17"


def _wood(_palette: int, _hour: str) -> Look:
    grain = f'<pattern id="grain" width="60" height="14" patternUnits="userSpaceOnUse">{_grain()}</pattern>'
    return Look(_wooden, partial(pen, _SEAM, 0.5), defs=grain, over="url(#grain)")


def _glass(_palette: int, _hour: str) -> Look:
    return Look(_glowing, partial(pen, _LEAD, 1.0), lambda body: pen(_LEAD, 0.7, body))


def _chalk(palette: int, _hour: str) -> Look:
    change = _chalky(_BOARDS[palette % len(_BOARDS)])
    drawn = partial(pen, INK, 0.45)
    return Look(change, drawn, lambda body: pen(INK, 0.36, body), shadows=False, ground=lambda _colour: SHEET)


def _felt(_palette: int, _hour: str) -> Look:
    return Look(_woollen, _stitched)


CRAFTS: dict[str, Callable[[int, str], Look]] = {"wood": _wood, "glass": _glass, "chalk": _chalk, "felt": _felt}


def _wooden(colour: str) -> str:
    """A veneer as light as the colour, its hue a little of it."""
    light, chroma, hue = lch(colour)
    warm = 58 + (8 if 90 < hue < 200 else -8 if hue > 250 or hue < 30 else 0)  # noqa: PLR2004 (degrees)
    return hexed(0.24 + 0.62 * light, 0.05 + min(0.05, chroma / 4), warm)


def _glowing(colour: str) -> str:
    light, chroma, hue = lch(colour)
    return hexed(0.12 + 0.8 * light, chroma * 1.25 + 0.02, hue)


def _chalky(board: str) -> Change:
    """What is dark is the chalk's line, what is pale a board with a breath of the colour."""

    def change(colour: str) -> str:
        light, chroma, _hue = lch(colour)
        if light < DARK:
            return "#f4f1e6"
        return mixed(board, colour, min(0.5, chroma * 2.4)) if chroma > 0.03 else board  # noqa: PLR2004 (nearly grey)

    return change


def _woollen(colour: str) -> str:
    light, chroma, hue = lch(colour)
    return hexed(0.14 + round(light * 10) / 10 * 0.78, chroma * 0.8, hue)


def _stitched(body: str, unit: float) -> str:
    """A soft shadow under a patch, and a seam of pale thread around it."""
    dark = recoloured(body, lambda _colour: "#241f26")
    thread = recoloured(body, lambda _colour: "#f6ead6")
    edge = f'transform="translate(0 {0.7 / unit:.3f})" stroke="#241f26" stroke-width="{1.2 / unit:.3f}"'
    shade = f'<g opacity=".22" {edge}>{dark}</g>'
    seam = f'stroke="#f6ead6" stroke-width="{0.5 / unit:.3f}" stroke-dasharray="{1.3 / unit:.3f} {0.9 / unit:.3f}"'
    return f'{shade}<g {seam} stroke-linecap="round">{thread}</g>{body}'


@cache
def _grain() -> str:
    dice = random.Random("grain")
    lines = (
        f'<path d="M0 {y:.1f}q15 {dice.uniform(-1, 1):.1f} 30 0t30 0" fill="none" stroke="#3d2413"'
        f' stroke-width="{dice.uniform(0.1, 0.3):.2f}" opacity="{dice.uniform(0.12, 0.3):.2f}"/>'
        for y in (0.8, 2.1, 3.9, 5.0, 6.6, 8.3, 9.2, 10.9, 12.4)
    )
    return "".join(lines)
