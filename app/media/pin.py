"""Pins: the place in a picture, a text, a tune or a recording that something is said of. A value object."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.gate import Second, Signed


def _pair(value: Any) -> Any:
    """An empty form field says nothing; of two fields the empty one is as the other."""
    if value in ("", []):
        return None
    if isinstance(value, list) and "" in value:
        said = [one for one in value if one != ""]
        return said * len(value) if len(said) == 1 else None
    return value


Pair = Annotated[tuple[Signed, Signed] | None, BeforeValidator(_pair)]


class Pin(BaseModel):
    """Where in the content of a revision; at most one of the fields is set. Whether it lies in there is not known here
    (app.lineage.pinning).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    point: Pair = Field(None, description="Of a picture: pixels from its left and from its top.")
    box: Annotated[tuple[Signed, Signed, Signed, Signed] | None, BeforeValidator(_pair)] = Field(
        None, description="Of a picture: left, top, width and height in pixels."
    )
    range: Pair = Field(None, description="Of a text: start and end, in Unicode code points.")
    bars: Pair = Field(None, description="Of a tune: the first and the last bar; a pickup is bar 0.")
    seconds: Annotated[tuple[Second, Second] | None, BeforeValidator(_pair)] = Field(
        None, description="Of a recording: start and end in seconds."
    )

    @property
    def places(self) -> dict[str, Any]:
        """The fields that are set, by name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
