"""Chords for a tune as players of its tradition put them: the likeliest path through a mode's chords (Viterbi), by rules.

The rules: no chord on a pickup; a part closes with its tonic where the tune does, and the dominant, or in the modes without a
leading note the chord below the tonic, comes before it; phrases may rest on the dominant; a dominant in minor has the leading
note, unless the tune itself goes down through the other one. The seed decides the manner: plain with three chords, with those
of the other mode, with sevenths and two a bar, or with others in the place of the plain ones.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TypeVar

from app.media.music.notation.pitch import LETTERS, MIDDLE_C, SEMITONES, Key, Mode
from app.media.music.notation.tune import Tune
from app.media.music.theory.harmony_slots import Manner, Slot, slots

# Degrees (0 the tonic) of the triads that traditional accompaniment uses in each mode, the tonic first.
TRIADS: Mapping[Mode, tuple[int, ...]] = {
    Mode.MAJOR: (0, 3, 4, 5, 1, 2),
    Mode.MINOR: (0, 3, 5, 6, 2, 4),
    Mode.DORIAN: (0, 6, 3, 4, 2),
    Mode.MIXOLYDIAN: (0, 6, 3, 4, 1),
    Mode.PHRYGIAN: (0, 1, 6, 3),
    Mode.LYDIAN: (0, 1, 4, 5),
    Mode.LOCRIAN: (0, 3, 5, 6),
}
FIRST = frozenset({0, 3, 4})  # degrees that a plain accompaniment has, besides the one below the tonic in modes without 4
LEADING = {Mode.MINOR}  # modes whose dominant borrows the leading note
BELOW = {Mode.DORIAN: 6, Mode.MIXOLYDIAN: 6, Mode.PHRYGIAN: 6, Mode.LOCRIAN: 6}  # what comes before the tonic there
# How well one chord leads to another, by degrees; what is not named leads nowhere in particular.
LEADS = {(4, 0): 1.2, (4, 5): 0.2, (3, 4): 0.7, (3, 0): 0.7, (1, 4): 1.0, (5, 1): 0.5, (5, 3): 0.6, (6, 0): 0.9, (6, 3): 0.5}
LEAD = -0.1
FITS = (1.0, 0.9, 0.8)  # a melody note that is root, third or fifth
CLASH = -0.4
LEADING_CLASH = 0.25  # of a slot's weight: as much of the lowered seventh in it, and no dominant has the raised one
RESTS = 0.6  # of the last slots' weight on the tonic, from which on it has arrived
CLOSE, CADENCE, HALF = 2.0, 1.4, 0.5  # for the tonic at a part's end, its dominant before it, a phrase that ends open
ROOM = 0.35  # how far chance moves a chord's fit, in the units of FITS × 3
State = TypeVar("State")
SYMBOL = re.compile(r"([A-G])(#|b)?(m(?!aj)|min|dim|aug|\+)?(maj7|7)?")


MANNERS = (
    Manner(halves=False, stay=0.2, others=-0.9, home=0.35),
    Manner(halves=True, stay=0.3, others=0.2, home=0.1),
    Manner(halves=True, stay=-0.2, others=-0.1, home=0.0, seventh=True),
    Manner(halves=False, stay=-0.2, others=0.9, home=-0.3),
)
USUAL = Manner(halves=True, stay=0.4, others=0.0, home=0.35)  # without a seed


@dataclass(frozen=True, slots=True)
class Chord:
    """A triad on a degree of the scale; `leading`: with the raised seventh as its third."""

    degree: int
    leading: bool = False

    def tones(self, mode: Mode) -> tuple[int, int, int]:
        """Semitones above the tonic, root first."""
        root, third, fifth = (_scale(mode)[(self.degree + up) % 7] for up in (0, 2, 4))
        return root, (third + 1) % 12 if self.leading else third, fifth

    def symbol(self, key: Key, *, seventh: bool = False) -> str:
        """As it is written: "G", "Em", "F#dim", "D7"."""
        root = key.pitch(self.degree)
        accidental = {1: "#", -1: "b", 2: "##", -2: "bb"}.get(root.alter, "")
        first, third, fifth = self.tones(key.mode)
        kind = {(4, 7): "", (3, 7): "m", (3, 6): "dim", (4, 8): "aug"}[(third - first) % 12, (fifth - first) % 12]
        return root.letter + accidental + kind + ("7" if seventh and self.degree == 4 and not kind else "")  # noqa: PLR2004 (the fifth degree)


def harmonised(tune: Tune, seed: int | None = None) -> dict[tuple[int, Fraction], str]:
    """Chord symbols by place of the bar and of the note in it; a chord stays until the next one.

    With a `seed`, the manner and chance between chords that fit about as well are its own; without one, the best always.
    """
    manner = USUAL if seed is None else MANNERS[seed % len(MANNERS)]
    places = list(slots(tune, manner))
    chance = random.Random(seed) if seed is not None else None
    chords: dict[tuple[int, Fraction], str] = {}
    before = ""
    for slot, chord in zip(places, _path(places, tune.key.mode, manner, chance), strict=True):
        name = chord.symbol(tune.bars[slot.bar].key, seventh=manner.seventh or slot.before)
        if name != before:
            chords[slot.bar, slot.start] = name
        before = name
    return chords


def _path(slots: Sequence[Slot], mode: Mode, manner: Manner, chance: random.Random | None) -> list[Chord]:
    """The best chords for `slots` (Viterbi: Forney 1973, https://doi.org/10.1109/PROC.1973.9030)."""
    best: dict[Chord, float] = {}
    came: list[dict[Chord, Chord]] = []  # for each slot but the first: from which chord each one is reached best
    for slot in slots:
        current, before = {}, {}
        for chord in _chords(mode):
            fit = _fit(chord, slot, mode, manner) + (chance.gauss(0, ROOM) if chance else 0)
            if not best:
                current[chord] = fit
                continue
            last = max(best, key=lambda other: best[other] + _leads(other, chord, manner))
            before[chord] = last
            current[chord] = best[last] + _leads(last, chord, manner) + fit
        best = current
        came += [before] if before else []
    return walked_back(max(best, key=lambda chord: best[chord]), came) if best else []


def walked_back(last: State, came: Sequence[Mapping[State, State]]) -> list[State]:
    """The way to the state `last`: `came` tells for each step from which state each one was reached."""
    way = [last]
    for before in reversed(came):
        way.append(before[way[-1]])
    return way[::-1]


@cache
def _chords(mode: Mode) -> tuple[Chord, ...]:
    """The chords of a mode."""
    borrowed = (Chord(4, leading=True),) if mode in LEADING else ()
    return (*(Chord(degree) for degree in TRIADS[mode]), *borrowed)


@cache
def _scale(mode: Mode) -> tuple[int, ...]:
    """Semitones of its degrees above the tonic."""
    return tuple(Key("C", mode).pitch(degree).midi - MIDDLE_C for degree in range(7))


def _fit(chord: Chord, slot: Slot, mode: Mode, manner: Manner) -> float:
    total = sum(slot.weights) or 1.0
    tones = dict(zip(chord.tones(mode), FITS, strict=True))
    fit = 3 * sum(weight * tones.get(tone, CLASH) for tone, weight in enumerate(slot.weights)) / total
    dominant = BELOW.get(mode, 4)
    if chord.degree == 0:
        rests = slot.weights[0] / total > RESTS and (slot.closes or slot.before)
        fit += manner.home + (CLOSE if rests or (slot.closes and slot.last in tones) else 0)
    elif chord.degree not in FIRST and chord.degree != dominant:
        fit += manner.others
    if chord.degree == dominant and slot.before:
        fit += CADENCE
    if slot.open and chord.degree == dominant:
        fit += HALF
    if mode in LEADING and chord.degree == 4:  # noqa: PLR2004 (the fifth degree)
        lowered = slot.weights[(_scale(mode)[6]) % 12] / total > LEADING_CLASH
        fit += (-2.0 if lowered else 0.6) if chord.leading else -0.6
    return fit


def _leads(before: Chord, chord: Chord, manner: Manner) -> float:
    if before == chord:
        return manner.stay
    return LEADS.get((before.degree, chord.degree), LEAD)


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
