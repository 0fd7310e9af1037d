"""A text as lines and what is counted in them. Offsets are Unicode code points of the whole text, whatever it holds."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from app.media.text.prosody.english import WORD
from app.media.text.prosody.form import Breaks
from app.media.text.scripts import is_han

_NEWLINE = "\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029"  # where str.splitlines() parts
NEW_LINES = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")  # the same, one by one
CLAUSE = "，。！？；：,.!?;:"  # marks that end a clause, in either width
_BODY = {Breaks.LINE: re.compile(f"[^{_NEWLINE}]+"), Breaks.CLAUSE: re.compile(f"[^{_NEWLINE}{CLAUSE}]+")}
_NEW_LINES = re.compile(f"\\r\\n|[{_NEWLINE}]")
# A character, or a run of anything else that is neither space nor the usual punctuation of either language.
_UNITS = regex.compile(
    "\\p{Han}|[^\\p{Han}\\s!-/:-@\\[-`{-~\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u301f\uff01-\uff0f\uff1a-\uff20]+"
)
_LONGEST = 500  # characters of a line whose sounds are looked at; longer ones are counted


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A character or word with its place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line with something in it, without the white space around it; `stanza` counts from 0."""

    start: int
    end: int
    stanza: int
    text: str

    def words(self) -> list[PlacedWord]:
        """Its English words; a Chinese character among them is a word of its own."""
        found: list[PlacedWord] = []
        for match in WORD.finditer(self.text):
            word, at = match[0], self.start + match.start()
            if word.isascii() or not any(map(is_han, word)):
                found.append(PlacedWord(at, at + len(word), word))
            else:
                found += (PlacedWord(i, i + 1, char) for i, char in enumerate(word, at))
        return found

    def characters(self, most: int = _LONGEST) -> list[PlacedWord]:
        """Its first Chinese characters, `most` of them; anything else that is no punctuation counts one for each run."""
        units = (match for match in _UNITS.finditer(self.text) if _seen(match[0]))
        return [PlacedWord(self.start + m.start(), self.start + m.end(), m[0]) for m in itertools.islice(units, most)]

    def length(self) -> int:
        """How many characters there are in all."""
        return sum(_seen(unit) for unit in _UNITS.findall(self.text))


def _seen(text: str) -> bool:
    """Whether there is a letter, digit or symbol in `text`: not only punctuation, space, marks and control characters."""
    if text.isalnum():
        return True
    return any((kind := unicodedata.category(char))[0] in "LNS" or kind in {"Cs", "Co", "Cn"} for char in text)


def unified(text: str) -> str:
    """`text` with every kind of line break as "\\n"."""
    return _NEW_LINES.sub("\n", text)


def split(text: str, breaks: Breaks) -> Iterator[Line]:
    """The lines of `text`, without those that hold no letter, digit or symbol. What is empty between two makes a stanza."""
    stanza, before = 0, -1
    for match in _BODY[breaks].finditer(text):
        stripped = match[0].strip()
        if not any(_seen(unit[0]) for unit in _UNITS.finditer(stripped)):
            continue
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        if before >= 0 and len(list(itertools.islice(_NEW_LINES.finditer(text, before, start), 2))) > 1:
            stanza += 1
        before = start + len(stripped)
        yield Line(start, before, stanza, stripped)
