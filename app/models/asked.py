"""The body of a request for a generation."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.brief import Brief
from app.models.parent import Role
from app.models.writing import Writing

MAX_SEED = 2**53 - 1  # the largest whole number that JSON carries safely (RFC 8259, 6)
MAX_COUNT = 8
Selection = tuple[int, int]


class AskedText(BaseModel):
    """The fields of a request for a text; places are Unicode code points of the parent's text."""

    selection: Selection | None = Field(None, description="Of rewrite: start and end of what is to be written anew.")
    at: int | None = Field(None, ge=0, description="Of continue (the end, if absent) and branch (a token's start).")
    choice: Annotated[Writing, Field(max_length=400)] | None = Field(None, description="Of branch: what is to stand there.")
    instruction: Annotated[Writing, Field(max_length=2000)] | None = Field(None, description="Of rewrite: what to do.")
    form: dict[str, Any] | None = Field(None, description='What the lines must keep: {"preset": "qijue", …}, see /forms.')

    @field_validator("selection", "at", "choice", "instruction", "form", mode="before")
    @classmethod
    def _nothing_said(cls, value: Any) -> Any:
        """An empty form field says nothing."""
        return None if value == "" else value


class AskedParent(BaseModel):
    """A revision to start from; the role is the verb's unless it inspires."""

    model_config = ConfigDict(extra="forbid")
    revision: UUID
    role: Role | None = None


class Asked(AskedText):
    """The body of a request for a generation."""

    model_config = ConfigDict(extra="ignore")  # a form sends its version and other fields along

    verb: str = Field("create", max_length=40)
    parents: list[AskedParent] = Field(default_factory=list, max_length=8)
    brief: Brief | None = None
    engine: str | None = Field(None, max_length=40)
    params: dict[str, Any] | None = None
    count: int | None = Field(None, ge=1, le=MAX_COUNT)
    seed: int | None = Field(None, ge=0, le=MAX_SEED)
    strength: str | None = None

    @field_validator("engine", "seed", "count", "strength", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        """An empty form field says nothing."""
        return None if value == "" else value

    def digest(self) -> str:
        """What makes two requests the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
