"""What may come next where bars are filled in, and where every place has its own choices (faces like `grammar.Grammar`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from app.media.music.grammar.grammar import PERIOD
from app.media.music.grammar.measure import Measure
from app.media.music.grammar.tokens import BARLINES, END, EOS


@dataclass(frozen=True, slots=True)
class Slot:
    """A bar to fill: what opens it, its length in eighths, what may begin where, and whether it ends on the tonic."""

    opening: tuple[str, ...]
    length: Fraction
    anchors: Mapping[Fraction, Collection[str]] = field(default_factory=dict)
    home: bool = False


class Gap:
    """Bars to be filled in their places. The first one's opening is in the prompt already."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = list(slots)
        self.at = 0
        self.signs: list[str] = []  # that must come before the next note
        self.measure = self._begun("")
        self.phrased = False  # the token that came last ended a phrase of four bars

    @property
    def eighths(self) -> Fraction:
        """How long all of it will be."""
        return sum((slot.length for slot in self.slots), Fraction(0))

    def _begun(self, last: str) -> Measure:
        slot = self.slots[self.at]
        return Measure(slot.length, slot.anchors, slot.home, last=last)

    @property
    def whole(self) -> bool:
        """Whether the bar is as long as it must be, should its last note be an eighth."""
        return self.measure.between and self.measure.end == self.measure.target

    def allowed(self) -> Collection[str]:
        if self.signs:
            return {self.signs[0]}
        found = {*self.measure.lengths(), *self.measure.sounds()}
        if self.whole:
            last = self.at + 1 == len(self.slots)
            found |= {END} if last else {self.slots[self.at + 1].opening[0]}
        return found

    def feed(self, token: str) -> None:
        self.phrased = token in BARLINES and not self.signs and (self.at + 1) % PERIOD == 0
        if self.signs:
            self.signs.pop(0)
        elif token in BARLINES:
            self.at += 1
            self.signs = list(self.slots[self.at].opening[1:])
            self.measure = self._begun(self.measure.last)
        else:
            self.measure.feed(token)


class Pattern:
    """Every place has its own choices, whatever was written before."""

    def __init__(self, places: Sequence[Collection[str]]) -> None:
        self.places, self.at = places, 0

    def allowed(self) -> Collection[str]:
        return self.places[self.at] if self.at < len(self.places) else {EOS}

    def feed(self, token: str) -> None:  # noqa: ARG002 (each place stands for itself)
        self.at += 1
