"""Where in a text, a tune, a recording or around a picture a verb works: a value object, kept with its generation."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, Strict, model_serializer

Offset = Annotated[int, Strict(), Field(ge=0)]  # Unicode code points of the first parent's text
Bar = Annotated[int, Strict()]  # 1 is the first full one, a pickup is 0
Pixels = Annotated[int, Strict(), Field(ge=0, le=16_384)]
Seconds = Annotated[float, Strict()]


class Part(StrEnum):
    """What of a request can be left unread, so that the rest fits what an engine reads."""

    BEGINNING = "beginning"  # of the text before the place where one writes: as much as must be, the oldest first
    AFTER = "after"  # what stands in the text after that place
    INSPIRATION = "inspiration"  # the revisions that only inspire
    MATERIALS = "materials"  # the brief's


class Place(BaseModel):
    """Where a verb works, and what it needs to know there. As JSON it holds the fields that were set, and no others.

    Types are strict: a row that holds something else is damaged (app.models.shapes).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    selection: tuple[Offset, Offset] | None = None  # of rewrite: start and end
    at: Offset | None = None  # of continue and branch
    choice: Annotated[str, Strict()] = ""  # of branch: the alternative that was chosen
    instruction: Annotated[str, Strict()] = ""  # of rewrite: what to do with the selection
    leave_out: tuple[Part, ...] = ()  # of a text: what is left unread where all of it is too long
    bars: tuple[Bar, Bar] | None = None  # of replace: the first and the last
    semitones: Annotated[int, Strict()] | None = None  # of transpose: up, or down below zero
    section: tuple[Seconds, Seconds] | None = None  # of replace in a recording: start and end
    frame: tuple[Pixels, Pixels, Pixels, Pixels] | None = None  # of outpaint: added left, top, right, bottom

    def __bool__(self) -> bool:
        return bool(self.model_fields_set)

    @model_serializer(mode="wrap")
    def _only_set(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if name in self.model_fields_set}

    def stored(self) -> dict[str, Any] | None:
        """As a row keeps it: what was set, as JSON; None for nothing."""
        return self.model_dump(mode="json") or None
