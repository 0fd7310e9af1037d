"""What may come next in a whole tune: bars of the right length, repeats that close, sections, and an end on the tonic.

Grammars have one face: `allowed()` names the tokens that may come, `feed(token)` tells which one came.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from app.media.music.grammar.measure import Measure
from app.media.music.grammar.tokens import BARLINES, EOS

PERIOD = 4  # bars: sections are a multiple of it; in tunes of 16, 24, … they are twice as long, as nearly all are
CLOSING = frozenset({":|", "::", "||", "|:"})


class Grammar(Protocol):
    """Asked before every token."""

    def allowed(self) -> Collection[str]:
        """The tokens that may come now."""

    def feed(self, token: str) -> None:
        """This one came."""


@dataclass(slots=True)
class _Section:
    """Where we are in a part of the tune."""

    bars: int = 0  # whole ones so far
    open: bool = False  # it began with |:
    ending: int = 0  # 1 or 2 inside those
    left: int = 0  # bars of the ending that are still to come


class WholeTune:
    """A tune of `bars` bars (a pickup and second endings aside), or as many more after one that is there."""

    def __init__(self, length: Fraction, bars: int, *, home: bool = True, pickup: Fraction | None = None) -> None:
        """`length` of a bar in eighths. `pickup`: of the tune that goes on after a section; None at a tune's beginning."""
        self.length, self.bars, self.home = length, bars, home
        self.fresh = pickup is None  # nothing is there yet: the first bar may turn out to be a pickup
        self.pickup = pickup or Fraction(0)
        self.period = 1 if bars % PERIOD else PERIOD if bars % (2 * PERIOD) or bars == 2 * PERIOD else 2 * PERIOD
        self.count = 0  # bars that are whole, second endings aside
        self.section = _Section()
        self.line = "" if self.fresh else "||"  # the bar line just written
        self.measure = self._begun()
        self.done = False
        self.repeated: bool | None = None  # whether the first section is: the others follow it
        self.phrased = False  # the token that came last ended a phrase of four bars

    @property
    def eighths(self) -> Fraction:
        """How long all of it will be, second endings aside."""
        return self.length * self.bars

    def _begun(self) -> Measure:
        """The next bar, a pickup where a section begins with one."""
        last = self.measure.last if hasattr(self, "measure") else ""
        if self._upbeat:
            return Measure(self.pickup, last=last)
        short = self._must_close and self.pickup
        return Measure(self.length - (short or 0), home=self.home and self._last and self._must_close, last=last)

    @property
    def _upbeat(self) -> bool:
        """Whether a section's pickup comes now."""
        return bool(self.pickup) and self.line in CLOSING and not self.section.ending

    @property
    def _last(self) -> bool:
        """Whether the bar that comes now is the tune's last."""
        return self.count + 1 >= self.bars if self.section.ending != 2 else self.count >= self.bars  # noqa: PLR2004 (the second ending)

    @property
    def _must_close(self) -> bool:
        """Whether the section ends with the bar that comes now."""
        if self.section.ending:
            return self.section.left == 1
        part = self.period > PERIOD and (self.section.bars + 1) % self.period == 0
        return part or self.count + 1 >= self.bars

    @property
    def _may_close(self) -> bool:
        """Whether the section may end with the bar that comes now."""
        if self.section.ending:
            return self.section.left == 1
        return self._must_close or ((self.section.bars + 1) % self.period == 0 and self.section.bars + 1 >= PERIOD)

    def allowed(self) -> Collection[str]:
        if self.done:
            return {EOS}
        if self.section.ending == 1 and self.line == ":|":
            return {"[2"}
        if not self.measure.place and not self.measure.held:
            return {*self.measure.sounds(), *self._before()}
        return {*self.measure.lengths(), *self.measure.sounds(), *self._after()}

    def _before(self) -> set[str]:
        """Signs before a bar's first note."""
        if self.fresh and not self.line:
            return {"|:"}
        first = -self.section.bars % self.period
        room = self.count + first <= self.bars and self.section.bars + first >= PERIOD
        able = self.line == "|" and not self.section.ending and first in {1, 2} and room
        return {"[1"} if able else set()

    def _after(self) -> set[str]:
        """Bar lines after the notes so far."""
        end = self.measure.end
        if not self.measure.between:
            return set()
        if self._upbeat:
            return {"|"} if end == self.pickup else set()
        found: set[str] = set()
        if self.fresh and not self.count and 0 < end <= self.length / 2 and end.denominator == 1:
            found |= {"|"} if self.line else {"|", "|:"}
        if end == self.length - self.pickup and self._may_close:
            found |= self._closings()
        if end == self.length and not self._must_close:
            found.add("|")
        return found

    def _closings(self) -> set[str]:
        last = self._last and self._must_close
        if self.section.ending == 1:
            return {":|"}
        if self.section.ending:
            return {"||"} if last else {"||", "|:"}
        again = {":|"} if last else {":|", "::"}
        once = {"||"} if last else {"||", "|:"} if self.repeated is None else {"||"}
        if self.section.open or self.repeated:
            return again
        return once if self.repeated is False else again | once

    def feed(self, token: str) -> None:
        self.phrased = False
        if token not in BARLINES:
            self.measure.feed(token)
            return
        if token in {"[1", "[2"}:
            number = int(token[1])
            self.section.left = -self.section.bars % self.period if number == 1 else self._first_ending
            self._first_ending = self.section.left
            self.section.ending = number
            self.line = token
            self.measure = self._begun()
            return
        if self.measure.end:
            self._finished(token)
        self.section.open |= token == "|:"  # noqa: S105 (a bar line)
        self.line = token
        self.measure = self._begun()

    _first_ending = 0

    def _finished(self, line: str) -> None:
        """A bar got its closing line."""
        end, section = self.measure.end, self.section
        if self._upbeat:
            return
        if self.fresh and not self.count and end < self.length and line not in CLOSING - {"|:"}:
            self.pickup = end if line == "|" else Fraction(0)
            self.fresh = False
            if line == "|:":
                section.open = True
            return
        self.fresh = False
        last = self._last and self._must_close
        section.bars += 1
        section.left = max(0, section.left - 1)
        if section.ending != 2:  # noqa: PLR2004 (the second ending)
            self.count += 1
        self.phrased = section.bars % PERIOD == 0 or line in CLOSING
        if line not in CLOSING:
            return
        if self.repeated is None:
            self.repeated = line in {":|", "::"}
        if section.ending == 1:
            self.section = _Section(ending=1, left=0)
            return
        self.section = _Section(open=line in {"|:", "::"})
        self.done = last
