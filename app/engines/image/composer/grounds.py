"""Grounds to put drawings on, drawn by rules as SVG: sea, snow, street … by day, at dusk and at night, in rain or snow.

A ground is named (`GROUNDS`); its hour and weather change its colours and what is in the sky. The same name, hour,
weather and number give the same picture.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.engines.image.composer import lands
from app.engines.image.composer.scenery import SIDE, Colour, Scenery, circle, ellipse, gradient, hexed, rect

_SKY: dict[str, tuple[tuple[Colour, Colour], ...]] = {
    "day": (((120, 190, 240), (214, 238, 252)), ((90, 170, 230), (190, 228, 250)), ((160, 212, 245), (236, 246, 252))),
    "dusk": (((92, 70, 140), (250, 160, 96)), ((240, 120, 90), (252, 214, 140)), ((150, 84, 140), (252, 170, 120))),
    "night": (((12, 18, 48), (36, 52, 104)), ((16, 22, 40), (46, 58, 92)), ((22, 18, 60), (60, 52, 120))),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where things stand: `base` are the y between which the feet of one may be, `floats` whether they hang in the air."""

    draw: Callable[[Scenery], list[str]]
    base: tuple[float, float]
    floats: bool = False
    hours: tuple[str, ...] = ("day", "dusk", "night")
    outdoors: bool = True  # under a sky, in which there may be a moon or rain


GROUNDS: dict[str, Ground] = {
    "sea": Ground(lands.sea, (66, 82)),
    "beach": Ground(lands.beach, (82, 94)),
    "hill": Ground(lands.hill, (70, 74)),
    "field": Ground(lands.field, (78, 92)),
    "city": Ground(lands.city, (84, 94)),
    "lake": Ground(lands.lake, (82, 94)),
    "meadow": Ground(lands.meadow, (74, 92)),
    "snow": Ground(lands.snow, (74, 92)),
    "street": Ground(lands.street, (78, 94)),
    "desert": Ground(lands.desert, (78, 92)),
    "mountains": Ground(lands.mountains, (78, 92)),
    "forest": Ground(lands.forest, (78, 92)),
    "pond": Ground(lands.pond, (78, 86)),
    "sky": Ground(lands.air, (60, 80), floats=True),
    "space": Ground(lands.space, (60, 82), floats=True, hours=("night",), outdoors=False),
    "underwater": Ground(lands.underwater, (62, 82), floats=True, hours=("day",), outdoors=False),
    "table": Ground(lands.table, (76, 90), hours=("day",), outdoors=False),
    "room": Ground(lands.room, (80, 94), hours=("day",), outdoors=False),
}


def hour_on(name: str, hour: str) -> str:
    """`hour` where the ground of that name has it, else the first that it has; any hour where no ground is called so."""
    ground = GROUNDS.get(name)
    return hour if ground is None or hour in ground.hours else ground.hours[0]


def parts(name: str, hour: str, weather: Sequence[str], number: int) -> tuple[list[str], list[str], list[str]]:
    """Of the ground of that name: the sky with what hangs in it, the land, and what falls before everything."""
    ground, dice = GROUNDS[name], random.Random(f"{name} {hour} {weather} {number}")
    seen = Scenery(hour, dice, dice.uniform(46, 60))
    sky = [*(_sky(seen) if ground.outdoors else []), *_overhead(seen, weather)]
    return sky, ground.draw(seen), _falling(seen, weather)


def svg(name: str, hour: str, weather: Sequence[str], number: int) -> str:
    """The ground of that name as an SVG document."""
    drawn = "".join(part for some in parts(name, hour, weather, number) for part in some)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">{drawn}</svg>'


def _sky(seen: Scenery) -> list[str]:
    top, low = seen.dice.choice(_SKY[seen.hour])
    return [gradient("sky", hexed(top), hexed(low)), rect(0, 0, SIDE, SIDE, "url(#sky)")]


def _overhead(seen: Scenery, weather: Sequence[str]) -> list[str]:
    """What hangs in the sky."""
    dice, parts = seen.dice, []
    if "stars" in weather or (seen.hour == "night" and not {"rain", "snow", "storm"} & set(weather)):
        count = dice.randint(30, 60) if "stars" in weather else dice.randint(5, 16)
        parts += [
            circle(dice.uniform(0, 100), dice.uniform(0, 60), dice.uniform(0.3, 0.9), "#fffbe0") for _star in range(count)
        ]
    if "aurora" in weather:
        parts += _aurora(seen)
    if "moon" in weather:
        x, y, r = dice.uniform(15, 85), dice.uniform(12, 24), dice.uniform(7, 11)
        parts += [circle(x, y, r * 1.5, "#fff6cf", 0.22), circle(x, y, r, "#fdf3c4"), circle(x - r / 3, y, r / 5, "#e6d9a0")]
        parts += [circle(x + r / 3, y + r / 3, r / 6, "#e6d9a0"), circle(x + r / 4, y - r / 2, r / 8, "#e6d9a0")]
    if "sun" in weather:
        x, y = dice.uniform(14, 86), dice.uniform(12, 22) if seen.hour == "day" else dice.uniform(30, 42)
        sun = "#ffd93b" if seen.hour == "day" else "#ff7a3c"
        parts += [circle(x, y, 14, sun, 0.25), circle(x, y, 9, sun)]
    if "storm" in weather:
        parts += _storm(seen)
    elif "clouds" in weather or (seen.hour == "day" and dice.random() < 0.4):  # noqa: PLR2004
        parts += [
            part for _cloud in range(dice.randint(1, 3)) for part in _cloud_at(seen, dice.uniform(5, 90), dice.uniform(6, 30))
        ]
    return parts


def _storm(seen: Scenery) -> list[str]:
    """A dark ceiling of clouds, and lightning out of it."""
    dice, grey = seen.dice, hexed((74, 82, 104))
    low = [ellipse(x, dice.uniform(2, 9), 14, dice.uniform(7, 11), grey) for x in range(-4, 110, 13)]
    x = dice.uniform(18, 82)
    bolt = f'<path d="M{x:.1f} 12l-6 16h5l-4 15l12 -20h-6l5 -11z" fill="#ffe27a"/>'
    return [rect(0, 0, SIDE, SIDE, hexed((48, 56, 82))).replace("/>", ' opacity=".45"/>'), bolt, *low]


def _aurora(seen: Scenery) -> list[str]:
    """Curtains of light."""
    dice, parts = seen.dice, []
    for colour in ("#5ff0b0", "#6fd7f0", "#b88cf0"):
        x, y = dice.uniform(-20, 10), dice.uniform(14, 30)
        curtain = f"M{x:.1f} {y:.1f}q20 -18 40 -4t40 -6t45 -2v{dice.uniform(12, 20):.1f}q-22 8 -45 2t-40 6t-40 2z"
        parts.append(f'<path d="{curtain}" fill="{colour}" opacity=".3"/>')
    return parts


def _leaf(seen: Scenery) -> str:
    dice = seen.dice
    x, y, turn = dice.uniform(0, 100), dice.uniform(0, 100), dice.uniform(0, 360)
    colour = dice.choice(("#d9763f", "#e0a63f", "#b8532f", "#c98f2a"))
    shape = f"M{x:.1f} {y:.1f}q1.8 -2.4 4 0q-2.2 2.4 -4 0z"
    return f'<path d="{shape}" fill="{colour}" transform="rotate({turn:.0f} {x:.1f} {y:.1f})"/>'


def _cloud_at(seen: Scenery, x: float, y: float) -> list[str]:
    size, white = seen.dice.uniform(3.5, 6.5), seen.colour(245, 248, 250)
    return [
        ellipse(x + dx * size, y + dy * size, r * size, r * size * 0.8, white)
        for dx, dy, r in ((-1.2, 0.3, 1), (0, -0.2, 1.3), (1.3, 0.3, 1))
    ]


def _falling(seen: Scenery, weather: Sequence[str]) -> list[str]:
    """Rain or snow before everything."""
    dice = seen.dice
    if "rain" in weather or "storm" in weather:
        at = [(dice.uniform(0, 104), dice.uniform(-4, 96)) for _drop in range(60)]
        return [f'<path d="M{x:.1f} {y:.1f}l-1.6 6" stroke="#b9d4ee" stroke-width=".8" opacity=".8"/>' for x, y in at]
    if "leaves" in weather:
        return [_leaf(seen) for _leaf_of_many in range(26)]
    if "fireflies" in weather:
        at = [(dice.uniform(2, 98), dice.uniform(40, 96)) for _fly in range(22)]
        return [part for x, y in at for part in (circle(x, y, 1.7, "#fff3a0", 0.28), circle(x, y, 0.6, "#fff8c8"))]
    if "snow" in weather:
        return [circle(dice.uniform(0, 100), dice.uniform(0, 100), dice.uniform(0.5, 1.3), "#ffffff") for _flake in range(50)]
    return []
