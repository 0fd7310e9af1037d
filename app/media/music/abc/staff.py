"""Music code into bars: what the signs of a line mean one after another."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice

from app.errors import _
from app.media.music.abc.signs import ACCIDENTALS, ONE_PITCH, SIGN, length_of, plain_pitch, tuplet_of
from app.media.music.notation.pitch import Key, Pitch
from app.media.music.notation.tune import MAX_BARS, MAX_NOTES, Bar, Metre, Note

INNER_LENGTH = re.compile(r"\[(?:\^{1,2}|_{1,2}|=)?[A-Ga-g][,']*(\d*(?:/+\d*)?)")
ANNOTATIONS = frozenset("^_<>@")
# What a sign is, by the last of its groups that matched.
LOUD = {
    name: name for name in ("bar", "tuplet", "volta", "symbol", "field", "broken", "grace", "decoration", "overlay", "other")
}
LOUD |= {"tie": "note", "chord_tie": "chord"}
BESIDE = frozenset({"bar", "volta", "field", "other"})  # signs that belong to no bar
MOST_PITCHES = 16  # of a chord; no hand or choir has more
MOST_LINES = 64  # characters of the bar lines between two bars
ONE = Fraction(1)
PLAIN = (ONE, 0)  # no tuplet
Faults = Callable[..., None]  # (place, message, **details)


@dataclass(slots=True)
class _Open:
    """A bar under construction."""

    notes: list[Note] = field(default_factory=list)
    length: Fraction = Fraction(0)  # of the notes
    start: int = -1
    end: int = -1
    opening: str = ""
    endings: tuple[int, ...] = ()
    accidentals: dict[int, int] = field(default_factory=dict)
    spans: list[tuple[int, int]] = field(default_factory=list)
    parted: bool = True  # something else came after the last sign

    def touch(self, start: int, end: int) -> None:
        """A sign of the bar stands there."""
        self.start = start if self.start < 0 else self.start
        self.end = end
        if self.parted:
            self.spans.append((start, end))
        self.spans[-1] = (self.spans[-1][0], end)
        self.parted = False


class Staff:
    """The bars of one voice. `key`, `metre` and `unit` may change on the way; `fields` hears of those inside a line."""

    def __init__(self, fault: Faults, fields: Callable[[str, str, int], None]) -> None:
        self.key, self.unit = Key(), Fraction(1, 8)
        self.metre: Metre | None = None
        self.bars: list[Bar] = []
        self.symbols: list[tuple[int, int]] = []
        self.full = False
        self._count = 0  # of notes and rests
        self._fault, self._fields = fault, fields
        self._bar = _Open()
        self._forget()

    def _forget(self) -> None:
        """What waits for the next note."""
        self._chord = ""
        self._graces: tuple[Pitch, ...] = ()
        self._decorations: tuple[str, ...] = ()
        self._tuplet: tuple[Fraction, int] = PLAIN
        self._broken = ONE

    def line(self, text: str, offset: int) -> None:
        """Read a line of music code that begins at `offset`."""
        self._bar.parted = True
        for sign in SIGN.finditer(text):
            if self.full:
                return
            last = sign.lastgroup or ""
            kind = LOUD.get(last, "")
            if kind:
                getattr(self, f"_read_{kind}")(sign, offset + sign.start())
            if kind not in BESIDE and last != "comment" and not sign[0].isspace():
                self._bar.touch(offset + sign.start(), offset + sign.end())

    def finish(self) -> None:
        """The voice ends, perhaps without a bar line."""
        if self._bar.notes:
            self._close("", self._bar.end)

    def _read_note(self, sign: re.Match[str], at: int) -> None:
        letters = sign["note"]
        lasting = self._length(sign["length"], at + len(letters))
        if lasting is None:
            return
        rest = letters in set("zxZX")
        if letters in {"Z", "X"} and self.metre:
            lasting = self.metre.length * lasting / self.unit
        pitches = () if rest else (self._pitch(*plain_pitch(letters)),)
        self._add(pitches, lasting, bool(sign["tie"]), (at, at + len(letters)))

    def _read_chord(self, sign: re.Match[str], at: int) -> None:
        letters = sign["chord"]
        inner = INNER_LENGTH.match(letters)
        first = self._length(inner[1] if inner else "", at)
        outer = length_of(sign["chord_length"])
        if first is None or outer is None:
            return
        written = [*islice(ONE_PITCH.finditer(letters), MOST_PITCHES + 1)]
        if len(written) > MOST_PITCHES:
            self._fault(at, _("A chord may have %(most)s notes; the rest is not read."), most=str(MOST_PITCHES))
        pitches = tuple(self._pitch(*plain_pitch(one[0])) for one in written[:MOST_PITCHES])
        self._add(pitches, first * outer, bool(sign["chord_tie"]) or "-" in letters, (at, at + len(letters)))

    def _length(self, text: str, at: int) -> Fraction | None:
        lasting = length_of(text, self.unit)
        if lasting is None:
            self._fault(at, _("No note is %(length)s long."), length=text[:20])
        return lasting

    def _add(self, pitches: tuple[Pitch, ...], lasting: Fraction, tied: bool, source: tuple[int, int]) -> None:
        self._count += 1
        if self._count == MAX_NOTES:
            self.full = True
            self._fault(source[0], _("A tune may have %(most)s notes; the rest is not read."), most=f"{MAX_NOTES:,}")
        factor, left = self._tuplet
        self._tuplet = (factor, left - 1) if left > 1 else PLAIN
        if factor is not ONE:
            lasting *= factor
        if self._broken is not ONE:
            lasting *= self._broken
        bar = self._bar
        bar.notes.append(Note(pitches, bar.length, lasting, tied, self._chord, self._graces, self._decorations, source))
        bar.length += lasting
        self._chord, self._graces, self._decorations, self._broken = "", (), (), ONE

    def _pitch(self, accidental: str | None, step: int) -> Pitch:
        """The pitch that sounds: an accidental holds for its line of the staff until the bar ends."""
        if accidental:
            self._bar.accidentals[step] = ACCIDENTALS[accidental]
        return Pitch(step, self._bar.accidentals.get(step, self.key.signature[Pitch(step).letter]))

    def _read_tuplet(self, sign: re.Match[str], at: int) -> None:
        tuplet = tuplet_of(sign["p"], sign["q"], sign["r"], bool(self.metre and self.metre.compound))
        if tuplet is None:
            self._fault(at, _("%(sign)s cannot be read here."), sign=sign[0])
        else:
            self._tuplet = tuplet

    def _read_broken(self, sign: re.Match[str], _at: int) -> None:
        """Broken rhythm: the note before gets what the next one loses, or the other way round."""
        if not self._bar.notes or len(sign[0]) > 3 or self._broken is not ONE:  # noqa: PLR2004 (>>> is the most that the standard knows)
            return
        short = Fraction(1, 2 ** len(sign[0]))
        before, self._broken = (2 - short, short) if sign[0][0] == ">" else (short, 2 - short)
        last = self._bar.notes[-1]
        self._bar.notes[-1] = replace(last, duration=last.duration * before)
        self._bar.length += last.duration * (before - 1)

    def _read_grace(self, sign: re.Match[str], _at: int) -> None:
        self._graces = tuple(self._pitch(*plain_pitch(one[0])) for one in islice(ONE_PITCH.finditer(sign[0]), 8))

    def _read_decoration(self, sign: re.Match[str], _at: int) -> None:
        self._decorations = (*self._decorations, sign[0])[:8]

    def _read_symbol(self, sign: re.Match[str], at: int) -> None:
        if sign[0][1:2] not in ANNOTATIONS:
            self._chord = sign[0][1:-1].strip()[:20]
            self.symbols.append((at, at + len(sign[0])))

    def _read_field(self, sign: re.Match[str], at: int) -> None:
        value = sign[0][3:-1]
        self._bar.parted = True
        self._fields(sign[0][1], value.strip(), at + 3 + len(value) - len(value.lstrip()))

    def _read_overlay(self, _sign: re.Match[str], at: int) -> None:
        self._fault(at, _("A second voice inside a bar (&) is not read."))

    def _read_other(self, sign: re.Match[str], at: int) -> None:
        self._fault(at, _("%(sign)s cannot be read here."), sign=sign[0])

    def _read_volta(self, sign: re.Match[str], at: int) -> None:
        if self._bar.notes:
            self._close("", at)
        self._bar.endings = endings_of(sign[0])

    def _read_bar(self, sign: re.Match[str], at: int) -> None:
        line = sign["bar"].removesuffix(sign["ending"] or "")
        if self._bar.notes:
            self._close(line, at)
        else:
            self._bar.opening = (self._bar.opening + line)[-MOST_LINES:]
            if self.bars and len(self.bars[-1].closing) < MOST_LINES:
                self.bars[-1] = replace(self.bars[-1], closing=(self.bars[-1].closing + line)[:MOST_LINES])
        if sign["ending"]:
            self._bar.endings = endings_of(sign["ending"])

    def _close(self, line: str, at: int) -> None:
        """The bar is over; `line` is the bar line after it."""
        bar = self._bar
        source, spans = (bar.start, bar.end), tuple(bar.spans)
        self.bars.append(
            Bar(0, tuple(bar.notes), self.key, self.metre, bar.opening, bar.endings, line, source, self.unit, spans)
        )
        self._bar = _Open(opening=line)
        self._forget()
        if len(self.bars) >= MAX_BARS and not self.full:
            self.full = True
            self._fault(at, _("A tune may have %(most)s bars; the rest is not read."), most=f"{MAX_BARS:,}")


def endings_of(text: str) -> tuple[int, ...]:
    """ "1", "1,3" or "1-3" as numbers, nine at most."""
    found: list[int] = []
    for first, last in re.findall(r"(\d)(?:-(\d))?", text):
        found += range(int(first), int(last or first) + 1)
    return tuple(found[:9])
