"""A form: what is asked of a text, as data. Nothing here looks at a text; see `check.py` and `constraint.py`."""

from __future__ import annotations

import itertools
import re
from enum import StrEnum
from functools import cache
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.errors import _
from app.gate import LINE, PROSE, Name
from app.media.text.prosody.chinese import LEVEL, OBLIQUE, Book

MAX_LINES = 400
EITHER = "中"  # in a tone pattern: level or oblique


class Language(StrEnum):
    """Whose sounds count: characters in Chinese, syllables in English."""

    CHINESE = "zh"
    ENGLISH = "en"


class Breaks(StrEnum):
    """What ends a line."""

    LINE = "line"  # a new line
    CLAUSE = "clause"  # also ，。！？；： as in classical verse, which is often written on


class Rhyming(StrEnum):
    """Which English rhymes do."""

    PERFECT = "perfect"
    SLANT = "slant"  # these as well


class Freedom(StrEnum):
    """How closely a tone pattern is kept."""

    EXACT = "exact"  # as it stands
    ODD = "odd"  # 一三五不论, but neither 孤平 nor 三平尾


Rhyme = Annotated[str, Field(pattern=r"^[A-Za-z ]*$", max_length=2 * MAX_LINES)]
Tones = Annotated[str, Field(pattern=f"^[{LEVEL}{OBLIQUE}{EITHER}]{{1,20}}$")]


class Pattern(BaseModel):
    """One way to keep a regulated form: its tones a line (平, 仄, 中 for either) and the rhymes that go with them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, Field(max_length=80), LINE] = ""  # a message id
    rhyme: Rhyme = ""
    tones: Annotated[tuple[Tones, ...], Field(max_length=MAX_LINES)] = ()


def _span(value: object) -> object:
    """A number asks for exactly that many."""
    return (value, value) if isinstance(value, int) else value


Count = Annotated[int, Field(ge=1, le=200)]
Span = Annotated[tuple[Count, Count], BeforeValidator(_span)]
Phrase = Annotated[str, Field(min_length=1, max_length=80), PROSE]


class Form(BaseModel):
    """What is asked of a text; a field left alone asks nothing.

    `measure` counts characters (Chinese) or syllables (English) a line, least and most, and starts over when there are
    more lines. `rhyme` has a letter a line, x for none (spaces are for the eye): one shorter than the text starts over
    with new rhymes. Regulated verse gives `patterns` instead, of which a text keeps one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = "free"
    language: Language | None = None
    lines: Annotated[int, Field(ge=1, le=MAX_LINES)] | None = None
    stanzas: Annotated[tuple[Count, ...], Field(max_length=MAX_LINES)] = ()  # lines of each stanza
    measure: Annotated[tuple[Span, ...], Field(max_length=MAX_LINES)] = ()
    breaks: Breaks = Breaks.LINE
    marks: Annotated[str, Field(pattern="^[，。]*$", max_length=MAX_LINES)] = ""  # after each line in turn; none: ，。，。
    rhyme: Rhyme = ""
    rhyming: Rhyming = Rhyming.PERFECT
    repeat: bool = False  # whether a word may rhyme with itself
    book: Book = Book.NEW
    patterns: Annotated[tuple[Pattern, ...], Field(max_length=16)] = ()
    freedom: Freedom = Freedom.ODD
    metre: Annotated[str, Field(pattern=r"^[x/]*$", max_length=40)] = ""  # English: x unstressed, / stressed
    acrostic: Annotated[str, Field(max_length=MAX_LINES), PROSE] = ""  # the lines' first characters or letters
    must: Annotated[tuple[Phrase, ...], Field(max_length=40)] = ()
    avoid: Annotated[tuple[Phrase, ...], Field(max_length=40)] = ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.stanzas and self.lines is not None and sum(self.stanzas) != self.lines:
            raise ValueError(_("the stanzas have other lines than the text"))
        if any(least > most for least, most in self.measure):
            raise ValueError(_("the least is more than the most"))
        if self.language is None and (self.measure or self.rhyme or self.patterns or self.metre):
            raise ValueError(_("lengths and rhymes need a language"))
        if self.patterns and self.language is not Language.CHINESE:
            raise ValueError(_("tones are for Chinese"))
        if self.metre and self.language is not Language.ENGLISH:
            raise ValueError(_("metre is for English"))
        for pattern in self.patterns:
            spans = [self.span(i) for i in range(len(pattern.tones))]
            if any(span and span != (len(t), len(t)) for span, t in zip(spans, pattern.tones, strict=True)):
                raise ValueError(_("the tones are more or fewer than the characters of their line"))
        return self

    @property
    def total(self) -> int | None:
        """How many lines are asked for, if a number is."""
        return self.lines if self.lines is not None else sum(self.stanzas) or None

    @property
    def ways(self) -> tuple[Pattern, ...]:
        """The ways to keep the form: its patterns, or the one without tones."""
        return self.patterns or (Pattern(rhyme=self.rhyme),)

    def span(self, line: int) -> tuple[int, int] | None:
        """Least and most of `line` (from 0); None when any length does."""
        return self.measure[line % len(self.measure)] if self.measure else None


def rhyme_letter(scheme: str, line: int) -> str | None:
    """What `line` (from 0) rhymes with: "A0" is letter A of the scheme's first round; None for nothing."""
    letters = scheme.replace(" ", "").upper()
    if not letters or letters[line % len(letters)] == "X":
        return None
    return f"{letters[line % len(letters)]}{line // len(letters)}"


@cache
def line_tones(template: str, freedom: Freedom) -> frozenset[str]:
    """Every sequence of 平 and 仄 that keeps a line's `template`.

    After 王力《诗词格律》, chapter 2: the first, third and fifth are free, except that a line ending 平平仄仄平 must not keep
    a single level tone before its rhyme (孤平) nor any line end on three level ones (三平尾); 平平仄平仄 may stand for
    平平平仄仄.
    """
    loose = freedom is Freedom.ODD
    free = {i for i, tone in enumerate(template) if tone == EITHER or (loose and i % 2 == 0 and i < len(template) - 1)}
    choices = [(LEVEL, OBLIQUE) if i in free else (tone,) for i, tone in enumerate(template)]
    found = {"".join(tones) for tones in itertools.product(*choices)}
    if loose:
        found = {t for t in found if flaw(t) is None}
        if template.endswith("平平平仄仄"):
            found |= {t[:-5] + "平平仄平仄" for t in found}
    return frozenset(found)


def flaw(tones: str) -> str | None:
    """The name of a fault that a line's tones have in themselves: 孤平 or 三平尾; None for neither."""
    if re.search("仄平仄仄平$", tones):
        return "孤平"
    return "三平尾" if tones.endswith(LEVEL * 3) else None
