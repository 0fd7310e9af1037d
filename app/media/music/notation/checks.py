"""What holds of a tune: whether it was read whole, its bars come out even, its key and metre are the ones asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.media.music.notation.numbering import ends_section
from app.media.music.notation.pitch import Key
from app.media.music.notation.tune import Bar, Metre, Tune

IN_KEY = 0.85  # of the sounding time must lie in the key's scale
POINTS = 48  # of a contour


@dataclass(frozen=True, slots=True)
class Checks:
    """`key` and `metre` are None where none was asked for."""

    parses: bool
    bars_complete: bool
    key: bool | None
    metre: bool | None


def checks(tune: Tune, key: Key | None = None, metre: Metre | None = None) -> Checks:
    """`tune` held against what was asked."""
    return Checks(
        parses=not tune.faults and bool(tune.sounding),
        bars_complete=not incomplete(tune),
        key=None if key is None else tune.key == key and in_key(tune) >= IN_KEY,
        metre=None if metre is None else tune.metre == metre and all(bar.metre == metre for bar in tune.bars),
    )


def incomplete(tune: Tune) -> list[int]:
    """Places in `tune.bars` of the bars that do not come out even.

    Even are: a bar of the metre's length; a pickup; two parts of one with a repeat between them; and the last of a section
    that together with the section's own pickup makes one. A tune without a metre has none.
    """
    return [at for at, bar in enumerate(tune.bars) if not _even(tune.bars, at, bar)]


def _even(bars: Sequence[Bar], at: int, bar: Bar) -> bool:
    whole = bar.metre.length if bar.metre else None
    if whole is None or bar.length == whole:
        return True
    if bar.length > whole or not bar.length:
        return False
    if at == 0 or ends_section(bars[at - 1]):  # a pickup, of the tune or of a section
        return True
    if not ends_section(bar) and at + 1 < len(bars):
        return False
    missing = whole - bar.length
    after = bars[at + 1].length if at + 1 < len(bars) else Fraction(0)
    return missing in {after, _pickup(bars, at)} or (at + 1 < len(bars) and after == whole and bool(bars[at + 1].endings))


def _pickup(bars: Sequence[Bar], at: int) -> Fraction:
    """The pickup that the section with bar `at` began with; that of the tune where it has none of its own."""
    for start in range(at, -1, -1):
        if start == 0 or ends_section(bars[start - 1]):
            metre = bars[start].metre
            if metre and bars[start].length < metre.length and start < at:
                return bars[start].length
            break
    first = bars[0]
    return first.length if first.metre and first.length < first.metre.length else Fraction(0)


def in_key(tune: Tune) -> float:
    """The share of the sounding time in the scale of the key that it is written in."""
    total = inside = Fraction(0)
    for bar in tune.bars:
        scale = bar.key.signature
        for note in bar.notes:
            for pitch in note.pitches[:1]:
                total += note.duration
                inside += note.duration if pitch.alter == scale[pitch.letter] else 0
    return float(inside / total) if total else 0.0


def ends_at_home(tune: Tune) -> bool:
    """Whether its last note is the tonic."""
    notes = tune.sounding
    return bool(notes) and notes[-1].top.midi % 12 == tune.bars[-1].key.pitch_class


def contour(tune: Tune, points: int = POINTS) -> tuple[float, ...]:
    """The tune's line at `points` places, evenly in time: 0 its lowest pitch, 1 its highest. Empty without notes."""
    spans, place = [], Fraction(0)
    for note in tune.notes:
        if not note.rest:
            spans.append((place, note.top.midi))
        place += note.duration
    if not spans:
        return ()
    low, high = min(pitch for _at, pitch in spans), max(pitch for _at, pitch in spans)
    drawn, current = [], 0
    for number in range(points):
        while current + 1 < len(spans) and spans[current + 1][0] <= place * number / points:
            current += 1
        drawn.append((spans[current][1] - low) / max(1, high - low))
    return tuple(drawn)


def apart(one: Sequence[float], other: Sequence[float]) -> float:
    """The mean distance of two contours of the same number of points: 0 the same, 1 as far as can be."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / max(1, len(one))
