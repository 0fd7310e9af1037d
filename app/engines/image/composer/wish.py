"""What a scene is to show, as a value: things with counts, colours and sizes, where, when, in what mood and style."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.brief import Heard
from app.engines.image.composer.drawn import Found


@dataclass(slots=True)
class Thing:
    """A kind of thing to be seen. `relation` is how it stands to thing number `to`; `asked` the number in the brief."""

    said: str
    found: Found
    count: int = 1
    asked: int = 1
    colour: str = ""
    size: str = ""
    relation: str = ""
    to: int | None = None
    at: str = ""  # "left", "right" or "middle" of the picture
    flies: bool = False


@dataclass(slots=True)
class Wish:
    """What a scene is to show."""

    things: list[Thing] = field(default_factory=list)
    ground: str = ""  # a name of grounds.GROUNDS, or "plain"
    backdrop: str = ""  # a colour's name
    hour: str = ""
    weather: list[str] = field(default_factory=list)
    mood: str = ""
    style: str = ""
    unread: list[str] = field(default_factory=list)

    def heard(self) -> Heard:
        """As a page shows it: pairs of a kind and a value."""
        found = [("thing", _told(thing)) for thing in self.things]
        found += [("ground", self.ground)] if self.ground and self.ground != "plain" else []
        found += [("backdrop", self.backdrop)] if self.backdrop else []
        found += [("hour", self.hour)] if self.hour else []
        found += [("weather", one) for one in self.weather]
        return tuple(found + [(kind, said) for kind, said in (("mood", self.mood), ("style", self.style)) if said])

    def bridges(self) -> tuple[tuple[str, Heard], ...]:
        """What was read as something near it, and large numbers as smaller ones."""
        found = [(thing.said, (("thing", thing.found.label),)) for thing in self.things if not thing.found.exact]
        found += [
            (f"{thing.asked} {thing.said}", (("thing", _told(thing)),)) for thing in self.things if thing.asked > thing.count
        ]
        return tuple(found)


def _told(thing: Thing) -> str:
    parts = (str(thing.count) if thing.count > 1 else "", thing.size, thing.colour, thing.found.label)
    return " ".join(part for part in parts if part)
