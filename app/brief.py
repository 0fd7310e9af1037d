"""The brief: what the artist asks, in six fields, and the prompt an engine reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.gate import PROSE


class Medium(StrEnum):
    """What a work is made of, and what an engine makes."""

    IMAGE = "image"
    TEXT = "text"
    MUSIC = "music"


FIELDS = ("intent", "style", "technique", "materials", "criteria", "avoid")
MAX_TEXT = 8_000  # characters in one field
MAX_ITEMS = 40  # entries in materials and criteria
REFERENCE = re.compile(r"revision:[0-9a-f-]{36}")


def _listed(value: Any) -> Any:
    """A form sends one textarea or repeated inputs; both mean a list, a line each."""
    if isinstance(value, str):
        value = value.split("\n")
    if isinstance(value, list):
        return [item.strip() if isinstance(item, str) else item for item in value if item not in ("", None)]
    return value


Text = Annotated[str, Field(max_length=MAX_TEXT), PROSE]
Items = Annotated[list[Text], Field(max_length=MAX_ITEMS), BeforeValidator(_listed, json_schema_input_type=list[str] | str)]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an engine reads. `dropped` lists the words that it will not see (too long, unknown), `bridges` those that it
    reads as others: what was asked, and what it is read as. `note` says what this engine is poor at (a message id).
    """

    positive: str
    negative: str = ""
    dropped: tuple[str, ...] = ()
    bridges: tuple[tuple[str, str], ...] = ()
    note: str = ""


class Brief(BaseModel):
    """What the artist asks. A value object: equal briefs are the same brief."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: Text = ""
    style: Text = ""
    technique: Text = ""
    materials: Items = Field(default_factory=list)
    criteria: Items = Field(default_factory=list)
    avoid: Text = ""

    @property
    def empty(self) -> bool:
        """True when nothing in it could guide an engine (criteria judge, they do not guide)."""
        return not any((self.intent.strip(), self.style.strip(), self.technique.strip(), self.keywords))

    @property
    def keywords(self) -> list[str]:
        """The materials that are words; the others refer to revisions (`revision:<id>`)."""
        return [m for m in self.materials if m.strip() and not REFERENCE.fullmatch(m)]

    def prompt(self) -> Prompt:
        """The brief in one line each for what is wanted and what is not; criteria are for the judge."""
        parts = (self.intent, ", ".join(self.keywords), self.style, self.technique)
        joined = ", ".join(" ".join(part.split()).rstrip(".。,，") for part in parts if part.strip())
        return Prompt(joined, " ".join(self.avoid.split()))
