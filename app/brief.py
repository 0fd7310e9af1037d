"""The brief: what the artist asks, in six fields, and the prompt an engine reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.errors import _
from app.gate import PROSE


class Medium(StrEnum):
    """What a work is made of, and what an engine makes."""

    IMAGE = "image"
    TEXT = "text"
    MUSIC = "music"


MAX_TEXT = 8_000  # characters in one field
MAX_ITEMS = 40  # entries in materials and criteria
MOST_READ = 2_000  # characters of one field, or of all its entries, that a reader of single words looks at
REFERENCE = re.compile(r"revision:[0-9a-f-]{36}")


def _listed(value: Any) -> Any:
    """A form sends one textarea or repeated inputs; both mean a list, a line each."""
    if isinstance(value, str):
        value = value.split("\n")
    if isinstance(value, list):
        return [item.strip() if isinstance(item, str) else item for item in value if item not in ("", None)]
    return value


def _first(items: list[str], most: int) -> list[str]:
    """`items` up to `most` characters; the one that goes over is cut."""
    starts = accumulate(map(len, items), initial=0)
    return [item[: most - start] for item, start in zip(items, starts, strict=False) if start < most]


Text = Annotated[str, Field(max_length=MAX_TEXT), PROSE]
Items = Annotated[list[Text], Field(max_length=MAX_ITEMS), BeforeValidator(_listed, json_schema_input_type=list[str] | str)]


Heard = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an engine reads.

    `dropped` lists the words that it will not see (too long, unknown), `bridges` those that it reads as others: what was
    asked, and what is heard in it. `unread` counts the characters at the ends of long fields that it does not look at.
    `note` says what this engine is poor at (a message id). `heard` is `positive` as data, where an engine hears something
    of its own in a brief: pairs of a kind ("metre", "mood") and a value; a kind that comes several times is left open.
    `near` offers, for dropped words, what this engine knows that is nearest to each. `chosen_by` is the seed that chose among
    wildcards; `fault` (a message id, which `about` fills) is what is wrong with them.
    """

    positive: str
    negative: str = ""
    dropped: tuple[str, ...] = ()
    bridges: tuple[tuple[str, Heard], ...] = ()
    unread: int = 0
    note: str = ""
    heard: Heard = ()
    near: tuple[tuple[str, tuple[str, ...]], ...] = ()
    chosen_by: int | None = None
    fault: str = ""
    about: tuple[tuple[str, Any], ...] = ()


def _length(prompt: Prompt) -> int:
    return len(prompt.positive) + len(prompt.negative)


class Brief(BaseModel):
    """What the artist asks. A value object: equal briefs are the same brief."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # In the order of the page: the title is its label, the description its placeholder (a medium may have another). This is
    # the only place that names them all: pages, diffs and stored rows go through `model_fields`.
    intent: Text = Field("", title=_("Intent"))
    style: Text = Field("", title=_("Style"))
    technique: Text = Field("", title=_("Technique"), description=_("How it should be made"))
    materials: Items = Field(default_factory=list, title=_("Materials"), description=_("Keywords, one a line"))
    criteria: Items = Field(default_factory=list, title=_("Criteria"), description=_("How you will judge it, one a line"))
    avoid: Text = Field("", title=_("Avoid"), description=_("What should not be there"))

    @property
    def empty(self) -> bool:
        """True when nothing in it could guide an engine (criteria judge, they do not guide)."""
        return not any((self.intent.strip(), self.style.strip(), self.technique.strip(), self.keywords))

    @property
    def keywords(self) -> list[str]:
        """The materials that are words; the others refer to revisions (`revision:<id>`)."""
        return [m for m in self.materials if m.strip() and not REFERENCE.fullmatch(m)]

    def beginning(self, most: int = MOST_READ) -> tuple[Brief, int]:
        """The brief with the first `most` characters of each field (of all its entries, of a list), and how many characters of
        its prompt are left out by that: for engines that look up every word, which takes the longer the more there are.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        read = {name: value[:most] if isinstance(value, str) else _first(value, most) for name, value in fields.items()}
        beginning = type(self)(**read)
        return beginning, _length(self.prompt()) - _length(beginning.prompt())

    def prompt(self) -> Prompt:
        """The brief in one line each for what is wanted and what is not; criteria are for the judge."""
        parts = (self.intent, ", ".join(self.keywords), self.style, self.technique)
        joined = ", ".join(" ".join(part.split()).rstrip(".。,，") for part in parts if part.strip())
        return Prompt(joined, " ".join(self.avoid.split()))


FIELDS = Brief.model_fields
LISTS = frozenset(name for name, field in FIELDS.items() if field.default_factory is list)  # a line for each entry
