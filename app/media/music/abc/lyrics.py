"""Words under notes: lines `w:` of ABC as a syllable for each note, and back (standard 2.1, 5.1)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from app.gate import UNREADABLE, windows
from app.media.music.notation.tune import Bar, Note

MOST_VERSES = 12
HOLD, NONE, BAR = "_", "*", "|"  # the syllable before goes on; no word; on to the next bar
SYLLABLE = re.compile(r"[|_*]|(?:\\-|[^\s\-_*|])+-?|-")
UNSUNG = re.compile(r"[*_|%\\\s]+")


class Sung:
    """Lines of notes with the words under each, as a reader finds them."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.verses: list[list[list[str]]] = []  # of each line: of each verse its syllables, the last first

    def notes(self, start: int) -> None:
        """A line of notes begins at this code point."""
        self.starts.append(start)
        self.verses.append([])

    def words(self, text: str) -> None:
        """Words under the last line of notes: another verse."""
        if self.verses and len(self.verses[-1]) < MOST_VERSES:
            self.verses[-1].append(syllables(text)[::-1])

    def under(self, bars: Sequence[Bar]) -> list[Bar]:
        """The bars, each note with its syllables: one for each verse, "" for none; "Hal-" is followed by more of its word."""
        return [self._bar(bar) for bar in bars] if any(self.verses) else list(bars)

    def _bar(self, bar: Bar) -> Bar:
        begun: set[tuple[int, int]] = set()  # lines and verses that this bar has taken a syllable of
        notes = []
        for note in bar.notes:
            line = bisect_right(self.starts, note.source[0]) - 1
            verses = self.verses[line] if line >= 0 and not note.rest else []
            taken = [_next(verse, begun, (line, at)) for at, verse in enumerate(verses)]
            notes.append(replace(note, lyrics=tuple(taken)) if any(taken) else note)
        return replace(bar, notes=tuple(notes))


def _next(verse: list[str], begun: set[tuple[int, int]], where: tuple[int, int]) -> str:
    if verse and verse[-1] == BAR:
        if where in begun:
            return ""
        verse.pop()
    begun.add(where)
    said = verse.pop() if verse and verse[-1] != BAR else ""
    return "" if said == NONE else said


def syllables(text: str) -> list[str]:
    """The syllables of a line `w:`, each with a hyphen after it where its word goes on."""
    found: list[str] = []
    for said in SYLLABLE.findall(text):
        if said == "-" and found:  # after a space, or a second one: the word goes on over another note
            found[-1] += "" if found[-1].endswith("-") else "-"
        else:
            found.append(said if said in {BAR, HOLD, NONE} else said.replace("\\-", "\u2010").replace("~", " "))
    return found


def written(notes: Sequence[Note]) -> str:
    """The lines `w:` under a line of notes; nothing where none is sung."""
    sung = [note for note in notes if not note.rest]
    verses = max((len(note.lyrics) for note in sung), default=0)
    lines = []
    for at in range(verses):
        said = [_safe(note.lyrics[at]) if at < len(note.lyrics) and note.lyrics[at] else NONE for note in sung]
        while said and said[-1] == NONE:
            said.pop()
        lines.append("w:" + "".join(f"{one} " if not one.endswith("-") else one for one in said).rstrip() + "\n")
    return "".join(lines)


def _safe(syllable: str) -> str:
    """A syllable without the signs that mean something else there."""
    if syllable == HOLD:
        return HOLD
    on = syllable.endswith("-")
    said = UNSUNG.sub("~", UNREADABLE.sub("", windows(syllable)).removesuffix("-").strip()).replace("-", "\\-")
    return (said or NONE) + ("-" if on and said else "")
