"""Pitches and keys, as notation has them: a letter with an octave, and how far it is raised or lowered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

LETTERS = "CDEFGAB"
SEMITONES = (0, 2, 4, 5, 7, 9, 11)  # of the letters above C
SHARPS = "FCGDAEB"  # the order in which a signature gets them; flats come from behind
FIFTHS = {letter: at - 1 for at, letter in enumerate(SHARPS)}  # of the major key on each letter
MIDDLE_C = 60  # MIDI
MOST = 7  # accidentals in a signature


class Mode(StrEnum):
    """The diatonic modes, by the names that ABC gives them (abcnotation.com/wiki/abc:standard:v2.1, 3.1.14)."""

    MAJOR = "maj"
    MINOR = "min"
    DORIAN = "dor"
    MIXOLYDIAN = "mix"
    PHRYGIAN = "phr"
    LYDIAN = "lyd"
    LOCRIAN = "loc"


# Fifths that a mode lies from the major key on the same tonic.
SHIFTS = dict(zip(Mode, (0, -3, -2, -1, -4, 1, -5), strict=True))
ALIASES = {"": Mode.MAJOR, "m": Mode.MINOR, "ion": Mode.MAJOR, "aeo": Mode.MINOR}
KEY = re.compile(r"\s*(?P<letter>[A-G])(?P<accidental>[#b]?)\s*(?P<mode>[A-Za-z]*)")
PIPES = re.compile(r"\s*H[Pp]\b")  # Highland pipes play A mixolydian


@dataclass(frozen=True, slots=True)
class Pitch:
    """`step` counts letters from middle C (0; the B below is -1), `alter` semitones up from the plain letter."""

    step: int
    alter: int = 0

    @property
    def letter(self) -> str:
        """C to B."""
        return LETTERS[self.step % 7]

    @property
    def octave(self) -> int:
        """In scientific pitch notation: middle C begins octave 4."""
        return 4 + self.step // 7

    @property
    def midi(self) -> int:
        """The MIDI note number."""
        return MIDDLE_C + 12 * (self.step // 7) + SEMITONES[self.step % 7] + self.alter


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic ("C", "F#", "Bb") and a mode."""

    tonic: str = "C"
    mode: Mode = Mode.MAJOR

    @property
    def fifths(self) -> int:
        """Sharps of the signature, or flats below zero."""
        return FIFTHS[self.tonic[0]] + 7 * (self.tonic.count("#") - self.tonic.count("b")) + SHIFTS[self.mode]

    @property
    def signature(self) -> Mapping[str, int]:
        """Each letter's alteration in this key."""
        return _signature(self.fifths)

    @property
    def home(self) -> int:
        """The tonic's step in the octave of middle C."""
        return LETTERS.index(self.tonic[0])

    @property
    def name(self) -> str:
        """As the field K: has it: "D", "Em", "Ador"."""
        return self.tonic + {Mode.MAJOR: "", Mode.MINOR: "m"}.get(self.mode, self.mode.value)

    @property
    def pitch_class(self) -> int:
        """The tonic's semitones above C."""
        return (SEMITONES[self.home] + self.tonic.count("#") - self.tonic.count("b")) % 12

    def degree(self, pitch: Pitch) -> tuple[int, int]:
        """Letters above the tonic in the octave of middle C, and semitones away from the signature."""
        return pitch.step - self.home, pitch.alter - self.signature[pitch.letter]

    def pitch(self, degree: int, alteration: int = 0) -> Pitch:
        """What `degree` takes apart, put together again."""
        step = degree + self.home
        return Pitch(step, self.signature[LETTERS[step % 7]] + alteration)

    def moved(self, semitones: int) -> tuple[Key, int]:
        """The key `semitones` higher and the letters from this tonic to that one; of two spellings the plainer."""
        wanted = self.pitch_class + semitones
        found = []
        for letter in LETTERS:
            for accidental, alter in (("", 0), ("#", 1), ("b", -1)):
                octaves, rest = divmod(wanted - SEMITONES[LETTERS.index(letter)] - alter, 12)
                key = Key(letter + accidental, self.mode)
                if rest == 0 and abs(key.fifths) <= MOST:
                    found.append((abs(key.fifths), -key.fifths, LETTERS.index(letter) + 7 * octaves - self.home, key))
        _flats, _sharps, letters, key = min(found, key=lambda one: one[:3])
        return key, letters


@lru_cache(maxsize=64)
def _signature(fifths: int) -> Mapping[str, int]:
    """Each letter's alteration with so many sharps, or flats below zero."""
    raised = dict.fromkeys(SHARPS[: max(0, fifths)], 1)
    lowered = dict.fromkeys(SHARPS[::-1][: max(0, -fifths)], -1)
    return MappingProxyType(dict.fromkeys(LETTERS, 0) | raised | lowered)


def key_of(text: str) -> Key | None:
    """The key that a field K: names, or None for one that cannot be read; "none" is C, without a signature."""
    if PIPES.match(text):
        return Key("A", Mode.MIXOLYDIAN)
    if text.strip().lower().startswith("none"):
        return Key()
    found = KEY.match(text)
    if not found:
        return None
    word = found["mode"].lower()[:3]
    if word in {"cle", "tre", "bas", "alt", "ten", "exp", "oct", "mid", "tra", "sta", "per"}:  # a clef or the like follows
        word = ""
    mode = ALIASES.get(word) or (Mode(word) if word in set(Mode) else None)
    key = Key(found["letter"] + found["accidental"], mode) if mode else None
    return key if key and abs(key.fifths) <= MOST else None
