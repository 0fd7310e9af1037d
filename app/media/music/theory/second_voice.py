"""A second voice under a tune, note against note: thirds, sixths and now and then a fourth, within the chords.

It stands in the tune's own staff as double stops ([GB]), so it is drawn, played, exported and read back like any other
notes. The tune stays the upper voice, and every other code point of its source stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.media.music.abc.signs import pitch_text
from app.media.music.abc.writing import edited
from app.media.music.notation.pitch import Key, Pitch
from app.media.music.notation.tune import Bar, Note, Tune
from app.media.music.theory.harmony import chord_tones, walked_back

BELOW = {2: 0.0, 5: 0.25, 3: 0.8, 4: 1.4}  # letters under the tune's note, and how little one wants them
OUTSIDE, LEAP, TURN = 1.5, 0.2, 0.3  # a note outside the chord on a beat; each letter of a leap; another interval than before
PASSING = 0.3  # of OUTSIDE, between the beats
LOWEST = -3  # letters from middle C: a fiddle's low G


@dataclass(frozen=True, slots=True)
class _Place:
    """A note of the tune that gets company: its degree, the chord's degrees, and how much they matter here."""

    note: Note
    key: Key
    degree: int
    tones: frozenset[int]
    weight: float
    taken: frozenset[int]  # steps that an accidental changes in this bar


def with_second_voice(tune: Tune, chords: Mapping[tuple[int, Fraction], str]) -> str:
    """The tune's source with a note under each of its own, as `chords` (by place of the bar and of the note) allow."""
    places = [*_places(tune, chords)]
    edits = []
    for place, below in zip(places, _path(places), strict=True):
        low = place.key.pitch(place.degree - below)
        if low.step >= LOWEST and low.step not in place.taken:
            start, end = place.note.source
            edits.append((start, end, f"[{pitch_text(low, '')}{tune.source[start:end]}]"))
    return edited(tune.source, edits)


def _places(tune: Tune, chords: Mapping[tuple[int, Fraction], str]) -> Iterator[_Place]:
    symbol = ""
    for at, bar in enumerate(tune.bars):
        taken = _taken(bar)
        beat = bar.metre.beat if bar.metre else Fraction(1, 4)
        for note in bar.notes:
            symbol = chords.get((at, note.start), symbol)
            if len(note.pitches) == 1:
                degree, _alteration = bar.key.degree(note.top)
                weight = OUTSIDE * (1.0 if note.start % beat == 0 else PASSING)
                yield _Place(note, bar.key, degree, chord_tones(bar.key, symbol), weight, taken)


def _taken(bar: Bar) -> frozenset[int]:
    """Steps whose plain letter does not mean the key's note all through the bar."""
    pitches: list[Pitch] = [pitch for note in bar.notes for pitch in note.pitches]
    return frozenset(pitch.step for pitch in pitches if pitch.alter != bar.key.signature[pitch.letter])


def _path(places: Sequence[_Place]) -> list[int]:
    """How far below each note: the cheapest way through (Viterbi, as chords are found)."""
    best: dict[int, float] = {}
    came: list[dict[int, int]] = []
    for number, place in enumerate(places):
        current, reached = {}, {}
        for below, dislike in BELOW.items():
            outside = place.weight if place.tones and (place.degree - below) % 7 not in place.tones else 0.0
            ways = []
            for before, cost in best.items():
                moved = abs(place.degree - below - (places[number - 1].degree - before))
                ways.append((cost + LEAP * max(0, moved - 2) + TURN * (below != before), before))
            cost, reached[below] = min(ways, key=lambda way: way[0], default=(0.0, below))
            current[below] = cost + dislike + outside
        came += [reached] if best else []
        best = current
    return walked_back(min(best, key=lambda below: best[below]), came) if best else []
