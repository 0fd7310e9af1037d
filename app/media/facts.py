"""How a revision's content was made, as it is kept with it: what pages and programs read of that, typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class _Kept(BaseModel):
    """Strictly typed: a row that holds something else is damaged (app.models.shapes). Fields that are not known stay."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")


class Checks(_Kept):
    """Of a tune: whether it reads, whether its bars are full, and whether it has the key and metre asked for, if any were."""

    parses: bool
    bars_complete: bool
    key: bool | None
    metre: bool | None


UNKNOWN = Checks(parses=False, bars_complete=False, key=None, metre=None)


class Shared(_Kept):
    """The longest run that a tune has in common with another one: in bars, and that one's title."""

    bars: float = 0.0
    title: str = ""


class Facts(_Kept):
    """Engines, imports and readers of tunes put in what they know; each may be missing. What stands only in the recipe
    (weights, device, libraries, sampler, …) is not named here and kept as it is.
    """

    # of any engine
    prompt: str | None = None  # as the model read it
    steps_taken: int | None = None
    instrument: str | None = None
    wildcards: dict[str, str] | None = None  # fields of the brief in which something was chosen, as they were written
    presets: list[str] | None = None  # of the project, that stood in the brief
    # of a text
    ended: str | None = None  # by what: "end", "length", "stopped", "broken"
    likelihood: float | None = None  # mean log-probability of a token
    score: float | None = None  # of a beam
    rank: int | None = None  # among the candidates for a line: 1 is the best
    ranking: dict[str, float] = {}  # its marks: rhyme, tones, metre, …
    # of a tune
    checks: Checks | None = None
    ends_at_home: bool | None = None
    contour: Annotated[list[float], Field(max_length=1_000)] = []  # heights from 0 to 1
    novelty: Shared | None = None  # beside the tunes that the house's model learned
    own: Shared | None = None  # beside the artist's other tunes
    # of an import
    file: str | None = None
    format: str | None = None
    markup: str | None = None  # of a text: how its words are marked up, where that is not its format
    encoding: str | None = None
    encodings: list[str] = []  # that may have been meant as well
    simplified: list[str] = []  # message ids: what could not be kept
    says: dict[str, Any] | None = None  # what a file of another program says of itself

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Facts:
        """From JSON that fits: a row's, or what was just told of a tune."""
        return cls.model_validate(dict(kept))

    @property
    def shared(self) -> Shared:
        """The longest run that a tune shares with any other."""
        return max(self.novelty or Shared(), self.own or Shared(), key=lambda run: run.bars)
