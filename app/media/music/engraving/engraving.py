"""The layout of a tune's first bars on staves, as an engraver does it: spacing by length, stems, beams, accidentals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from app.media.music.engraving.drawing import MIDDLE, STEM_LENGTH, Sign, draw_signs
from app.media.music.engraving.glyphs import LINE, StaffPen
from app.media.music.engraving.lines import bar_line, ending, repeat_opens
from app.media.music.notation.pitch import Key, Pitch
from app.media.music.notation.tune import Bar, Tune

MARGIN, AFTER_CLEF = 0.9, 3.4  # staff spaces
BRIEF = 24.0  # staff spaces: on a narrower picture the clef stands alone, and a pickup is left out
BOTTOM = 2  # the step of E4, on the lowest line
SIGNATURE = {1: (8, 5, 9, 6, 3, 7, 4), -1: (4, 7, 3, 6, 2, 5, 1)}  # steps from the lowest line, of sharps and of flats
MOST_NOTES = 48  # of a bar that is drawn
TIGHTEST, LOOSEST = 0.62, 1.7  # how far the space between notes is changed to fill a line
ALL_IN = 0.82  # tighter than this, a bar goes to the next line
OPENING = 1.9  # staff spaces of a sign that opens a repeat
ABOVE, BELOW = 2.1, 2.1  # staff spaces kept free around a staff, at least


@dataclass(slots=True)
class Line:
    """Bars that stand beside one another."""

    bars: list[Bar] = field(default_factory=list)
    signs: list[list[Sign]] = field(default_factory=list)

    @property
    def room(self) -> float:
        """Staff spaces of its bars."""
        return sum(_bar_room(bar, signs) for bar, signs in zip(self.bars, self.signs, strict=True))


def engrave(tune: Tune, pen: StaffPen, width: int, height: int) -> bool:
    """Draw as many of the tune's first bars as go on a canvas of these pixels; whether that is the whole tune."""
    across, tall = width / pen.space, height / pen.space
    shift = _octaves(tune)
    lines = list(_bars_by_line(tune, across, shift, int(tall // 6) + 1)) or [Line()]
    chosen: list[tuple[Line, float, float]] = []
    for line in lines:
        top, bottom = _extent(line)
        if chosen and sum(4 + a + b for _l, a, b in chosen) + 4 + top + bottom > tall:
            break
        chosen.append((line, top, bottom))
    free = tall - sum(4 + a + b for _l, a, b in chosen)
    at = 0.0
    for number, (line, top, bottom) in enumerate(chosen):
        at += max(0.0, free) / (len(chosen) + 1) + top + 4
        pen.base = at * pen.space
        at += bottom
        _draw_line(pen, line, across, first=number == 0, last=line is lines[-1])
    return sum(len(line.bars) for line, _top, _bottom in chosen) == len(tune.bars) > 0


def _octaves(tune: Tune) -> int:
    """Steps by which the tune is moved (whole octaves), so that it lies about the staff."""
    steps = sorted(note.top.step for note in tune.sounding[:200])
    middle = steps[len(steps) // 2] - BOTTOM if steps else MIDDLE
    return -7 * round((middle - MIDDLE) / 7) if not -4 <= middle <= 12 else 0  # noqa: PLR2004 (three ledger lines)


def _bars_by_line(tune: Tune, across: float, shift: int, most: int) -> Iterator[Line]:
    """The tune's bars, line by line."""
    line, count = Line(), 0
    bars = tune.bars[1:] if across < BRIEF and len(tune.bars) > 1 and tune.bars[0].number == 0 else tune.bars
    for bar in bars:
        signs = list(_signs(bar, shift))
        free = across - 2 * MARGIN - _head_room(line.bars[0] if line.bars else bar, first=count == 0, brief=across < BRIEF)
        alone = len(line.bars) == 1 and line.bars[0].number == 0  # a pickup has no line of its own
        if line.bars and not alone and line.room + _bar_room(bar, signs) > free / ALL_IN:
            yield line
            line, count = Line(), count + 1
            if count >= most:
                return
        line.bars.append(bar)
        line.signs.append(signs)
    if line.bars:
        yield line


def _signs(bar: Bar, shift: int) -> Iterator[Sign]:
    altered: dict[int, int] = {}
    for note in bar.notes[:MOST_NOTES]:
        accidentals = [_accidental(pitch, bar.key, altered) for pitch in note.pitches]
        written = note.duration * (Fraction(3, 2) if note.duration.denominator % 3 == 0 else 1)
        whole = Fraction(2) ** math.floor(math.log2(written)) if written else Fraction(1, 4)
        dots = {Fraction(3, 2): 1, Fraction(7, 4): 2}.get(written / whole, 0)
        flags = max(0, round(math.log2(Fraction(1, 4) / whole)))
        steps = [pitch.step - BOTTOM + shift for pitch in note.pitches]
        yield Sign(note, steps, accidentals, float(whole), flags, dots, note.start)


def _accidental(pitch: Pitch, key: Key, altered: dict[int, int]) -> int | None:
    """What must stand before the note, if anything; an accidental holds until the bar ends."""
    if altered.get(pitch.step, key.signature[pitch.letter]) == pitch.alter:
        return None
    altered[pitch.step] = pitch.alter
    return pitch.alter


def _bar_room(bar: Bar, signs: Sequence[Sign]) -> float:
    return 1.5 + (OPENING if bar.opening.endswith(":") else 0.0) + sum(sign.room for sign in signs)


def _head_room(bar: Bar, *, first: bool, brief: bool) -> float:
    """Clef, key and, on the first line, metre; the clef alone where there is little room."""
    return AFTER_CLEF if brief else AFTER_CLEF + abs(bar.key.fifths) * 0.95 + (2.2 if first and bar.metre else 0.4)


def _extent(line: Line) -> tuple[float, float]:
    """Staff spaces that a line needs above and below its staff."""
    tops, lows = [4 + ABOVE], [-BELOW]
    for sign in (sign for signs in line.signs for sign in signs if sign.steps):
        tops.append(max(sign.steps) / 2 + (STEM_LENGTH + 0.5 if sign.up else 0.8))
        lows.append(min(sign.steps) / 2 - (0.8 if sign.up else STEM_LENGTH + 0.5))
    return min(12.0, max(tops) - 4), min(12.0, -min(lows))


def _draw_line(pen: StaffPen, line: Line, across: float, *, first: bool, last: bool) -> None:
    bar = line.bars[0] if line.bars else Bar(1, (), Key(), None)
    brief = across < BRIEF
    x = MARGIN + _head_room(bar, first=first, brief=brief)
    free = across - MARGIN - x
    stretch = min(LOOSEST, max(TIGHTEST, free / line.room)) if line.bars else 1.0
    if last and stretch > 1.25:  # noqa: PLR2004 (the last line of a tune need not be full)
        stretch = 1.0
    end = across - MARGIN if not last or stretch != 1.0 or not line.bars else min(across - MARGIN, x + line.room)
    for level in range(5):
        pen.box(MARGIN, level - LINE / 2, end, level + LINE / 2)
    _draw_head(pen, bar, first=first, brief=brief)
    for number, (one, signs) in enumerate(zip(line.bars, line.signs, strict=True)):
        opens = one.opening.endswith(":")
        start, x = x, x + (OPENING if opens else 0.7 if number else 0.2) * stretch
        for sign in signs:
            sign.x = x + (1.0 if any(a is not None for a in sign.accidentals) else 0.0) * min(1.0, stretch) + 0.4
            x += sign.room * stretch
        x = start + _bar_room(one, signs) * stretch
        inside = [sign for sign in signs if sign.x < end - 0.8]
        draw_signs(pen, one, inside)
        if opens:
            repeat_opens(pen, start)
        if one.endings:
            ending(pen, start, min(x, end), one.endings[0])
        if x <= end + 0.01:
            bar_line(pen, min(x, end), one.closing)


def _draw_head(pen: StaffPen, bar: Bar, *, first: bool, brief: bool) -> None:
    pen.clef(MARGIN + 1.6)
    if brief:
        return
    x = MARGIN + AFTER_CLEF
    sharp = 1 if bar.key.fifths > 0 else -1
    for step in SIGNATURE[sharp][: abs(bar.key.fifths)]:
        pen.accidental(x + 0.1, step / 2, sharp)
        x += 0.95
    if first and bar.metre:
        pen.number(x + 0.75, 3, bar.metre.beats)
        pen.number(x + 0.75, 1, bar.metre.unit)
