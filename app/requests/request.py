"""The body of a request for a generation."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from app.brief import Brief
from app.gate import NUMERIC, Name, Object, Offset, Second, Signed
from app.media.text.prosody.offered import read_fields
from app.media.text.rules import WRITTEN
from app.verbs.verb import Verb

MAX_SEED = 2**53 - 1  # the largest whole number that JSON carries safely (RFC 8259, 6)
MAX_COUNT = 8
SIDES = 4  # of a frame
Seed = Annotated[int, Field(ge=0, le=MAX_SEED), NUMERIC]
Count = Annotated[int, Field(ge=1, le=MAX_COUNT), NUMERIC]
Selection = tuple[Signed, Signed]
_FORM = 'What the lines must keep: {"preset": "qijue", …}, see /forms.'
TextForm = Annotated[Object | None, BeforeValidator(read_fields), Field(description=_FORM)]


class AskedText(BaseModel):
    """The fields of a request for a text; places are Unicode code points of the parent's text."""

    selection: Selection | None = Field(None, description="Of rewrite: start and end of what is to be written anew.")
    at: Offset | None = Field(None, description="Of continue (the end, if absent) and branch (a token's start).")
    choice: Annotated[str, Field(max_length=400), WRITTEN] | None = Field(
        None, description="Of branch: what is to stand there."
    )
    instruction: Annotated[str, Field(max_length=2000), WRITTEN] | None = Field(None, description="Of rewrite: what to do.")
    leave_out: list[Name] | None = Field(
        None, max_length=8, description="What is left unread where all is too long: beginning, after, inspiration, materials."
    )
    form: TextForm = None

    @field_validator("selection", "at", "choice", "instruction", "leave_out", "form", mode="before")
    @classmethod
    def _nothing_said(cls, value: Any) -> Any:
        """An empty form field says nothing."""
        return None if value == "" else value


class AskedMusic(BaseModel):
    """The fields of a request for music."""

    bars: tuple[Signed, Signed] | None = Field(
        None, description="Of replace: the first and the last bar; bar 1 is the first full one, a pickup is bar 0."
    )
    semitones: Signed | None = Field(None, description="Of transpose: up, or down below zero; -24 to 24, not 0.")
    section: tuple[Second, Second] | None = Field(
        None, description="Of replace in a recording: start and end of what is to be played anew, in seconds."
    )

    @field_validator("bars", "semitones", "section", mode="before")
    @classmethod
    def _nothing_of_it(cls, value: Any) -> Any:
        """An empty form field says nothing."""
        return None if value in ("", ["", ""]) else value


class AskedPicture(BaseModel):
    """The fields of a request for a picture."""

    mask: UUID | None = Field(None, description="Of inpaint: what of the parent is to change, see POST /works/{id}/masks.")
    frame: tuple[Signed, Signed, Signed, Signed] | None = Field(
        None, description="Of outpaint: pixels added left, top, right and bottom."
    )

    @field_validator("mask", "frame", mode="before")
    @classmethod
    def _nothing_around(cls, value: Any) -> Any:
        """An empty form field says nothing; of four some may be empty."""
        if isinstance(value, list) and len(value) == SIDES:
            return [0 if one == "" else one for one in value]
        return None if value == "" else value


class AskedParent(BaseModel):
    """A revision to start from; the role is the verb's unless it inspires."""

    model_config = ConfigDict(extra="forbid")
    revision: UUID
    role: Verb | None = None


class GenerationRequest(AskedText, AskedMusic, AskedPicture):
    """The body of a request for a generation."""

    model_config = ConfigDict(extra="ignore")  # a form sends its version and other fields along

    verb: Name = "create"
    parents: list[AskedParent] = Field(default_factory=list, max_length=8)
    brief: Brief | None = None
    engine: Name | None = None
    params: Object | None = None
    count: Count | None = None
    seed: Seed | None = None
    strength: Name | None = None

    @field_validator("engine", "seed", "count", "strength", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        """An empty form field says nothing."""
        return None if value == "" else value

    def digest(self) -> str:
        """What makes two requests the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
