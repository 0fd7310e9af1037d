"""Writing ABC: bars as text, a tune bar by bar (text only ever gets longer), and bars replaced in a text that stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from app.music.pitch import Key
from app.music.signs import length_text, written
from app.music.tune import Bar, Metre, Note, Tune

ALTERED = {0: "=", 1: "^", -1: "_", 2: "^^", -2: "__"}
BARS_A_LINE = 4
EIGHTH = Fraction(1, 8)
LINES = {"||": "||", "|": "|", "|:": "|:", ":|": ":|", "::": "::", "[1": "[1", "[2": "[2"}


def bar_text(notes: Sequence[Note], key: Key, metre: Metre | None = None, unit: Fraction = EIGHTH) -> str:
    """A bar's notes in ABC, beamed by the beat, its tuplets in groups. Accidentals are written wherever one could doubt."""
    altered: dict[int, int] = {}  # by step
    doubtful: set[str] = set()  # letters that had an accidental in this bar, in whatever octave
    beat = metre.beat if metre else Fraction(1, 4)
    parts: list[str] = []
    place = notes[0].start if notes else Fraction(0)
    for group in grouped(notes):
        factor = Fraction(2, 3) if len(group) > 1 or _third(group[0].duration) else Fraction(1)
        if factor != 1:
            parts.append("(3" if len(group) == 3 else f"(3:2:{len(group)}")  # noqa: PLR2004 (three in the time of two)
        for note in group:
            parts.append(_before(note))
            parts.append(_pitched(note, key, altered, doubtful))
            parts.append(length_text(note.duration / factor / unit) + ("-" if note.tied else ""))
            place += note.duration
            if (place % beat == 0 and place.denominator % 3) or note.duration >= beat:
                parts.append(" ")
    return re.sub(" +", " ", "".join(parts)).strip()


def grouped(notes: Iterable[Note]) -> Iterable[Sequence[Note]]:
    """Notes alone, and those of a triplet together: thirds of a unit until they are whole again."""
    group: list[Note] = []
    for note in notes:
        group.append(note)
        if not _third(sum((one.duration for one in group), Fraction(0))):
            yield group
            group = []
    if group:
        yield group


def _third(length: Fraction) -> bool:
    return length.denominator % 3 == 0


def _before(note: Note) -> str:
    graces = "".join(written(pitch, "") for pitch in note.graces)
    return (f'"{note.chord}"' if note.chord else "") + (f"{{{graces}}}" if graces else "") + "".join(note.decorations)


def _pitched(note: Note, key: Key, altered: dict[int, int], doubtful: set[str]) -> str:
    """The note's letters, with an accidental where the signature and the bar so far do not say it."""
    if note.rest:
        return "z"
    texts = []
    for pitch in note.pitches:
        plain = key.signature[pitch.letter]
        known = altered.get(pitch.step, plain)
        doubt = pitch.letter in doubtful and pitch.step not in altered
        accidental = ALTERED[pitch.alter] if pitch.alter != known or doubt else ""
        if pitch.alter != plain:
            doubtful.add(pitch.letter)
        if accidental:
            altered[pitch.step] = pitch.alter
        texts.append(written(pitch, accidental))
    return texts[0] if len(texts) == 1 else f"[{''.join(texts)}]"


def field_text(value: str) -> str:
    """A value that is safe in a field: one line, no comment."""
    return " ".join(value.replace("%", " ").split())[:200]


def header(title: str, rhythm: str, metre: str, key: Key, tempo: str = "") -> str:
    """The fields before a tune; empty ones are left out."""
    fields = {"X": "1", "T": title, "R": rhythm, "M": metre, "L": "1/8", "Q": tempo, "K": key.name}
    return "".join(f"{letter}:{field_text(value)}\n" for letter, value in fields.items() if value)


class Sheet:
    """A tune as it is written bar by bar: `text` only ever gets longer."""

    def __init__(self, key: Key, metre: Metre, text: str = "", unit: Fraction = EIGHTH) -> None:
        """`text` is the header, or a tune that goes on."""
        self.key, self.metre, self.unit, self.text = key, metre, unit, text
        self._on_line = 0
        self._bars = 0

    def bar(self, opening: Sequence[str], notes: Sequence[Note]) -> str:
        """One more bar with the bar lines before it; returns what was added."""
        added = ""
        if opening:
            line = "".join(LINES[sign] for sign in opening)
            fresh = self._on_line >= BARS_A_LINE and "[" not in line
            spaced = " " if self._bars else ""
            if line in {"|:", "::"} and fresh:  # a repeat opens its own line
                added = f"{spaced}:|\n|: " if line == "::" else f"{spaced}|\n|: "
            else:
                added = f"{spaced}{line}" + ("\n" if fresh else " ")
            self._on_line = 0 if fresh else self._on_line
        added += bar_text(notes, self.key, self.metre, self.unit)
        self._on_line += 1
        self._bars += 1
        self.text += added
        return added

    def finish(self, closing: Sequence[str]) -> str:
        """The last bar line; returns what was added."""
        added = (" :|" if ":|" in closing or "::" in closing else " |]") + "\n"
        self.text += added
        return added


def edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """`text` with each range (start, end; code points) replaced; ranges must not overlap."""
    parts, at = [], 0
    for start, end, new in sorted(edits):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def selected(tune: Tune, first: int, last: int) -> list[int]:
    """Where in `tune.bars` the bars of these numbers are."""
    return [at for at, bar in enumerate(tune.bars) if first <= bar.number <= last]


def with_bars(tune: Tune, bars: Mapping[int, Sequence[Note]]) -> str:
    """The tune's source with the notes of some bars (by place in `tune.bars`) replaced.

    Bar lines, line ends and every other code point stay as they are.
    """
    return edited(tune.source, [(*tune.bars[at].source, in_place(tune.bars[at], notes)) for at, notes in bars.items()])


def in_place(bar: Bar, notes: Sequence[Note]) -> str:
    """What stands in the place of `bar` when it has these notes: in its key and unit."""
    return bar_text(notes, bar.key, bar.metre, bar.unit)


def with_chords(tune: Tune, chords: Mapping[tuple[int, Fraction], str]) -> str:
    """The tune's source with these chord symbols, by place of the bar and of the note in it, in place of its own."""
    edits = [(start, end, "") for start, end in tune.chord_sources]
    for at, bar in enumerate(tune.bars):
        for note in bar.notes:
            if symbol := chords.get((at, note.start)):
                where = _sign_start(tune, note)
                edits.append((where, where, f'"{symbol}"'))
    return edited(tune.source, edits)


def _sign_start(tune: Tune, note: Note) -> int:
    """Where a note's signs begin: its graces, decorations and tuplet mark come before its letters."""
    at = note.source[0]
    before = re.search(r"(?:\{[^}\n]*\}|![^!\n]*!|[~.HLMOPSTuv]|\(\d(?::\d*){0,2})*$", tune.source[max(0, at - 80) : at])
    return at - len(before[0]) if before else at


def renamed(notes: Sequence[Note], chords: Mapping[Fraction, str]) -> tuple[Note, ...]:
    """A bar's notes with chord symbols at these places."""
    return tuple(replace(note, chord=chords.get(note.start, "")) for note in notes)
