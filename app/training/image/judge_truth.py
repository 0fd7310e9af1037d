"""What a brief says, what a composed picture shows, and whether the one is true of the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.engines.image.composer.scene import Scene
from app.engines.image.composer.wish import Wish

_ALIKE = (  # grounds that a person would call by one another's names
    {"hill", "meadow", "field", "mountains", "forest"},
    {"pond", "lake", "sea", "beach", "underwater"},
    {"street", "city"},
    {"table", "room"},
    {"sky", "plain"},
)
_SKIES = {("stars", "night"), ("moon", "night"), ("sun", "day"), ("sun", "dusk")}  # weather that may be seen at that hour
_FADED = frozenset(("line", "duotone", "chalk", "wood", "print", "felt"))  # looks in which a colour is not the one named


@dataclass(frozen=True, slots=True)
class Shown:
    """What is said, or what is to be seen: things with number and colour by label; empty is open, or not known."""

    things: dict[str, tuple[int, str]] = field(default_factory=dict)
    ground: str = ""
    hour: str = ""
    weather: tuple[str, ...] = ()
    style: str = ""


def said_by(wish: Wish) -> Shown:
    """What a brief says, as the composer read it."""
    things = {thing.found.label: (thing.count, thing.colour) for thing in wish.things}
    ground = wish.ground if wish.ground != "plain" else ""
    return Shown(things, ground, wish.hour, tuple(wish.weather), wish.style)


def shown_by(wish: Wish, scene: Scene) -> Shown:
    """What the picture of it shows."""
    colours = {t.found.label: (t.count, "" if scene.style in _FADED else t.colour) for t in wish.things}
    return Shown(colours, scene.ground, scene.hour, scene.weather, scene.style)


def verdict(says: Shown, shows: Shown, near: frozenset[tuple[str, str]] = frozenset()) -> bool | None:
    """Whether what is said is so; None where a person might say either. `near` are pairs of labels that mean the same."""
    told = [_of_thing(label, *said, shows, near) for label, said in says.things.items()]
    told += [_of_ground(says.ground, shows.ground)]
    told += [not said or said == seen for said, seen in ((says.hour, shows.hour), (says.style, shows.style))]
    told += [True if one in shows.weather else None if (one, shows.hour) in _SKIES else False for one in says.weather]
    return False if False in told else None if None in told else True


def _of_thing(label: str, count: int, colour: str, shows: Shown, near: frozenset[tuple[str, str]]) -> bool | None:
    if label not in shows.things:
        return None if any((label, other) in near for other in shows.things) else False
    there, dyed = shows.things[label]
    if (count > 1 and there != count) or (colour and dyed and colour != dyed):
        return False
    return None if (count == 1 and there > 1) or (colour and not dyed) else True


def _of_ground(said: str, seen: str) -> bool | None:
    if not said or said == seen:
        return True
    return None if any({said, seen} <= alike for alike in _ALIKE) else False
