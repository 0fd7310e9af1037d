"""Where things stand in a scene: alone, several of a kind, in a row, beside, above, in front of one another."""

from __future__ import annotations

import random
from dataclasses import dataclass

from app.training.image.scenes import Placed

ROW = 3  # as many stand in one row; more, in two
RELATIONS, OFTEN = ("beside", "above", "front"), (0.66, 0.22, 0.12)


@dataclass(frozen=True, slots=True)
class Placing:
    """The things, in what relation, and of what size one alone is said to be ("", "small" or "big")."""

    placed: list[Placed]
    relation: str = ""
    size: str = ""


def place(things: list[int], several: bool, base: tuple[float, float], dice: random.Random) -> Placing:
    """Drawings by number; one of them, when `several`, a few times. `base` is where feet may be, of 100 downwards."""
    foot = dice.uniform(*base) / 100
    flips = [dice.random() < 1 / 2 for _one in things]
    if several:
        return Placing(_several(things[0], foot, dice.choices((2, 3, 4, 5), (4, 4, 2, 1))[0], dice), "many")
    if len(things) == 1:
        return _alone(things[0], foot, flips[0], dice)
    if len(things) == ROW:
        size = dice.uniform(0.27, 0.32)
        at = [(x + dice.uniform(-0.02, 0.02), foot + dice.uniform(-0.03, 0.03)) for x in (0.18, 0.5, 0.82)]
        return Placing([Placed(one, *where, size, flip) for one, where, flip in zip(things, at, flips, strict=True)], "row")
    relation = dice.choices(RELATIONS, OFTEN)[0]
    where = {"beside": _beside, "above": _above, "front": _front}[relation](foot, dice)
    return Placing([Placed(one, *at, flip) for one, at, flip in zip(things, where, flips, strict=True)], relation)


def _alone(thing: int, foot: float, flip: bool, dice: random.Random) -> Placing:
    sizes = ((dice.uniform(0.42, 0.62), ""), (dice.uniform(0.2, 0.28), "small"), (dice.uniform(0.68, 0.8), "big"))
    size, said = dice.choices(sizes, (0.8, 0.1, 0.1))[0]
    foot = min(0.97, foot + (0.1 if said == "big" else 0))
    return Placing([Placed(thing, dice.uniform(0.38, 0.62), foot, size, flip)], "", said)


def _several(thing: int, foot: float, count: int, dice: random.Random) -> list[Placed]:
    flip = dice.random() < 1 / 2
    if count <= ROW:
        size, step = {2: (0.4, 0.46), 3: (0.3, 0.32)}[count]
        across = [0.5 + (at - (count - 1) / 2) * step for at in range(count)]
        return [Placed(thing, x, foot + dice.uniform(-0.03, 0.03), size, flip) for x in across]
    found = []
    for y, many in ((0.56, 2), (0.93, count - 2)):
        across = [0.5 + (at - (many - 1) / 2) * 0.32 for at in range(many)]
        found += [Placed(thing, x, y + dice.uniform(-0.02, 0.02), 0.29, flip) for x in across]
    return found


Where = list[tuple[float, float, float]]  # of each thing: x, foot, size


def _beside(foot: float, dice: random.Random) -> Where:
    left, right = dice.choice(((0.42, 0.42), (0.44, 0.36), (0.36, 0.44)))
    return [(0.26, foot, left), (0.74, foot + dice.uniform(-0.03, 0.03), right)]


def _above(foot: float, dice: random.Random) -> Where:
    x = dice.uniform(0.4, 0.6)
    upper = (x, dice.uniform(0.4, 0.44), dice.uniform(0.32, 0.38))
    return [upper, (x + dice.uniform(-0.06, 0.06), max(foot, 0.86), dice.uniform(0.36, 0.42))]


def _front(foot: float, dice: random.Random) -> Where:
    x = dice.uniform(0.36, 0.64)
    return [(1 - x, min(0.96, foot + 0.1), 0.36), (x, foot, 0.6)]
