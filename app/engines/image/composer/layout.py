"""Where things stand: in columns beside one another, or on, under, behind … another one. All lengths are of 100."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.engines.image.composer.attaching import Spot, attached, hosts, near_first, sides
from app.engines.image.composer.drawn import Drawing
from app.engines.image.composer.lexicon import listed
from app.engines.image.composer.library import FOOD, PLACES
from app.engines.image.composer.wish import Thing

Window = tuple[float, float, float, float]
_SMALL = listed(
    "mouse rat ant bug beetle lady_beetle honeybee butterfly snail spider worm caterpillar cricket fly mosquito"
    " mushroom cherry strawberry key ring candle hamster frog chick hatching_chick baby_chick blossom egg acorn"
    " coin gem_stone bird sparrow dragonfly moth starfish cup glass lantern bottle"
)
_LARGE = listed(
    "elephant whale spouting_whale mammoth giraffe dinosaur sauropod t-rex castle japanese_castle house church"
    " ship passenger_ship dragon evergreen_tree deciduous_tree palm_tree locomotive airplane ferris_wheel"
    " tokyo_tower rocket lighthouse windmill tower barn cabin waterfall hot_air_balloon"
)
_FLY = listed(
    "bird eagle dove parrot bat butterfly honeybee airplane small_airplane helicopter balloon kite parachute"
    " cloud dragon phoenix seagull dragonfly moth hot_air_balloon flying_saucer comet full_moon crescent_moon sun star rainbow"
    " satellite"
)
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Way:
    """One way of arranging: how large things are, how far from the middle, whether in the other order, how deep the rows."""

    scale: float
    aside: float
    turned: bool
    deep: float


WAYS = (Way(1.0, 0.0, False, 0.0), Way(1.24, 0.0, True, 2.0), Way(0.84, 0.13, False, 7.0), Way(0.68, -0.15, True, 4.0))


def scale_of(drawing: Drawing, thing: Thing) -> float:
    """How large it is beside others."""
    label = drawing.label
    said = {"big": 1.35, "small": 0.52}.get(thing.size, 1.0)
    own = 0.68 if label in _SMALL else 1.3 if label in _LARGE else {FOOD: 0.85, PLACES: 1.1}.get(drawing.group, 1.0)
    return said * own


def place(
    things: Sequence[Thing],
    drawings: Sequence[Drawing],
    window: Window,
    base: tuple[float, float],
    floats: bool,
    way: Way,
    dice: random.Random,
) -> list[Spot]:
    """All of `things`, `drawings` being what each is shown by; feet are within `base`, from the back to the front."""
    hung = hosts(things)
    columns = _ordered([k for k in range(len(things)) if k not in hung], things, turned=way.turned)
    scales = [scale_of(drawing, thing) for drawing, thing in zip(drawings, things, strict=True)]
    even = len(columns) > 1 and sum(things[k].count for k in columns) > 1
    scales = [1 + (scale - 1) * (1.0 if even or things[k].size else 0.25) for k, scale in enumerate(scales)]
    x, y, wide, tall = window
    grids = {k: _grid(things[k].count, len(columns)) for k in columns}
    units = sum(grids[k][0] * scales[k] * (1.15 if k in hung.values() else 1) for k in columns)
    foot = max(base[0], min(dice.uniform(*base), y + tall - 5))
    roof = 0.6 if hung else 0.86
    unit = min(0.93 * wide / max(units, 1), (foot - y) * roof, 58.0) * min(way.scale, 1.0 if units > 1.4 else 9)  # noqa: PLR2004
    room = wide - unit * units
    at = x + room / 2 + way.aside * max(0.0, room)
    spots: dict[int, list[Spot]] = {}
    for turn, k in enumerate(columns):
        across = unit * scales[k] * grids[k][0]
        lower = foot + (way.deep * (turn % 2) if len(columns) > 1 else 0)
        spots[k] = _cluster(
            k, things[k], drawings[k], (at + across / 2, min(lower, y + tall - 3)), unit * scales[k], grids[k], dice
        )
        at += across
        if floats or _flies(drawings[k], things[k], alone=len(columns) == 1):
            spots[k] = _lifted(spots[k], window, dice, alone=len(columns) == 1, floats=floats)
    for k in near_first(hung):
        spots[k] = attached(k, things, drawings[k], spots[hung[k]], hung[k], unit * scales[k], dice)
    return sorted(_fitted([one for some in spots.values() for one in some], window), key=lambda one: one.depth)


def _fitted(spots: list[Spot], window: Window) -> list[Spot]:
    """All within the window: made smaller together, about the lowest foot, if they reach beyond it."""
    if not spots:
        return spots
    x, y, wide, _tall = window
    low, top = max(one.foot for one in spots), min(one.foot - one.tall for one in spots)
    left, right = min(one.x - one.wide / 2 for one in spots), max(one.x + one.wide / 2 for one in spots)
    scale = min(1.0, (low - y - 2) / max(low - top, 1e-6), (wide - 2) / max(right - left, 1e-6))
    middle = (left + right) / 2
    half = (right - left) / 2 * scale
    there = min(max(middle, x + 1 + half), x + wide - 1 - half)
    return [
        replace(
            one,
            x=there + (one.x - middle) * scale,
            foot=low + (one.foot - low) * scale,
            wide=one.wide * scale,
            tall=one.tall * scale,
        )
        for one in spots
    ]


def _ordered(columns: list[int], things: Sequence[Thing], *, turned: bool) -> list[int]:
    """From left to right: as the brief says; where it says nothing, as named, or the other way round."""
    fixed = any(thing.relation in {"left", "right", "between"} or thing.at for thing in things)
    if not fixed:
        return columns[::-1] if turned else columns
    for k, thing in enumerate(things):
        if thing.to in columns and k in columns:
            if thing.relation == "right":
                columns.remove(k)
                columns.insert(columns.index(thing.to), k)
            elif thing.relation == "between" and k + 1 in columns:
                columns.remove(thing.to)
                columns.insert(columns.index(k) + 1, thing.to)
    rank = {"left": -1, "": 0, "middle": 0, "right": 1}
    return sorted(columns, key=lambda k: rank[things[k].at])


def _grid(count: int, columns: int) -> tuple[int, int]:
    """So many beside one another, so many rows."""
    most = 4 if columns == 1 else 3 if columns == 2 else 2  # noqa: PLR2004 (things in all)
    across = count if count <= most else max(most, math.ceil(math.sqrt(1.7 * count)))
    return across, math.ceil(count / across)


def _cluster(
    k: int, thing: Thing, drawing: Drawing, middle: tuple[float, float], size: float, grid: tuple[int, int], dice: random.Random
) -> list[Spot]:
    """All of one kind: rows behind one another, the front one fullest."""
    wide, tall = sides(drawing, size * (0.94 if grid[0] > 1 else 1))
    found, left = [], thing.count
    for row in range(grid[1]):
        many = min(grid[0], left)
        left -= many
        for place in range(many):
            off = (place - (many - 1) / 2 + (0.5 if row % 2 and many == grid[0] else 0) * 0.6) * size
            sway = dice.uniform(-0.03, 0.03) * size if thing.count > 1 else 0
            foot = middle[1] - row * 0.62 * tall + (sway if grid[1] > 1 else sway / 2)
            found.append(Spot(k, middle[0] + off, foot, wide, tall, foot))
    return found


def _flies(drawing: Drawing, thing: Thing, *, alone: bool) -> bool:
    return thing.flies or (drawing.label in _FLY and not alone)


def _lifted(spots: list[Spot], window: Window, dice: random.Random, *, alone: bool, floats: bool) -> list[Spot]:
    """Into the air, or anywhere in water."""
    _x, y, _wide, tall = window
    middle = y + tall * (_HALF if alone or floats else 0.3)
    low = max(spot.foot for spot in spots)
    high = min(spot.foot - spot.tall for spot in spots)
    shift = middle - (low + high) / 2 + dice.uniform(-0.05, 0.05) * tall
    shift = min(shift, y + tall - 4 - low) if high + shift > y else y + 3 - high
    return [
        replace(one, foot=one.foot + shift + dice.uniform(-3, 3) * (len(spots) > 1), depth=one.depth - 60, stands=False)
        for one in spots
    ]
