"""Where a thing is that hangs on another one: on, under, behind, in, worn, held. All lengths are of 100."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from app.engines.image.composer.drawn import Drawing
from app.engines.image.composer.lexicon import listed
from app.engines.image.composer.wish import Thing

ATTACHED = frozenset(("on", "under", "above", "in", "behind", "front"))  # the thing named first stands to the second
SHARED = frozenset(("under", "above", "behind", "front"))  # … and what is joined to the first by "and", too
WORN = frozenset(("wear", "hold"))  # the second to the first
_OPEN = listed("vase amphora cup glass basket bottle barrel box mug bucket potted_plant treasure_chest honey_pot")
_LOW_WORN = {"glasses": 0.52, "sunglasses": 0.52, "scarf": 0.85, "necktie": 0.95, "goggles": 0.5, "shirt": 1.0}
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one drawing is: the middle, the foot, how wide and tall what it shows is; `depth`: lower ones are farther back."""

    thing: int
    x: float
    foot: float
    wide: float
    tall: float
    depth: float
    stands: bool = True

    @property
    def size(self) -> float:
        """The longer side."""
        return max(self.wide, self.tall)


def hosts(things: Sequence[Thing]) -> dict[int, int]:
    """Which thing hangs on which other one."""
    hung: dict[int, int] = {}
    for k, thing in enumerate(things):
        if thing.to is None:
            continue
        subject = thing.to
        while subject in hung and things[subject].relation in WORN:
            subject = hung[subject]
        if thing.relation in ATTACHED and subject not in hung:
            hung[subject] = k
            if thing.relation in SHARED and things[subject].relation == "and" and things[subject].to not in {None, *hung}:
                hung[things[subject].to or 0] = k  # a cat and a dog under a tree
        elif thing.relation == "between" and subject not in hung and thing.count > 1:
            hung[subject] = k
        elif thing.relation in WORN:
            hung[k] = subject
    return hung


def near_first(hung: dict[int, int]) -> list[int]:
    """Things that hang on others, each after what it hangs on."""
    done: list[int] = []
    left = set(hung)
    while left:
        ready = sorted(k for k in left if hung[k] not in left)
        if not ready:
            break
        done += ready
        left -= set(ready)
    return done


def sides(drawing: Drawing, size: float) -> tuple[float, float]:
    """How wide and tall the drawing is whose longer side is `size`."""
    wide, tall = drawing.box[2:]
    longer = max(wide, tall)
    return size * wide / longer, size * tall / longer


def attached(
    k: int, things: Sequence[Thing], drawing: Drawing, host: list[Spot], other: int, size: float, dice: random.Random
) -> list[Spot]:
    """Thing `k` on, under, behind … its host; of several hosts, on each in turn."""
    relation = things[k].relation if things[k].relation in WORN and things[k].to is not None else things[other].relation
    count, found = things[k].count, []
    if relation == "in" and things[other].found.label in _OPEN:
        relation = "out of"
    if relation == "wear" and len(host) > 1:
        count = len(host)
    if relation == "between":
        wide, tall = sides(drawing, min(size, 0.6 * host[0].size + 4))
        middle = sum(one.x for one in host) / len(host)
        return [Spot(k, middle, host[0].foot + 3, wide, tall, host[0].depth + 4) for _one in range(min(count, 1))]
    for number in range(count):
        on = host[number % len(host)]
        many = math.ceil(count / len(host))
        share = ((number // len(host)) - (many - 1) / 2) / many
        found.append(_beside_host(relation, k, drawing, on, size, share, many, dice))
    return found


def _beside_host(
    relation: str, k: int, drawing: Drawing, on: Spot, size: float, share: float, many: int, dice: random.Random
) -> Spot:
    """`share` is where it is among its like, -0.5 to 0.5 of the host's width."""
    side = dice.choice((-1, 1))
    top = on.foot - on.tall
    fits = on.wide / many
    shapes = {  # size, x from the host's middle, foot, depth beside the host's
        "on": (min(size, 0.8 * fits, 0.75 * on.size), share * on.wide, top + 0.1 * on.tall, 0.5),
        "under": (min(0.5 * on.size, max(0.6 * fits, 0.36 * on.size / many)), share * on.wide * 0.9, on.foot + 2, 0.5),
        "above": (min(size, 0.8 * on.size, fits), share * on.wide, top - 3, 0.5),
        "in": (min(0.85 * fits, on.size), share * on.wide * 0.8, on.foot - 0.38 * on.tall, -0.5),
        "out of": (min(1.1 * on.size, 1.3 * fits + 8), share * on.wide * 0.6, top + 0.3 * on.tall, -0.5),
        "behind": (1.1 * max(size, on.size), side * 0.36 * on.wide + share * on.wide, on.foot - 5, -0.5),
        "front": (min(size, 0.7 * on.size), side * 0.3 * on.wide + share * on.wide, on.foot + 4, 0.5),
        "wear": (0.62 * on.wide, 0.0, top + _LOW_WORN.get(drawing.label, 0.2) * on.tall, 0.5),
        "hold": (0.5 * on.size / many**_HALF, side * 0.42 * on.wide + share * on.wide, on.foot - 0.2 * on.tall, 0.5),
    }
    length, off, foot, deeper = shapes[relation]
    wide, tall = sides(drawing, max(length, 4.0))
    stands = on.stands and relation in {"under", "behind", "front"}
    return Spot(k, on.x + off, foot, wide, tall, on.depth + deeper, stands)
