"""Inside a bar: which notes and lengths may come next, so that it always comes out whole. Lengths in eighths."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from app.media.music.grammar.tokens import DURATIONS, LASTING, NOTES, REST, duration_token

SOUNDS = frozenset({*NOTES, REST})
TONICS = frozenset(token for token, (degree, alteration) in NOTES.items() if degree % 7 == 0 and alteration == 0)
HOME, AWAY = min(TONICS), min(SOUNDS - TONICS)  # a note that is the tonic, and one that is not
THIRD = Fraction(1, 3)
# Triplets, by the notes they have so far: what may come, and how much they then still need.
_TRIPLETS: list[tuple[Fraction, ...]] = [(THIRD, THIRD, THIRD), (2 * THIRD,) * 3, (4 * THIRD,) * 3]
_TRIPLETS += [(THIRD, 2 * THIRD), (2 * THIRD, THIRD), (4 * THIRD, 2 * THIRD), (2 * THIRD, 4 * THIRD)]
NEED: dict[tuple[Fraction, ...], Fraction] = {}
for _whole in _TRIPLETS:
    for _have in range(1, 4):
        _left = sum(_whole[_have:], Fraction(0))
        NEED[_whole[:_have]] = min(_left, NEED.get(_whole[:_have], _left))
WHOLE = frozenset(_TRIPLETS)
ROOMY = 3  # eighths: in a bar of as many a last note lasts a quarter at least


@dataclass(slots=True)
class Measure:
    """A bar while it is written: `target` eighths long.

    `anchors` name the notes that may begin at a place, and no note lasts over such a place. `home`: it ends on the tonic.
    """

    target: Fraction
    anchors: Mapping[Fraction, Collection[str]] = field(default_factory=dict)
    home: bool = False
    place: Fraction = Fraction(0)
    held: str = ""  # the last note, while its length is open
    group: tuple[Fraction, ...] = ()  # of a triplet that is not whole yet
    last: str = ""  # the last note that sounded, also in a bar before

    @property
    def end(self) -> Fraction:
        """Where it stands when the last note, should its length be open, is an eighth."""
        return self.place + (1 if self.held else 0)

    @property
    def between(self) -> bool:
        """Whether a bar line could stand here as far as the last note and its triplet go."""
        return not self.group and (not self.held or self._fits(Fraction(1), self.held))

    def feed(self, token: str) -> None:
        """A token was chosen."""
        if token in LASTING:
            self._settle(LASTING[token])
        else:
            self.settle()
            self.held = token
            self.last = token if token in NOTES else self.last

    def settle(self) -> None:
        """Whatever comes is no length: the last note is an eighth."""
        if self.held:
            self._settle(Fraction(1))

    def _settle(self, lasting: Fraction) -> None:
        self.place += lasting
        self.held = ""
        if lasting.denominator == 3:  # noqa: PLR2004 (thirds)
            self.group = (*self.group, lasting)
            if self.group in WHOLE:
                self.group = ()

    @property
    def close(self) -> int:
        """How many eighths the tonic lasts at least, where it ends the bar."""
        return 2 if self.target >= ROOMY else 1

    def lengths(self) -> Collection[str]:
        """The lengths that the last note may have, other than an eighth."""
        return self._lengths() if self.anchors else _free(*self._state)[0]

    def sounds(self) -> Collection[str]:
        """The notes that may come now; of the tonics that alone may end a tune the nearest to the note before."""
        found = self._sounds() if self.anchors else _free(*self._state)[1]
        if self.home and self.last and found and found <= TONICS:
            before = NOTES[self.last][0]
            nearest = min(abs(NOTES[token][0] - before) for token in found)
            return {token for token in found if abs(NOTES[token][0] - before) == nearest}
        return found

    @property
    def _state(self) -> tuple[Fraction, bool, Fraction, str, tuple[Fraction, ...]]:
        """All that decides what may come where no note is given; of a held note only whether it is the tonic."""
        kind = self.held and (HOME if self.held in TONICS else AWAY)
        return self.target, self.home, self.place, kind, self.group

    def _lengths(self) -> set[str]:
        if not self.held:
            return set()
        return {duration_token(length) for length in DURATIONS if length != 1 and self._fits(length, self.held)}

    def _sounds(self) -> set[str]:
        if self.held:
            if not self._fits(Fraction(1), self.held):
                return set()
            after = Measure(self.target, self.anchors, self.home, self.place + 1)
            return after._sounds()
        if self.place >= self.target:
            return set()
        possible = set(SOUNDS) if self._placeable(AWAY) else set(TONICS)
        wanted = possible.intersection(self.anchors.get(self.place, SOUNDS))
        return wanted or possible

    def _placeable(self, token: str) -> bool:
        """Whether a note can begin here: some length fits it."""
        return any(self._fits(length, token) for length in DURATIONS)

    def _fits(self, length: Fraction, token: str) -> bool:
        """Whether `token` may last `length` from here, and the bar can still come out whole."""
        group = (*self.group, length) if length.denominator == 3 else ()  # noqa: PLR2004 (thirds)
        if (self.group and not group) or (group and group not in NEED):
            return False
        if group and not self.group and self.place.denominator > 2:  # noqa: PLR2004 (triplets begin on an eighth or between two)
            return False
        after = self.place + length
        limit = min([self.target, *(place for place in self.anchors if place > self.place)])
        need = NEED.get(group, Fraction(0))
        if after + need > limit:
            return False
        if not self.home:
            return True
        if after == self.target:  # the last note: the tonic, long enough to be heard as the end
            return token in TONICS and length >= self.close and not group
        return self.target - after - need >= self.close


@lru_cache(maxsize=20_000)
def _free(
    target: Fraction, home: bool, place: Fraction, held: str, group: tuple[Fraction, ...]
) -> tuple[frozenset[str], frozenset[str]]:
    """Lengths and notes that may come in a bar without anchors: worked out once for each state."""
    bar = Measure(target, {}, home, place, held, group)
    return frozenset(bar._lengths()), frozenset(bar._sounds())
