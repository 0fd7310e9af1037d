"""Looks of a whole picture: what becomes of each colour, and what is laid over and around things (SVG filters and patterns)."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial

from app.engines.image.composer.colour import Change, hexed, lch, mixed, recoloured
from app.engines.image.composer.crafts import CRAFTS
from app.engines.image.composer.look import DARK, INK, SHEET, Look, pen

_PALE = 0.93  # lightness
DUOTONES = (
    ("#1d2b53", "#ffd7a8"),
    ("#4a1942", "#f9c6d3"),
    ("#0f4c4a", "#f6e7c1"),
    ("#3b2416", "#f3dfc1"),
    ("#1f1f5c", "#b8f1e4"),
)
INKS = (  # paper, a cool ink, a warm ink, both over one another
    ("#f7f1e3", "#1f6fb2", "#ff5a4e", "#3a2348"),
    ("#f6f2ea", "#00838a", "#ff6f91", "#2d3047"),
    ("#f8f3e6", "#3d5588", "#f5a623", "#33302e"),
    ("#f4f0e6", "#407060", "#e8604c", "#2b2f36"),
)
MOODS: dict[
    str, tuple[float, float, float, str, float]
] = {  # lightness and chroma by which factor, towards white; towards what colour
    "bright": (1.0, 1.1, 0.05, "#fff3b0", 0.04),
    "soft": (1.0, 0.72, 0.28, "#fbe9f0", 0.1),
    "grey": (0.94, 0.42, 0.0, "#8a94a6", 0.15),
    "warm": (1.0, 1.0, 0.02, "#f2a65a", 0.16),
    "cold": (1.0, 0.85, 0.04, "#6f9fd8", 0.18),
    "deep": (0.8, 0.9, 0.0, "#1b1640", 0.2),
    "faded": (0.98, 0.6, 0.06, "#e6c79c", 0.18),
    "romantic": (1.0, 0.9, 0.08, "#f29ab8", 0.18),
    "vivid": (1.0, 1.28, 0.0, "#ffffff", 0.0),
}


def moody(mood: str) -> Change | None:
    """What a mood does to a colour."""
    if mood not in MOODS:
        return None
    light, chroma, white, towards, share = MOODS[mood]

    def change(colour: str) -> str:
        l, c, h = lch(colour)  # noqa: E741 (lightness)
        here = hexed(l * light + (1 - l * light) * white, c * chroma, h)
        return mixed(here, towards, share) if share else here

    return change


def _line(colour: str) -> str:
    return INK if lch(colour)[0] < DARK else SHEET


def _duotone(palette: int) -> Change:
    dark, pale = DUOTONES[palette % len(DUOTONES)]
    return lambda colour: mixed(dark, pale, max(0.0, min(1.0, (lch(colour)[0] - 0.25) / 0.65)))


def _receding(hour: str) -> Change:
    """A ground that stands back behind what is on it, in few tones: pale by day, dark by night."""

    def change(colour: str) -> str:
        light, chroma, hue = lch(colour)
        return hexed(0.24 + 0.22 * light if hour == "night" else 0.62 + 0.3 * light, chroma, hue)

    return change


def _printed(palette: int) -> Change:
    paper, cool, warm, both = INKS[palette % len(INKS)]

    def change(colour: str) -> str:
        light, chroma, hue = lch(colour)
        if light < DARK:
            return both
        if light > _PALE and chroma < 0.06:  # noqa: PLR2004 (nearly white)
            return paper
        ink = warm if (hue < 115 or hue > 330) and chroma > 0.03 else cool  # noqa: PLR2004 (degrees; nearly grey)
        return mixed(ink, paper, (0.0, 0.36, 0.7)[sum(light > step for step in (0.66, 0.84))])

    return change


def look(style: str, palette: int, hour: str = "day") -> Look:
    """The style by name; "flat" for one that is not known."""
    return _LOOKS.get(style, _flat)(palette, hour)


def _flat(_palette: int, _hour: str) -> Look:
    return Look()


def _paper_cut(_palette: int, _hour: str) -> Look:
    return Look(_paper, _cut, _folded, shadows=False)


def _line_drawing(_palette: int, _hour: str) -> Look:
    thin = partial(pen, INK, 0.42)
    return Look(_line, thin, lambda body: pen(INK, 0.36, body), shadows=False, ground=lambda _colour: SHEET)


def _two_tones(palette: int, hour: str) -> Look:
    return Look(_duotone(palette), ground=_receding(hour))


def _two_inks(palette: int, _hour: str) -> Look:
    grain = f'<pattern id="grain" width="30" height="30" patternUnits="userSpaceOnUse">{_specks()}</pattern>'
    return Look(_printed(palette), defs=grain, over="url(#grain)", shadows=False)


_LOOKS: dict[str, Callable[[int, str], Look]] = {
    "flat": _flat,
    "paper": _paper_cut,
    "line": _line_drawing,
    "duotone": _two_tones,
    "print": _two_inks,
    **CRAFTS,
}
STYLES = tuple(_LOOKS)


def _cut(body: str, unit: float) -> str:
    """A sheet's pale edge around a drawing, and its soft shadow: wide strokes, for a blur takes seconds."""
    pale = recoloured(body, lambda _colour: "#fffdf7")
    dark = recoloured(body, lambda _colour: "#1c1a26")
    shade = "".join(
        f'<g opacity=".1" transform="translate(.5 1.1)" stroke="#1c1a26" stroke-width="{wide / unit:.3f}">{dark}</g>'
        for wide in (0.8, 1.8, 2.8)
    )
    return f'{shade}<g stroke="#fffdf7" stroke-linejoin="round" stroke-width="{1.3 / unit:.3f}">{pale}</g>{body}'


def _folded(body: str) -> str:
    """The shadow that a land of paper throws upwards on what is behind it."""
    dark = recoloured(body, lambda _colour: "#1c1a26")
    return "".join(f'<g opacity=".08" transform="translate(0 -{up})">{dark}</g>' for up in (1.8, 1.2, 0.6)) + body


def _paper(colour: str) -> str:
    """A dyed sheet: a little paler and duller, in steps."""
    light, chroma, hue = lch(colour)
    return hexed(0.06 + round(light * 16) / 16 * 0.93, chroma * 0.86, hue)


@cache
def _specks() -> str:
    dice = random.Random("specks")
    return "".join(
        f'<circle cx="{dice.uniform(0, 30):.1f}" cy="{dice.uniform(0, 30):.1f}" r="{dice.uniform(0.05, 0.2):.2f}"'
        f' fill="{dice.choice(("#f7f1e3", "#f7f1e3", "#2b2730"))}" opacity="{dice.uniform(0.2, 0.6):.2f}"/>'
        for _speck in range(420)
    )
