"""A tune as pages show it: what it is, what changed in words, and columns of bars for two staves, one above the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from typing import Any

from app.bounded import MB, bounded
from app.diff.tune import BarPair, Op, TuneDiff, tune_diff
from app.errors import _
from app.media.facts import UNKNOWN, Checks, Facts, Shared
from app.media.music.abc.abc import read_tune
from app.media.music.abc.bar_writing import bar_text
from app.media.music.abc.signs import length_text
from app.media.music.notation.bars import Facet, begins
from app.media.music.notation.heading import Heading, heading
from app.media.music.notation.numbering import repeats
from app.media.music.notation.tune import Bar, Fault, Tune
from app.media.music.theory.telling import SMALL, describe_abc

UNSAFE = re.compile(r"[\n%]|\[[A-Za-z]:")  # in a bar: what would not stay within it when it is drawn beside others
NOTES = frozenset({"pitch", "rhythm"})
DRAWN = 2_000  # bars on the staves of a page
TOO_MUCH = _("These tunes need too much time or memory to be compared. Compare revisions that lie nearer to each other.")
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Changes of one kind in a row: numbers of the first and last bar in either tune; `at` is the first column of them."""

    op: Op
    a: Range | None
    b: Range | None
    what: tuple[Facet, ...]
    end: str | None
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class About:
    """What a tune's page tells: `head` as heading() reads it, the numbers of bars that are not full, what cannot be read.

    `shared` is the longest run that it has in common with a known tune, or with another one of the artist's.
    """

    head: Heading
    bars: int
    uneven: Sequence[int]
    faults: tuple[Fault, ...]
    checks: Checks
    home: bool
    shared: Shared
    contour: Sequence[float]


def about(text: str, facts: Facts) -> About:
    """Of a tune in ABC and the `facts` that its revision keeps; what those do not tell is found out."""
    tune = describe_abc(text)
    facts = facts if facts.checks else Facts.of(tune.facts)
    return About(
        head=heading(text),
        bars=tune.bars[-1][0] if tune.bars else 0,
        uneven=tune.uneven,
        faults=tune.faults,
        checks=facts.checks or UNKNOWN,
        home=bool(facts.ends_at_home),
        shared=facts.shared,
        contour=facts.contour,
    )


def stretches(pairs: Sequence[BarPair]) -> list[Stretch]:
    """What changed, in order; bars in a row that changed alike are one."""
    found: list[Stretch] = []
    for (op, _move, end, _notes), run in groupby(enumerate(pairs), key=lambda one: _kind(one[1])):
        if op == "equal":
            continue
        places = list(run)
        what = {facet: True for _at, pair in places for facet in pair.what}
        a, b = _range([pair.a for _at, pair in places]), _range([pair.b for _at, pair in places])
        found.append(Stretch(op, a, b, tuple(what), end, places[0][0], len(places)))
    return found


def _kind(pair: BarPair) -> tuple[Op, int | None, str | None, bool]:
    """What bars have in common that are told together: other notes are told apart from other signs."""
    return pair.op, pair.move, pair.end, not NOTES.isdisjoint(pair.what)


def _range(numbers: list[int | None]) -> Range | None:
    known = [number for number in numbers if number is not None]
    return (known[0], known[-1]) if known else None


@dataclass(frozen=True, slots=True)
class Tunes:
    """What changed from one tune to another (app.diff.tune), with what a page draws: `columns` of the first bars."""

    transposed: int | None
    heading: dict[str, tuple[str, str]]
    bars: list[BarPair]
    same: bool
    columns: list[dict[str, Any]]


@bounded(30, 500 * MB, TOO_MUCH, small=lambda a, b: len(a) + len(b) <= 2 * SMALL)
def compared(a: str, b: str) -> Tunes:
    """What changed from the tune `a` to `b`, both in ABC. Raises InvalidError for more than a million code points."""
    diff = tune_diff(read_tune(a), read_tune(b))
    return Tunes(diff.transposed, diff.heading, diff.bars, diff.same, columns(replace(diff, bars=diff.bars[:DRAWN])))


def columns(diff: TuneDiff) -> list[dict[str, Any]]:
    """For each pair {op, a, b}: its bars as `_cell` tells them; what is missing is a silence as long as the other, {rest}."""
    return [{"op": pair.op, "end": pair.end} | _cells(_bar(diff.a, pair.old), _bar(diff.b, pair.new)) for pair in diff.bars]


def _bar(tune: Tune, at: int | None) -> tuple[Tune, Bar, int] | None:
    return None if at is None else (tune, tune.bars[at], at)


def _cells(old: tuple[Tune, Bar, int] | None, new: tuple[Tune, Bar, int] | None) -> dict[str, Any]:
    longest = max(one[1].length for one in (old, new) if one)
    return {name: _cell(one, longest) for name, one in (("a", old), ("b", new))}


def _cell(one: tuple[Tune, Bar, int] | None, longest: Fraction) -> dict[str, Any]:
    """A bar in ABC with what must be said before it, where in its tune's source it stands, and the lines around it."""
    if one is None:
        return {"rest": str(longest)}
    tune, bar, at = one
    text, own = in_line(tune, bar)
    return {
        "number": bar.number,
        "text": text + (f" x{length_text((longest - bar.length) / bar.unit)}" if bar.length < longest else ""),
        "start": bar.source[0] if own else None,
        "end": bar.source[1],
        "notes": len(bar.notes),
        "key": bar.key.name,
        "metre": str(bar.metre or "none"),
        "unit": str(bar.unit),
        "begins": begins(bar) or (at == 0 and ":" in bar.opening),
        "repeats": repeats(bar),
        "double": "||" in bar.closing,
        "last": at == len(tune.bars) - 1,
        "endings": ",".join(map(str, bar.endings)),
    }


def in_line(tune: Tune, bar: Bar) -> tuple[str, bool]:
    """The bar as it is written, and True; or written anew where it would not stay in one line by itself."""
    text = tune.source[slice(*bar.source)]
    return (bar_text(bar.notes, bar.key, bar.metre, bar.unit), False) if UNSAFE.search(text) else (text, True)
