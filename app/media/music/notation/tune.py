"""What a tune is: bars of notes with the place in the source that each came from. Durations are fractions of a whole note."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from app.media.music.notation.pitch import Key, Pitch

MAX_BARS = 10_000
MAX_NOTES = 100_000  # and rests; reading them takes some seconds
METRE = re.compile(r"\s*(\d{1,3})\s*/\s*(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Metre:
    """Beats and beat unit; "C" is 4/4 and "C|" is 2/2."""

    beats: int
    unit: int

    @property
    def length(self) -> Fraction:
        """Of a bar."""
        return Fraction(self.beats, self.unit)

    @property
    def compound(self) -> bool:
        """Whether beats divide in three (6/8, 9/8, 12/8)."""
        return self.beats > 3 and self.beats % 3 == 0 and self.unit >= 8  # noqa: PLR2004 (three eighths are one beat)

    @property
    def beat(self) -> Fraction:
        """How long a beat is, as it is counted and beamed."""
        if self.beats % 3 == 0 and self.unit >= 8:  # noqa: PLR2004 (as above, and 3/8)
            return Fraction(3, self.unit)
        return Fraction(1, 4) if self.unit > 4 else Fraction(1, self.unit)  # noqa: PLR2004 (eighths go in pairs)

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"


def metre_of(text: str) -> Metre | None:
    """The metre that a field M: names, or None ("none", or one that cannot be read)."""
    word = text.strip()
    if word in {"C", "c"}:
        return Metre(4, 4)
    if word in {"C|", "c|"}:
        return Metre(2, 2)
    found = METRE.match(word)
    if not found:
        return None
    beats, unit = int(found[1]), int(found[2])
    return Metre(beats, unit) if 0 < beats <= 64 and unit in {1, 2, 4, 8, 16, 32, 64} else None  # noqa: PLR2004 (notation ends there)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that could not be read, or was refused: `line` and `column` (code points) count from 1."""

    line: int
    column: int
    message: str
    details: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.message % self.details if self.details else self.message}"


@dataclass(frozen=True, slots=True)
class Note:
    """One or several pitches sounding together, or none (a rest). `start` counts from the bar's beginning.

    `source` are the code points that its pitches are written with (without decorations, graces, length and tie).
    """

    pitches: tuple[Pitch, ...]
    start: Fraction
    duration: Fraction
    tied: bool = False  # into the next note
    chord: str = ""  # the chord symbol above it
    graces: tuple[Pitch, ...] = ()
    decorations: tuple[str, ...] = ()
    source: tuple[int, int] = (0, 0)
    lyrics: tuple[str, ...] = ()  # what is sung to it, a syllable for each verse (app.media.music.abc.lyrics)

    @property
    def rest(self) -> bool:
        """Nothing sounds."""
        return not self.pitches

    @property
    def top(self) -> Pitch:
        """The highest pitch; there must be one."""
        return max(self.pitches, key=lambda pitch: pitch.midi)


@dataclass(frozen=True, slots=True)
class Bar:
    """The notes between two bar lines. A pickup is number 0; where a repeat divides a bar, each part is a bar here.

    `opening` are the bar lines and `ending` (1 or 2, …) before it, `closing` the bar line after it, as written in ABC.
    `source` are the code points from its first sign to its last, without bar lines and the space around them; `spans` the
    same without what stands between: other lines (fields, remarks, another voice) and fields in brackets.
    """

    number: int
    notes: tuple[Note, ...]
    key: Key
    metre: Metre | None
    opening: str = ""
    endings: tuple[int, ...] = ()
    closing: str = ""
    source: tuple[int, int] = (0, 0)
    unit: Fraction = Fraction(1, 8)  # the length of a plain letter in it
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def length(self) -> Fraction:
        """What its notes add up to."""
        last = self.notes[-1] if self.notes else None
        return last.start + last.duration if last else Fraction(0)


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune in its source. `fields` are those of the header, each letter's first value."""

    source: str
    fields: dict[str, str]
    bars: tuple[Bar, ...]
    faults: tuple[Fault, ...] = ()
    key: Key = field(default_factory=Key)
    metre: Metre | None = None
    unit: Fraction = Fraction(1, 8)
    key_source: tuple[int, int] | None = None  # where the tonic of K: stands
    chord_sources: tuple[tuple[int, int], ...] = ()  # chord symbols, with their quotation marks
    inline_keys: tuple[tuple[int, int, Key], ...] = ()  # later keys: where their tonic stands
    unheard: int = 0  # voices besides the first, which are drawn and no more

    @property
    def title(self) -> str:
        """Its first title."""
        return self.fields.get("T", "")

    @property
    def notes(self) -> Iterator[Note]:
        """All notes and rests, as written (repeats once)."""
        return (note for bar in self.bars for note in bar.notes)

    @property
    def sounding(self) -> list[Note]:
        """All notes without rests, as written."""
        return [note for note in self.notes if not note.rest]

    def bar(self, number: int) -> Bar | None:
        """The bar of that number."""
        return next((bar for bar in self.bars if bar.number == number), None)
