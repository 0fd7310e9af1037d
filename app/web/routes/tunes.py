"""Tunes: ABC held against its own rules as one types, for the editor of the music bench."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from app.bounded import LIMITS
from app.errors import TooLargeError, _, filled, raises
from app.gate import TOLD
from app.media.facts import Facts
from app.media.music.abc.abc import MAX_TEXT
from app.media.music.notation.tune import Fault
from app.media.music.theory.telling import describe_abc
from app.web.deps import WRITING, OneTurn, body
from app.web.pages import language_of
from app.web.schemas import ChecksOut
from app.web.templates import translations

router = APIRouter(route_class=OneTurn, prefix="/tunes", tags=["tunes"])


class Notes(BaseModel):
    """A tune in ABC."""

    model_config = ConfigDict(extra="ignore")
    text: Annotated[str, Field(max_length=WRITING), TOLD] = ""  # too long is told with 413


class FaultOut(BaseModel):
    """What could not be read: line and column (code points) count from 1."""

    line: int
    column: int
    message: str

    @classmethod
    def of(cls, fault: Fault, say: Callable[[str], str]) -> FaultOut:
        """In the reader's language."""
        return cls(line=fault.line, column=fault.column, message=filled(say(fault.message), fault.details))


class BarOut(BaseModel):
    """A bar: the code points of its own notes, without bar lines. Parts that a repeat divides share a number."""

    number: int
    start: int
    end: int


class ReadOut(BaseModel):
    """A tune as it was read; `novelty` is {notes, bars, title, start}: what it shares with the house model's tunes."""

    faults: list[FaultOut]
    bars: list[BarOut]
    title: str
    key: str
    metre: str | None
    tempo: str
    checks: ChecksOut
    contour: list[float]
    novelty: dict[str, Any]


@router.post("/checks")
@raises(*LIMITS)
def check(request: Request, given: Annotated[Notes, Depends(body(Notes, WRITING))]) -> ReadOut:
    """Read a tune as far as it goes: what is wrong with it is told, not refused. 413 beyond a million code points."""
    if len(given.text) > MAX_TEXT:
        raise TooLargeError(_("That is too much at once: at most %(limit)s."), limit=f"{MAX_TEXT:,}")
    tune, say = describe_abc(given.text), translations(language_of(request)).gettext
    return ReadOut(
        faults=[FaultOut.of(fault, say) for fault in tune.faults],
        bars=[BarOut(number=number, start=start, end=end) for number, start, end in tune.bars],
        title=tune.title,
        key=tune.key,
        metre=tune.metre or None,
        tempo=tune.tempo,
        checks=ChecksOut.of(Facts.of(tune.facts)),
        contour=tune.facts["contour"],
        novelty=tune.facts["novelty"],
    )
