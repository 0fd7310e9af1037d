"""What a check found, for people and programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from app.errors import filled
from app.media.text.prosody.form import Form

_SHOWN = 40  # characters of the text that a message repeats


class Kind(StrEnum):
    """What a finding is about."""

    LINES = "lines"
    STANZAS = "stanzas"
    LENGTH = "length"
    TONES = "tones"
    RHYME = "rhyme"
    METRE = "metre"
    ACROSTIC = "acrostic"
    MUST = "must"
    AVOID = "avoid"


Span = tuple[int, int]


class Finding(BaseModel):
    """One thing asked, and whether it holds. `line` counts from 1; None when it is about the whole text.

    `holds` is None when nobody can tell (a word that no dictionary has). `message` is a gettext id, `details` its
    arguments; `spans` are the characters it is about, in code points of the text.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    holds: bool | None
    message: str
    details: dict[str, str | int] = {}
    line: int | None = None
    spans: tuple[Span, ...] = ()
    expected: str = ""
    found: str = ""
    open: bool = False  # it does not hold because it is not written yet: that is not wrong

    def said(self, translate: Callable[[str], str] | None = None) -> str:
        """The message in the reader's language."""
        return filled(translate(self.message) if translate else self.message, self.details)


class LineReport(BaseModel):
    """A line: where it stands, how long it is, what its tones or stresses are, which letter of the scheme it has."""

    model_config = ConfigDict(frozen=True)

    start: int
    end: int
    stanza: int
    units: int  # characters or syllables
    tones: str = ""  # 平 and 仄 as they were read, 中 where both would do and nothing decides; English: 0, 1, 2
    letter: str = ""  # A, B … of the rhyme scheme
    rhyme: str = ""  # the rhyme that the letter stands for here
    findings: tuple[Finding, ...] = ()


class Report(BaseModel):
    """A text held against a form. `share` is the part of what could be judged that holds, 0 to 1."""

    model_config = ConfigDict(frozen=True)

    form: Form
    pattern: str = ""  # the title of the pattern that fits best (message id)
    holds: bool
    share: float
    lines: tuple[LineReport, ...] = ()
    findings: tuple[Finding, ...] = ()  # about the whole text

    @property
    def whole(self) -> bool:
        """Whether the text has all the lines that the form asks for, where it asks for a number."""
        return self.form.total is not None and len(self.lines) >= self.form.total

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Everything that does not hold, line by line, then of the whole."""
        every = [f for line in self.lines for f in line.findings]
        return tuple(f for f in (*every, *self.findings) if f.holds is False)


def excerpt(text: str) -> str:
    """`text` as a message may repeat it: short, on one line, and always encodable."""
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", "\ufffd", text)
