"""The difference of two tunes, bar by bar: what stayed, changed, came, went or moved, and whether all of it is in another key.

Bars are the same when they sound the same: pitches and lengths, read in the key that each tune is in. Everything is bounded
(`align.Budget`), whatever the tunes are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from app.diff.align import Budget, Gap, Match, aligned, coded, gaps, joined
from app.diff.moves import Moved, bars, mask, parts
from app.media.music.notation.bars import Facet, alike, facets, sounding_text
from app.media.music.notation.numbering import ends_section
from app.media.music.notation.tune import Bar, Tune

Op = Literal["equal", "change", "insert", "delete", "move"]
PASSAGE, NOTES = 2, 6  # bars in a row, and notes in them, that a moved passage has at least
LOOKED = 6_000  # pairs of bars that are held against one another where their numbers differ
NUMBERED = 250  # thousandths of likeness that the same number is worth
FIELDS = {"title": "T", "rhythm": "R", "composer": "C", "tempo": "Q"}


@dataclass(frozen=True, slots=True)
class BarPair:
    """A bar of the old tune and the one in its place: by number in `a` and `b`, by place in `tune.bars` in `at`.

    `what` says in what a changed bar differs. What moved stands at both its places, each telling both; `move` counts the
    moves, `end` says which place this is.
    """

    op: Op
    a: int | None
    b: int | None
    at: tuple[int | None, int | None]
    what: tuple[Facet, ...] = ()
    move: int | None = None
    end: Literal["from", "to"] | None = None

    @property
    def old(self) -> int | None:
        """Where in the old tune's bars it stands, if it does."""
        return None if self.end == "to" else self.at[0]

    @property
    def new(self) -> int | None:
        """Where in the new tune's bars it stands, if it does."""
        return None if self.end == "from" else self.at[1]


@dataclass(frozen=True)
class TuneDiff:
    """What changed from tune `a` to `b`. `transposed`: semitones that `b` lies higher, None where it is in the same key."""

    a: Tune
    b: Tune
    transposed: int | None
    bars: list[BarPair]

    @cached_property
    def heading(self) -> dict[str, tuple[str, str]]:
        """What is said above the notes, where it differs: title, kind, composer, tempo, metre, key."""
        said = {name: (self.a.fields.get(letter, ""), self.b.fields.get(letter, "")) for name, letter in FIELDS.items()}
        said["metre"] = (str(self.a.metre or ""), str(self.b.metre or ""))
        said["key"] = (self.a.key.name, self.b.key.name)
        return {name: pair for name, pair in said.items() if pair[0] != pair[1]}

    @property
    def same(self) -> bool:
        """True when every bar stayed (in whatever key)."""
        return all(pair.op == "equal" for pair in self.bars)


def tune_diff(a: Tune, b: Tune) -> TuneDiff:
    """What changed from `a` to `b`; equal bars are found first, then moved ones, then those that took another's place."""
    by = transposition(a, b)
    old, new = coded([sounding_text(bar) for bar in a.bars], [sounding_text(bar, by) for bar in b.bars])
    runs = _stayed(a, b, old, new)
    left = gaps(runs, len(old), len(new))
    return TuneDiff(a, b, by or None, list(_Telling(a, b, by, _moved(a, old, new, left)).pairs(runs, left)))


def _moved(a: Tune, old: str, new: str, left: Sequence[Gap]) -> list[Moved]:
    """Passages of bars, within what no alignment found, that went in one place and came in another."""
    gone, come = [(x, x2) for x, x2, _y, _y2 in left], [(y, y2) for _x, _x2, y, y2 in left]
    sounding = [sum(not note.rest for note in bar.notes) for bar in a.bars]
    return parts(old, new, gone, come, mask(len(old), gone), bars(PASSAGE, NOTES, sounding))


def _stayed(a: Tune, b: Tune, old: str, new: str) -> list[Match]:
    """Runs of bars that both have: whole sections first, since those of a tune often end alike, then what lies between."""
    here, there = _sections(a), _sections(b)
    found = []
    for at, to, count in aligned(*coded([old[x:x2] for x, x2 in here], [new[y:y2] for y, y2 in there]), Budget()):
        found += [(here[at + n][0], there[to + n][0], here[at + n][1] - here[at + n][0]) for n in range(count)]
    budget = Budget()
    for x, x2, y, y2 in gaps(found, len(old), len(new)):
        found += [(x + i, y + j, size) for i, j, size in aligned(old[x:x2], new[y:y2], budget)]
    return joined(found)


def _sections(tune: Tune) -> list[tuple[int, int]]:
    """Where the parts of a tune begin and end, by its repeats and double lines."""
    ends = [at for at, bar in enumerate(tune.bars, 1) if ends_section(bar) or at == len(tune.bars)]
    return list(pairwise([0, *ends]))


def transposition(a: Tune, b: Tune) -> int:
    """Semitones that `b` lies above `a`: by what most bars of the same shape are apart, if those hold half of the notes."""
    old, new = coded([sounding_text(bar, None) for bar in a.bars], [sounding_text(bar, None) for bar in b.bars])
    votes: Counter[int] = Counter()
    for x, y, size in aligned(old, new, Budget()):
        for one, other in zip(a.bars[x : x + size], b.bars[y : y + size], strict=True):
            if heard := [note for note in one.notes if not note.rest]:
                first = next(note for note in other.notes if not note.rest)
                votes[first.top.midi - heard[0].top.midi] += len(heard)
    most = min(len(a.sounding), len(b.sounding))
    by, weight = max(votes.items(), key=lambda vote: (vote[1], vote[0] == 0), default=(0, 0))
    return by if weight * 2 >= most else 0


class _Telling:
    """What the runs that stayed, and the passages that moved, make of the two tunes."""

    def __init__(self, a: Tune, b: Tune, by: int, moves: Sequence[Moved]) -> None:
        self.a, self.b, self.by = a.bars, b.bars, by
        self.went = {x + n: (y + n, number) for number, (x, y, size) in enumerate(moves, 1) for n in range(size)}
        self.came = {y: (x, number) for x, (y, number) in self.went.items()}
        self.looked = LOOKED

    def pairs(self, runs: Sequence[Match], left: Sequence[Gap]) -> Iterator[BarPair]:
        """Both tunes in order."""
        stayed = [(x, y, size, None) for x, y, size in runs]
        changed = [(x, y, 0, (x, x2, y, y2)) for x, x2, y, y2 in left]
        for x, y, size, gap in sorted([*stayed, *changed], key=lambda one: (one[0], one[1], one[2])):
            for n in range(size):
                yield self._pair(x + n, y + n, same=True)
            if gap:
                yield from self._between(*gap)

    def _between(self, x: int, x2: int, y: int, y2: int) -> Iterator[BarPair]:
        """The bars of a gap: those that took another's place beside it, the others by themselves."""
        old = [at for at in range(x, x2) if at not in self.went]
        new = [at for at in range(y, y2) if at not in self.came]
        for left, right in [*self._beside(old, new), (x2, y2)]:
            yield from (self._gone(at) for at in range(x, left))
            yield from (self._come(at) for at in range(y, right))
            if left < x2 and right < y2:
                yield self._pair(left, right)
            x, y = left + 1, right + 1

    def _beside(self, old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs in order: as many as there can be, those most alike."""
        if len(old) == len(new) or len(old) * len(new) > self.looked:
            return list(zip(old, new, strict=False))
        self.looked -= len(old) * len(new)
        pairs = best_pairs([self.a[at] for at in old], [self.b[at] for at in new], self.by)
        return [(old[i], new[j]) for i, j in pairs]

    def _pair(self, x: int, y: int, *, same: bool = False) -> BarPair:
        one, other = self.a[x], self.b[y]
        what = facets(one, other, self.by, opening=x > 0 and y > 0, same=same)
        return BarPair("change" if what else "equal", one.number, other.number, (x, y), what)

    def _gone(self, x: int) -> BarPair:
        if x not in self.went:
            return BarPair("delete", self.a[x].number, None, (x, None))
        y, move = self.went[x]
        return BarPair("move", self.a[x].number, self.b[y].number, (x, y), (), move, "from")

    def _come(self, y: int) -> BarPair:
        if y not in self.came:
            return BarPair("insert", None, self.b[y].number, (None, y))
        x, move = self.came[y]
        return BarPair("move", self.a[x].number, self.b[y].number, (x, y), (), move, "to")


def best_pairs(a: Sequence[Bar], b: Sequence[Bar], by: int) -> list[tuple[int, int]]:
    """Of two runs of different length the pairs of places, in order, that are most alike together.

    A longest common subsequence weighted by `alike` (Wagner and Fischer, 1974); of little alike ones, those of one number.
    """
    best = [[0] * (len(b) + 1) for _row in range(len(a) + 1)]
    weight = [[_weight(one, other, by) for other in b] for one in a]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            best[i][j] = max(best[i + 1][j + 1] + weight[i][j], best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if best[i][j] == best[i + 1][j + 1] + weight[i][j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _weight(one: Bar, other: Bar, by: int) -> int:
    """At least 1: a pair at all is better than none."""
    return 1 + round(1000 * alike(one, other, by)) + (NUMBERED if one.number == other.number else 0)
