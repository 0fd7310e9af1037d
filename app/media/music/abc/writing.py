"""Writing ABC: bars as text, a tune bar by bar (text only ever gets longer), and bars replaced in a text that stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from app.gate import UNREADABLE, windows
from app.media.music.abc.bar_writing import bar_text
from app.media.music.notation.pitch import Key
from app.media.music.notation.tune import Bar, Metre, Note, Tune

BARS_A_LINE = 4
EIGHTH = Fraction(1, 8)
LINES = {"||": "||", "|": "|", "|:": "|:", ":|": ":|", "::": "::", "[1": "[1", "[2": "[2"}


def field_text(value: str) -> str:
    """A value that is safe in a field: one line, no comment, nothing that no text may hold."""
    return " ".join(UNREADABLE.sub("", windows(value)).replace("%", " ").split())[:200]


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
        """One more bar with the bar lines before it; returns what was added. Four bars a line; a section has its own."""
        added = ""
        if opening:
            line = "".join(LINES[sign] for sign in opening)
            fresh = self._bars > 0 and "[" not in line and (self._on_line >= BARS_A_LINE or line != "|")
            spaced = " " if self._bars else ""
            if line in {"|:", "::"} and fresh:  # a repeat opens its own line
                added = f"{spaced}:|\n|: " if line == "::" else f"{spaced}|\n|: "
            else:
                added = f"{spaced}{line}" + ("\n" if fresh else " ")
            self._on_line = 0 if fresh else self._on_line
        added += bar_text(notes, self.key, self.metre, self.unit)
        pickup = not self._on_line and sum((note.duration for note in notes), Fraction(0)) < self.metre.length
        self._on_line += not pickup
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

    Bar lines, line ends, remarks, fields, other voices and every other code point stay as they are.
    """
    return edited(tune.source, [edit for at, notes in bars.items() for edit in in_place(tune, tune.bars[at], notes)])


def in_place(tune: Tune, bar: Bar, notes: Sequence[Note]) -> list[tuple[int, int, str]]:
    """The edits that give `bar` these notes, in its key and unit, under its chord symbols; the last one holds them.

    A bar that goes over several lines moves to the last of them: fields on the way count before its notes.
    """
    chords = {note.start: note.chord for note in bar.notes if note.chord}
    text = bar_text(renamed(notes, chords) if chords else notes, bar.key, bar.metre, bar.unit)
    *gone, last = bar.spans or (bar.source,)
    return [*((*span, "%" if _alone(tune.source, *span) else "") for span in gone), (*last, text)]


def _alone(text: str, start: int, end: int) -> bool:
    """Whether a line would be empty without this: that would end the tune."""
    line_end = text.find("\n", end)
    before, after = text[text.rfind("\n", 0, start) + 1 : start], text[end : line_end if line_end >= 0 else len(text)]
    return not (before + after).strip()


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
