"""Chord symbols as they are played: a bass and a chord by turns in each metre, as abcjs plays them on the page.

After abcjs 6.7 (MIT), src/synth/chord-track.js.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from app.media.music.notation.tune import Bar
from app.media.music.theory.harmony import SYMBOL, symbol_pitches

# What is played in each eighth of a bar: b the bass, c the chord.
PATTERNS = {
    "2/2": "b...c...",
    "3/2": "b...c...c...",
    "4/2": "b...c...b...c...",
    "2/4": "b.c.",
    "3/4": "b.c.c.",
    "4/4": "b.c.b.c.",
    "5/4": "b.c.c.b.c.",
    "6/4": "b.c.b.c.b.c.",
    "3/8": "b.c",
    "5/8": "bccbc",
    "6/8": "b.cb.c",
    "7/8": "bccbcbc",
    "9/8": "b.cb.cb.c",
    "10/8": "bccbccbcbc",
    "11/8": "bccbccbcbcc",
    "12/8": "b.cb.cb.cb.c",
}
EIGHTH = Fraction(1, 8)
BASSES = {"A": 33, "B": 35, "C": 36, "D": 38, "E": 40, "F": 41, "G": 43}  # MIDI notes
BASS, CHORD = 64, 48  # MIDI velocities
LONGEST = 8_192  # eighths of a bar that are accompanied


@dataclass(frozen=True, slots=True)
class Struck:
    """A note of the accompaniment; `start` and `duration` in whole notes."""

    start: Fraction
    duration: Fraction
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class _Chord:
    bass: int
    second: int  # the bass that takes turns with it: its fifth below
    pitches: tuple[int, ...]


def accompaniment(bars: Iterable[tuple[Fraction, Bar]]) -> Iterator[Struck]:
    """What accompanies `bars`, each with the place where it begins, in the order in which they are played."""
    held: _Chord | None = None
    for place, bar in bars:
        changes = [(note.start / EIGHTH, chord) for note in bar.notes if note.chord and (chord := _chord(note.chord))]
        if held is None and not changes:
            continue
        pattern, passed = _pattern(bar), 0
        lasting = Fraction(1, 2 * bar.metre.unit) if bar.metre else EIGHTH
        first, before = True, None
        for at, sign in enumerate(pattern):
            while passed < len(changes) and changes[passed][0] <= at:
                held = changes[passed][1]
                passed += 1
            fresh = at > 0 and held != before
            first = first or fresh
            if held is None:
                continue
            start = place + at * EIGHTH
            if sign == "b" or (fresh and pattern[0] == "b"):  # a chord that comes between the basses brings its own
                yield Struck(start, lasting, held.bass if first else held.second, BASS)
            first = first and sign != "b"
            if sign == "c":
                yield from (Struck(start, lasting, pitch, CHORD) for pitch in held.pitches)
            before = held
        held = changes[-1][1] if changes else held


def _pattern(bar: Bar) -> str:
    """What is struck in the eighths of a bar: in one that is not whole, or in a metre of no pattern, chords."""
    eighths = min(LONGEST, -(-bar.length // EIGHTH))
    if bar.metre and bar.length != bar.metre.length:
        return ("c." * eighths)[: -(-eighths // 2)]
    return PATTERNS.get(str(bar.metre)) or ("c." * eighths)[:eighths]


def _chord(symbol: str) -> _Chord | None:
    """A chord symbol as pitches: a low bass, and the chord in the octave above it."""
    found, pitches = SYMBOL.match(symbol), symbol_pitches(symbol)
    if not found or len(pitches) < 3:  # noqa: PLR2004 (a triad)
        return None
    bass = BASSES[found[1]] + {"#": 1, "b": -1}.get(found[2] or "", 0)
    intervals = [pitch - pitches[0] for pitch in pitches]
    return _Chord(bass, bass - 12 + intervals[2], tuple(bass + 12 + up for up in intervals))
