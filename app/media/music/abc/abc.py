"""Reading ABC 2.1 (abcnotation.com/wiki/abc:standard:v2.1): tolerant, bounded, and without opening anything.

What cannot be read becomes a `Fault` with its line and column, and reading goes on. Only the first tune and its first
voice are read. Directives are ignored; those that would open files or run code are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from app.errors import InvalidError, _
from app.media.music.abc.accents import spelt_out
from app.media.music.abc.lyrics import Sung
from app.media.music.abc.staff import Staff
from app.media.music.notation.numbering import numbered
from app.media.music.notation.pitch import Key, key_of
from app.media.music.notation.tune import Fault, Metre, Tune, metre_of

MAX_TEXT = 1_000_000  # code points
MAX_FAULTS = 100
MAX_VALUE = 1_000  # code points of a field that are kept
FIELD = re.compile(r"([A-Za-z+]):(?!\|)(.*)")
MOST_VOICES = 99  # that are counted
MUSIC_FIELDS = "KMLV"
WORDED = set("TCOANSHBDFGR")  # fields of words: their accents become letters
HOSTILE = re.compile(r"include|postscript|^ps|svg|^beginps|script|^js|format|load|file|image|eps", re.IGNORECASE)
BEGIN, END = re.compile(r"%%\s*begin(\w+)", re.IGNORECASE), re.compile(r"%%\s*end(\w+)", re.IGNORECASE)
UNIT = re.compile(r"\s*1\s*/\s*(1|2|4|8|16|32|64)\b|\s*1\s*$")
COMMENT = re.compile(r"(?<!\\)%.*")
VOICE = re.compile(r"\[V:([^\[\]\n]*)\]")


class _Reader:
    """Reads line by line; what it knows so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.fields: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.staff = Staff(self.fault, self._inline)
        self.unit: Fraction | None = None
        self.first: tuple[Key, Metre | None, Fraction] | None = None  # as the header leaves them
        self.key_source: tuple[int, int] | None = None
        self.inline_keys: list[tuple[int, int, Key]] = []
        self.voice: str | None = None
        self.now = ""  # the voice that is read
        self.silent = False  # inside another voice
        self.unheard: set[str] = set()  # voices with notes that are not read
        self.sung = Sung()
        self.skipping = ""  # inside a directive's block
        self.line = self.offset = 0

    def fault(self, at: int, message: str, **details: str) -> None:
        """Something at code point `at` of the text."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(self.line, at - self.offset + 1, message, details))

    def read(self) -> Tune:
        """The first tune."""
        for number, (start, line) in enumerate(_placed_lines(self.text), 1):
            if self.staff.full or (line.startswith("X:") and self.first):
                break
            self.line, self.offset = number, start
            self._line(line)
        self.staff.finish()
        if not self.staff.bars:
            self.fault(self.offset, _("There are no notes."))
        key, metre, unit = self.first or (self.staff.key, self.staff.metre, self._unit())
        return Tune(
            source=self.text,
            fields=self.fields,
            bars=numbered(self.sung.under(self.staff.bars)),
            faults=tuple(self.faults),
            key=key,
            metre=metre,
            unit=unit,
            key_source=self.key_source,
            chord_sources=tuple(self.staff.symbols),
            inline_keys=tuple(self.inline_keys),
            unheard=len(self.unheard),
        )

    def _line(self, line: str) -> None:
        if self.skipping:
            ended = END.match(line)
            self.skipping = "" if ended and ended[1].lower() == self.skipping else self.skipping
        elif line.startswith("%%"):
            self._directive(line)
        elif found := FIELD.match(line):
            self._field(found[1], COMMENT.sub("", found[2]).strip(), self.offset + found.start(2))
        elif line.strip() and not line.startswith("%"):
            if not self.first:
                self.fault(self.offset, _("The key (K:) is missing: C is taken."))
                self._begin()
            self._music(line)

    def _music(self, line: str) -> None:
        """A line of music code; it may change the voice on the way."""
        at = 0
        self.sung.notes(self.offset)
        for found in [*VOICE.finditer(COMMENT.sub("", line)), None]:
            part = line[at : found.start() if found else len(line)]
            if part.strip() and self.voice is None:
                self.voice = "1"
            if not self.silent:
                self.staff.line(part, self.offset + at)
            elif part.strip() and len(self.unheard) < MOST_VOICES:
                self.unheard.add(self.now)
            if found:
                self._change("V", found[1].strip(), self.offset + found.start())
                at = found.end()

    def _directive(self, line: str) -> None:
        words = line[2:].split(maxsplit=1)
        begun = BEGIN.match(line)
        if begun:
            self.skipping = begun[1].lower()
        if words and HOSTILE.search(words[0]):
            self.fault(self.offset, _("The directive %(name)s is not carried out."), name=words[0][:40])

    def _field(self, letter: str, value: str, at: int) -> None:
        words = value.split()
        if letter == "I" and words and HOSTILE.search(words[0]):
            self.fault(at, _("The directive %(name)s is not carried out."), name=words[0][:40])
        if not self.first:
            self.fields.setdefault(letter, spelt_out(value[:MAX_VALUE]) if letter in WORDED else value[:MAX_VALUE])
        elif letter == "w" and not self.silent:
            self.sung.words(value)
        if letter in MUSIC_FIELDS and (letter != "V" or self.first):
            self._change(letter, value, self.text.index(value, at) if value else at)
        if letter == "K" and not self.first:
            self._begin()

    def _inline(self, letter: str, value: str, at: int) -> None:
        """A field in brackets inside a line."""
        if letter in MUSIC_FIELDS:
            self._change(letter, value, at)

    def _change(self, letter: str, value: str, at: int) -> None:
        """A key, metre, unit or voice, in the header or on the way."""
        if letter == "K":
            self._change_key(value, at)
        elif letter == "M":
            self.staff.metre = metre_of(value)
            if self.staff.metre is None and value not in {"none", ""}:
                self.fault(at, _("The metre %(name)s is unknown."), name=value[:40])
        elif letter == "L":
            found = UNIT.match(value)
            if found:
                self.unit = self.staff.unit = Fraction(1, int(found[1] or 1))
            else:
                self.fault(at, _("The unit %(name)s is unknown."), name=value[:40])
        else:
            name = value.split(maxsplit=1)[0] if value.split() else ""
            self.voice = self.voice or name
            self.silent, self.now = name != self.voice, name

    def _change_key(self, value: str, at: int) -> None:
        key = key_of(value)
        if key is None:
            self.fault(at, _("The key %(name)s is unknown."), name=value[:40])
            return
        where = (at, at + len(key.tonic)) if value.startswith(key.tonic) else None
        if where and self.first:
            self.inline_keys.append((*where, key))
        elif where:
            self.key_source = where
        self.staff.key = key

    def _unit(self) -> Fraction:
        """The length of a plain letter: given, or by the metre (standard 2.1, 3.1.7)."""
        metre = self.staff.metre
        return self.unit or (Fraction(1, 16) if metre and metre.length < Fraction(3, 4) else Fraction(1, 8))

    def _begin(self) -> None:
        """The header is over."""
        self.staff.unit = self._unit()
        self.first = (self.staff.key, self.staff.metre, self.staff.unit)


def read_tune(text: str) -> Tune:
    """The first tune of `text`. Raises InvalidError only for a text of more than a million code points."""
    if len(text) > MAX_TEXT:
        raise InvalidError("text", _("at most %(limit)s characters"), limit=f"{MAX_TEXT:,}")
    return _Reader(text).read()


def _placed_lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with the place where it begins; ABC knows LF and CRLF."""
    at = 0
    for line in text.split("\n"):
        yield at, line.removesuffix("\r")
        at += len(line) + 1
