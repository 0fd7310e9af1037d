"""Notes on a staff: heads, accidentals and ledger lines, stems, flags and beams, ties and triplets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.media.music.engraving.glyphs import BEAM, FLAG, LINE, STEM, StaffPen
from app.media.music.notation.tune import Bar, Note

MIDDLE = 4  # steps from the lowest line to the middle one
STEM_LENGTH = 3.4  # staff spaces
STEEPEST = 1.2  # staff spaces that a beam rises or falls
SECOND = 0.75  # from a beam to the next
SIDE = 0.56  # from a head's middle to its stem


@dataclass(slots=True)
class Sign:
    """A note or rest with its place: `steps` above the lowest line, `accidentals` beside them (None: none)."""

    note: Note
    steps: list[int]
    accidentals: list[int | None]
    length: float  # as written: of a triplet's note the plain one
    flags: int
    dots: int
    place: Fraction
    x: float = 0.0

    @property
    def room(self) -> float:
        """Staff spaces that it takes."""
        plain = 1.25 + 0.62 * math.log2(max(self.length, 1 / 32) * 32) + 0.5 * self.dots
        return plain + (1.0 if any(one is not None for one in self.accidentals) else 0)

    @property
    def up(self) -> bool:
        """Whether its stem goes up."""
        return sum(self.steps) < MIDDLE * len(self.steps)


def draw_signs(pen: StaffPen, bar: Bar, signs: Sequence[Sign]) -> None:
    """The notes and rests of a bar, each at its `x`."""
    for at, sign in enumerate(signs):
        _draw_sign(pen, sign)
        if sign.note.tied and at + 1 < len(signs) and sign.steps:
            _tie(pen, sign, signs[at + 1].x)
    for group in _beamed(bar, signs):
        _stems(pen, group)
    for triplet in _triplets(signs):
        up = triplet[0].up
        level = max(max(s.steps) for s in triplet) / 2 + 1.4 if not up else min(min(s.steps) for s in triplet) / 2 - 1.4
        pen.number((triplet[0].x + triplet[-1].x) / 2, level, 3, 0.6)


def _draw_sign(pen: StaffPen, sign: Sign) -> None:
    if not sign.steps:
        pen.rest(sign.x, sign.length, sign.flags)
    for step, accidental in zip(sign.steps, sign.accidentals, strict=True):
        pen.head(sign.x, step / 2, sign.length)
        if accidental is not None:
            pen.accidental(sign.x - 1.35, step / 2, accidental)
        for ledger in (*range(10, step + 1, 2), *range(-2, step - 1, -2)):
            pen.box(sign.x - 1.0, ledger / 2 - LINE / 2, sign.x + 1.0, ledger / 2 + LINE / 2)
    top = (sign.steps[0] // 2 + 0.5) if sign.steps else 2.5
    for dot in range(sign.dots):
        pen.dot(sign.x + 1.1 + 0.5 * dot, top, 0.22)


def _beamed(bar: Bar, signs: Sequence[Sign]) -> Iterator[list[Sign]]:
    """Notes that share a stem or beam: flagged ones of one beat together, the others alone."""
    beat = bar.metre.beat if bar.metre else Fraction(1, 4)
    group: list[Sign] = []
    for sign in signs:
        joins = group and sign.flags and sign.steps and sign.place // beat == group[-1].place // beat
        if not joins and group:
            yield group
            group = []
        if sign.steps and sign.flags:
            group.append(sign)
        elif sign.steps and sign.length < 1:
            yield [sign]
    if group:
        yield group


def _stems(pen: StaffPen, group: Sequence[Sign]) -> None:
    """Stems up or down for the whole group, with flags or beams."""
    up = sum(sum(sign.steps) for sign in group) < MIDDLE * sum(len(sign.steps) for sign in group)
    way = 1 if up else -1
    tips = [_tip(sign, way) for sign in group]
    xs = [sign.x + way * SIDE for sign in group]
    if len(group) > 1:
        rise = max(-STEEPEST, min(STEEPEST, (tips[-1] - tips[0]) * 0.6))
        slope = rise / (xs[-1] - xs[0])
        level = max(way * (tip - slope * (x - xs[0])) for tip, x in zip(tips, xs, strict=True)) * way
        tips = [level + slope * (x - xs[0]) for x in xs]
    for sign, x, tip in zip(group, xs, tips, strict=True):
        foot = (min(sign.steps) if up else max(sign.steps)) / 2
        pen.box(x - STEM / 2, min(foot, tip), x + STEM / 2, max(foot, tip))
    if len(group) > 1:
        _beams(pen, group, xs, tips, way)
        return
    for flag in range(group[0].flags):
        pen.stroke(xs[0], tips[0] - way * SECOND * flag, FLAG, way)


def _tip(sign: Sign, way: int) -> float:
    """Where a stem ends: long enough for its flags, and never short of the middle line."""
    far = (max(sign.steps) if way > 0 else min(sign.steps)) / 2
    tip = far + way * (STEM_LENGTH + 0.5 * max(0, sign.flags - 2))
    return max(tip, MIDDLE / 2) if way > 0 else min(tip, MIDDLE / 2)


def _beams(pen: StaffPen, group: Sequence[Sign], xs: Sequence[float], tips: Sequence[float], way: int) -> None:
    for level in range(max(sign.flags for sign in group)):
        at = 0
        while at < len(group):
            last = at
            while last + 1 < len(group) and group[at].flags > level and group[last + 1].flags > level:
                last += 1
            if group[at].flags > level:
                _beam(pen, xs, tips, (at, last), way * SECOND * level, way)
            at = last + 1


def _beam(pen: StaffPen, xs: Sequence[float], tips: Sequence[float], span: tuple[int, int], lower: float, way: int) -> None:
    """A bar along the stems' tips, `lower` further in; a short one where a note has no neighbour of its kind."""
    first, last = span
    slope = (tips[-1] - tips[0]) / (xs[-1] - xs[0])
    left, right = xs[first] - STEM / 2, xs[last] + STEM / 2
    if first == last:
        left, right = (left, left + 1.1) if first == 0 else (right - 1.1, right)
    a, b = (tips[0] + slope * (x - xs[0]) - lower for x in (left, right))
    pen.polygon([(left, a), (right, b), (right, b - way * BEAM), (left, a - way * BEAM)])


def _tie(pen: StaffPen, sign: Sign, until: float) -> None:
    """An arc to the next head, on the side where no stem is."""
    way = -1 if sign.up else 1
    level = (min(sign.steps) if sign.up else max(sign.steps)) / 2 + way * 0.7
    left, right = sign.x + 0.3, until - 0.3
    pen.stroke(0, 0, ((left, level, 0.08), ((left + right) / 2, level + way * 0.6, 0.24), (right, level, 0.08)))


def _triplets(signs: Sequence[Sign]) -> Iterator[list[Sign]]:
    """Notes of a third of something, until they are whole again."""
    group: list[Sign] = []
    for sign in signs:
        if not group and sign.note.duration.denominator % 3:
            continue
        group.append(sign)
        if sum((one.note.duration for one in group), Fraction(0)).denominator % 3:
            if sounding := [one for one in group if one.steps]:
                yield sounding
            group = []
