"""Forms: what can be asked of a text, and a text held against it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.bounded import LIMITS
from app.errors import raises
from app.gate import Object
from app.media.text.prosody.asked import form_of
from app.media.text.prosody.check import held
from app.media.text.prosody.presets import TITLES, presets
from app.media.text.prosody.report import Finding, LineReport, Report
from app.media.text.rules import Writing
from app.web.deps import WRITING, OneTurn, body
from app.web.pages import VARY, language_of
from app.web.schemas import Listed
from app.web.templates import translations

router = APIRouter(route_class=OneTurn, prefix="/forms", tags=["forms"])
Say = Callable[[str], str]


class PresetOut(BaseModel):
    """A named form; `form` holds all its fields, any of which a request may replace."""

    name: str
    title: str
    language: str | None
    form: dict[str, Any]


class ToCheck(BaseModel):
    """A text and the form it is held against: {"preset": "qijue", …}."""

    model_config = ConfigDict(extra="ignore")
    text: Writing = ""
    form: Object = Field(default_factory=dict)


class FindingOut(BaseModel):
    """One thing asked: `holds` is null when nobody can tell. `spans` are code points of the text; `line` counts from 1."""

    kind: str
    holds: bool | None
    message: str
    line: int | None
    spans: list[tuple[int, int]]
    expected: str
    found: str
    open: bool  # it does not hold because it is not written yet

    @classmethod
    def of(cls, finding: Finding, say: Say) -> FindingOut:
        """In the reader's language."""
        plain = finding.model_dump(include={"kind", "holds", "line", "spans", "expected", "found", "open"})
        return cls(**plain, message=finding.said(say))


class LineOut(BaseModel):
    """A line: where it stands, its length in characters or syllables, tones or stresses, its letter in the scheme."""

    start: int
    end: int
    stanza: int
    units: int
    tones: str
    letter: str
    rhyme: str
    findings: list[FindingOut]

    @classmethod
    def of(cls, line: LineReport, say: Say) -> LineOut:
        """In the reader's language."""
        return cls(**line.model_dump(exclude={"findings"}), findings=[FindingOut.of(one, say) for one in line.findings])


class ReportOut(BaseModel):
    """A text held against a form: `share` is the part of what could be judged that holds, 0 to 1; `whole`: the text has all
    the lines that the form asks for, so there is no next one.
    """

    form: str
    title: str
    pattern: str
    holds: bool
    share: float
    whole: bool
    lines: list[LineOut]
    findings: list[FindingOut]

    @classmethod
    def of(cls, report: Report, say: Say) -> ReportOut:
        """In the reader's language."""
        return cls(
            form=report.form.name,
            title=say(TITLES.get(report.form.name, report.form.name)),
            pattern=say(report.pattern) if report.pattern else "",
            holds=report.holds,
            share=report.share,
            whole=report.whole,
            lines=[LineOut.of(line, say) for line in report.lines],
            findings=[FindingOut.of(one, say) for one in report.findings],
        )


@router.get("")
def index(request: Request, response: Response) -> Listed[PresetOut]:
    """The named forms, in the order in which they are offered."""
    response.headers.update(VARY)
    say = translations(language_of(request)).gettext
    found = [
        PresetOut(name=name, title=say(TITLES[name]), language=form.language, form=form.model_dump(mode="json"))
        for name, form in presets().items()
    ]
    return Listed[PresetOut](items=found)


@router.post("/checks")
@raises(*LIMITS)
def hold(request: Request, given: Annotated[ToCheck, Depends(body(ToCheck, WRITING))]) -> ReportOut:
    """Hold a text against a form, line by line; works on anybody's lines."""
    report = held(form_of(given.form), given.text)
    return ReportOut.of(report, translations(language_of(request)).gettext)
