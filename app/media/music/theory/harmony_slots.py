"""The places of a tune that get a chord each, by the manner in which it is accompanied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.media.music.notation.numbering import ends_section
from app.media.music.notation.tune import Bar, Tune

ACCENT = 1.6  # of a note where a chord begins
PHRASE = 4  # bars


@dataclass(frozen=True, slots=True)
class Manner:
    """A way to accompany: how often chords change, and which are liked."""

    halves: bool  # two chords a bar where its metre divides
    stay: float  # for a chord that goes on
    others: float  # for chords other than those of FIRST
    home: float  # for the tonic
    seventh: bool = False  # dominants have one


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of a bar that gets one chord: how long each semitone above the tonic sounds in it, and where it stands."""

    bar: int  # its place in the tune
    start: Fraction
    weights: tuple[float, ...]  # of the twelve semitones
    closes: bool = False  # a part ends with it
    before: bool = False  # it is the one before such
    open: bool = False  # a phrase that is no part's last ends with it
    last: int = 0  # its last note, in semitones above the tonic


def slots(tune: Tune, manner: Manner) -> Iterator[Slot]:
    """Where chords may stand, in order, pickups left out."""
    ends, places, found = _ends(tune.bars), _places(tune.bars), list[Slot]()
    for at, bar in enumerate(tune.bars):
        if not _pickup(tune.bars, at):
            found += _of_bar(at, bar, halves=manner.halves or at in ends)
    for number, slot in enumerate(found):
        last = _last_of_bar(found, number)
        after = found[number + 1] if number + 1 < len(found) else None
        closes = last and slot.bar in ends
        before = after is not None and after.bar in ends and _last_of_bar(found, number + 1)
        opens = last and not closes and places[slot.bar] % PHRASE == 0
        yield Slot(slot.bar, slot.start, slot.weights, closes, before, opens, slot.last)


def _last_of_bar(slots: Sequence[Slot], at: int) -> bool:
    return at + 1 == len(slots) or slots[at + 1].bar != slots[at].bar


def _ends(bars: Sequence[Bar]) -> frozenset[int]:
    """The places of bars with which a part ends."""
    return frozenset(at for at, bar in enumerate(bars) if ends_section(bar) or at + 1 == len(bars))


def _pickup(bars: Sequence[Bar], at: int) -> bool:
    """Whether the bar is a part's upbeat: shorter than its metre, at a beginning, with more to come."""
    bar = bars[at]
    begins = at == 0 or ends_section(bars[at - 1])
    return bar.metre is not None and begins and bar.length <= bar.metre.length / 2 and at + 1 < len(bars)


def _places(bars: Sequence[Bar]) -> list[int]:
    """Of each bar, which one of its part it is: from 1, upbeats left out."""
    found, count = list[int](), 0
    for at, bar in enumerate(bars):
        count += not _pickup(bars, at)
        found.append(count)
        if ends_section(bar):
            count = 0
    return found


def _of_bar(at: int, bar: Bar, *, halves: bool) -> Iterator[Slot]:
    """A bar in `halves`, or whole, as always where it has three beats."""
    metre = bar.metre
    whole = metre.length if metre else bar.length
    even = metre is not None and metre.beats % 2 == 0 and (metre.beats / 2 != 3 or metre.unit >= 8)  # noqa: PLR2004 (6/4 and 3/2 in one)
    half = whole / 2 if even and halves else whole
    found: dict[Fraction, tuple[Fraction, list[float], int]] = {}
    for note in bar.notes:
        if note.rest or not half:
            continue
        tone = (note.top.midi - bar.key.pitch_class) % 12
        start = note.start // half * half
        begun, weights, _last = found.get(start, (note.start, [0.0] * 12, 0))
        weights[tone] += float(note.duration) * (ACCENT if note.start == begun else 1)
        found[start] = begun, weights, tone
    yield from (Slot(at, begun, tuple(weights), last=last) for begun, weights, last in found.values())
