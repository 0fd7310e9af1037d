"""A scene as a value: it travels in a revision's facts as JSON, so that it can be composed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

VERSION = 1
MOST_LAYERS = 24
PALETTES = 8  # that are gone through, one after another


class Layer(BaseModel):
    """A drawing in a scene: the middle and the foot of what it shows, its longer side, all of 100; `tint`: "#rrggbb" or ""."""

    model_config = ConfigDict(frozen=True)

    drawing: str = Field(max_length=120)
    thing: int = Field(0, ge=0, le=50)  # which thing of the brief it shows
    x: float = Field(ge=-100, le=200)
    foot: float = Field(ge=-100, le=200)
    size: float = Field(gt=0, le=200)
    flip: bool = False
    turn: float = Field(0, ge=-45, le=45)  # degrees
    tint: str = Field("", pattern=r"^(#[0-9a-f]{6})?$")
    stands: bool = True  # it has a shadow on the ground


class Scene(BaseModel):
    """What is to be seen, the layers from the back to the front. Places are of 100 across and down; `window` is what is
    shown of them (x, y, width, height). `number` seeds what the ground makes up.
    """

    model_config = ConfigDict(frozen=True)

    version: int = VERSION
    ground: str = Field("plain", max_length=20)
    hour: str = Field("day", max_length=10)
    weather: tuple[str, ...] = Field((), max_length=8)
    number: int = Field(0, ge=0)
    window: tuple[float, float, float, float] = (0, 0, 100, 100)
    layers: tuple[Layer, ...] = Field((), max_length=MOST_LAYERS)
    style: str = Field("flat", max_length=20)
    mood: str = Field("", max_length=20)
    palette: int = Field(0, ge=0, le=1000)
    backdrop: str = Field("", max_length=20)

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return self.model_dump(mode="json")


PAINTED_FROM = "painted_from"  # under which the facts of a painted picture hold the scene that the painter began with


def scene_of(facts: Mapping[str, Any], under: str = "scene") -> Scene | None:
    """The scene that a revision's facts hold; None where they hold none that this version can read."""
    try:
        scene = Scene.model_validate(facts.get(under))
    except ValidationError:
        return None
    return scene if scene.version == VERSION else None
