"""A drawing of the library, and what is found by a name."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing's words and looks. `box` is where something is seen (x, y, width, height in its own units), `main` the colour
    that most of it has, `group` emojibase's.
    """

    name: str
    label: str
    names: tuple[str, ...]
    tags: tuple[str, ...]
    set: str
    group: int
    box: tuple[float, float, float, float]
    main: str

    def row(self) -> list[Any]:
        """As JSON keeps it."""
        return list(astuple(self))

    @property
    def id(self) -> str:
        """Unique in the library, and the same in a later one."""
        return f"{self.set}/{self.name}"


@dataclass(frozen=True, slots=True)
class Found:
    """Drawings of one thing, the best first. `label` is what the thing is called; `exact` is False where it is only alike."""

    label: str
    drawings: tuple[int, ...]
    exact: bool = True
