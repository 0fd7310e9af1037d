"""Chords for a tune: the likeliest path through the key's triads (Viterbi), and what a chord symbol sounds like."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.music.pitch import LETTERS, SEMITONES, Key, Mode
from app.music.tune import Bar, Tune

# Degrees (0 the tonic) of the triads that traditional accompaniment uses in each mode, the tonic first.
TRIADS: Mapping[Mode, tuple[int, ...]] = {
    Mode.MAJOR: (0, 3, 4, 5, 1),
    Mode.MINOR: (0, 6, 5, 4, 3, 2),
    Mode.DORIAN: (0, 6, 3, 4, 2),
    Mode.MIXOLYDIAN: (0, 6, 3, 4, 1),
    Mode.PHRYGIAN: (0, 1, 6, 3),
    Mode.LYDIAN: (0, 1, 4, 5),
    Mode.LOCRIAN: (0, 3, 5, 6),
}
# How well one chord leads to another, by degrees; what is not named leads nowhere in particular.
LEADS = {(4, 0): 1.2, (4, 5): 0.2, (3, 4): 0.7, (3, 0): 0.7, (1, 4): 1.0, (5, 1): 0.5, (5, 3): 0.6, (6, 0): 0.9, (6, 3): 0.5}
STAY_IN_BAR, STAY, LEAD = 0.5, 0.1, -0.1
FITS = (1.0, 0.9, 0.8)  # a melody note that is root, third or fifth
CLASH = -0.4
ACCENT = 1.6  # of a note where a chord begins
CLOSE = 1.0  # for the tonic at the end
SYMBOL = re.compile(r"([A-G])(#|b)?(m(?!aj)|min|dim|aug|\+)?(maj7|7)?")
ROOM = 0.35  # how far chance moves a chord's fit, in the units of FITS × 3


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of a bar that gets one chord: how long each degree sounds in it."""

    bar: int  # its place in the tune
    start: Fraction
    weights: tuple[float, ...]  # of the seven degrees


def harmonised(tune: Tune, seed: int | None = None) -> dict[tuple[int, Fraction], str]:
    """Chord symbols by place of the bar and of the note in it; a chord stays until the next one.

    With a `seed`, chance decides between chords that fit about as well; without one, the best always.
    """
    slots = [slot for at, bar in enumerate(tune.bars) for slot in _slots(at, bar)]
    chance = random.Random(seed) if seed is not None else None
    chords: dict[tuple[int, Fraction], str] = {}
    before = ""
    for slot, degree in zip(slots, _path(slots, tune.key.mode, chance), strict=True):
        name = triad_name(tune.bars[slot.bar].key, degree)
        if name != before:
            chords[slot.bar, slot.start] = name
        before = name
    return chords


def _slots(at: int, bar: Bar) -> list[Slot]:
    """A bar in halves, or whole where it has three beats."""
    metre = bar.metre
    whole = metre.length if metre else bar.length
    half = whole / 2 if metre and metre.beats % 2 == 0 and (metre.beats / 2 != 3 or metre.unit >= 8) else whole  # noqa: PLR2004 (6/4 and 3/2 in one)
    found: dict[Fraction, tuple[Fraction, list[float]]] = {}
    for note in bar.notes:
        if note.rest or not half:
            continue
        degree, _alteration = bar.key.degree(note.top)
        start = note.start // half * half
        begun, weights = found.setdefault(start, (note.start, [0.0] * 7))
        weights[degree % 7] += float(note.duration) * (ACCENT if note.start == begun else 1)
    return [Slot(at, begun, tuple(weights)) for begun, weights in found.values()]


def _path(slots: Sequence[Slot], mode: Mode, chance: random.Random | None) -> list[int]:
    """The best degrees for `slots` (Viterbi: Forney 1973, https://doi.org/10.1109/PROC.1973.9030)."""
    best: dict[int, float] = {}
    came: list[dict[int, int]] = []  # for each slot but the first: from which degree each one is reached best
    for number, slot in enumerate(slots):
        current, before = {}, {}
        for degree in TRIADS[mode]:
            fit = _fit(degree, slot) + (chance.gauss(0, ROOM) if chance else 0)
            fit += CLOSE if number == len(slots) - 1 and degree == 0 else 0
            if not best:
                current[degree] = fit
                continue
            last = max(best, key=lambda other: best[other] + _leads(other, degree, slot))
            before[degree] = last
            current[degree] = best[last] + _leads(last, degree, slot) + fit
        best = current
        came += [before] if before else []
    return walked_back(max(best, key=lambda degree: best[degree]), came) if best else []


def walked_back(last: int, came: Sequence[Mapping[int, int]]) -> list[int]:
    """The way to the state `last`: `came` tells for each step from which state each one was reached."""
    way = [last]
    for before in reversed(came):
        way.append(before[way[-1]])
    return way[::-1]


def _fit(degree: int, slot: Slot) -> float:
    total = sum(slot.weights) or 1.0
    tones = {(degree + third) % 7: fits for third, fits in zip((0, 2, 4), FITS, strict=True)}
    fit = sum(weight * tones.get(at, CLASH) for at, weight in enumerate(slot.weights)) / total
    return 3 * fit + (0.35 if degree == 0 else 0.15 if degree in {3, 4} else 0)


def _leads(before: int, degree: int, slot: Slot) -> float:
    if before == degree:
        return STAY_IN_BAR if slot.start else STAY
    return LEADS.get((before, degree), LEAD)


def triad_name(key: Key, degree: int) -> str:
    """The symbol of the triad on a degree of the scale: "G", "Em", "F#dim"."""
    root, third, fifth = (key.pitch(degree + up) for up in (0, 2, 4))
    accidental = {1: "#", -1: "b", 2: "##", -2: "bb"}.get(root.alter, "")
    kind = {(4, 7): "", (3, 7): "m", (3, 6): "dim", (4, 8): "aug"}[third.midi - root.midi, fifth.midi - root.midi]
    return root.letter + accidental + kind


def chord_tones(key: Key, symbol: str) -> frozenset[int]:
    """The degrees of the scale (0 to 6) that are in the chord; empty for a symbol that is none."""
    classes = {pitch % 12 for pitch in symbol_pitches(symbol)}
    return frozenset(degree for degree in range(7) if key.pitch(degree).midi % 12 in classes)


def symbol_pitches(symbol: str) -> tuple[int, ...]:
    """A chord symbol as MIDI notes around the octave below middle C; none for one that is not understood."""
    found = SYMBOL.match(symbol)
    if not found:
        return ()
    letter, accidental, kind, seventh = found.groups()
    root = 48 + (SEMITONES[LETTERS.index(letter)] + {"#": 1, "b": -1}.get(accidental or "", 0)) % 12
    third = 3 if kind in {"m", "min", "dim"} else 4
    fifth = 6 if kind == "dim" else 8 if kind in {"aug", "+"} else 7
    top = {"7": (10,), "maj7": (11,)}.get(seventh or "", ())
    return tuple(root + up for up in (0, third, fifth, *top))
