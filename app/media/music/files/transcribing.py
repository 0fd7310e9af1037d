"""Notes as they were played, written down: moved to a grid, cut at bar lines, with a pickup where the accents ask for one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from app.errors import TooLargeError, _
from app.media.music.files.notating import Imported, Measure, spelt
from app.media.music.notation.pitch import Key
from app.media.music.notation.tune import Metre, Note

MOST_BARS = 2_000
GRIDS = ((4, 1.0), (3, 1.15), (8, 1.6), (6, 2.0))  # parts of a quarter note, and what each costs
EXACT = 0.03  # of a quarter note: so near the grid a note's end is meant
MOST_AT_ONCE = 6  # pitches of a chord
ACCENT = 1.2  # how much more a bar line elsewhere must promise than one at the beginning


@dataclass(slots=True)
class FileNote:
    """A note as the file has it; `start` and `end` in quarter notes."""

    start: float
    end: float
    pitch: int
    velocity: int


Placed = tuple[Fraction, Fraction, tuple[int, ...], int]  # start and end in whole notes, pitches, velocity


def on_grid(voice: Sequence[FileNote], found: Imported) -> list[Placed]:
    """Notes one after another, those that begin together as chords, moved to sixteenths, triplets or finer."""
    begin = int(voice[0].start // 4) * 4  # silence before the tune
    quarters: dict[int, list[FileNote]] = {}
    for note in voice:
        note.start, note.end = note.start - begin, note.end - begin
        quarters.setdefault(int(note.start + EXACT), []).append(note)
    grids = {at: _grid([note.start for note in notes]) for at, notes in quarters.items()}
    onsets: dict[Fraction, list[FileNote]] = {}
    for at, notes in quarters.items():
        for note in notes:
            place = at + Fraction(round((note.start - at) * grids[at]), grids[at])
            if abs(float(place) - note.start) > EXACT:
                found.without(_("Notes were moved to the nearest place that notation has."))
            onsets.setdefault(place, []).append(note)
    places = sorted(onsets)
    return [
        _placed(place, onsets[place], after, grids, found) for place, after in zip(places, [*places[1:], None], strict=True)
    ]


def _placed(
    place: Fraction, notes: Sequence[FileNote], after: Fraction | None, grids: dict[int, int], found: Imported
) -> Placed:
    """A note or chord from `place` to its end, or to the next one."""
    end = max(note.end for note in notes)
    grid = grids.get(int(end), 4)
    last = max(Fraction(round(end * grid), grid), place + Fraction(1, grid))
    if after is not None:
        meant = abs(float(last) - end) < EXACT
        if last > after + Fraction(1, 16) or len({round(note.end, 1) for note in notes}) > 1:
            found.without(_("Notes that sound on under others were cut short: one voice holds no more."))
        if last > after or (not meant and 2 * (after - last) < after - place):
            last = after
    pitches = sorted({note.pitch for note in notes}, reverse=True)[:MOST_AT_ONCE]
    return place / 4, last / 4, tuple(sorted(pitches)), max(note.velocity for note in notes)


def _grid(starts: Sequence[float]) -> int:
    """Into how many parts a quarter note is divided, so that its notes lie on them."""

    def cost(grid: int, price: float) -> float:
        return sum(abs(start * grid - round(start * grid)) / grid for start in starts) + 0.012 * price * len(starts)

    return min(GRIDS, key=lambda one: cost(*one))[0]


def measures(notes: Sequence[Placed], key: Key, metre: Metre) -> list[Measure]:
    """Bars from notes: cut at bar lines and tied over them, rests between; a pickup where the accents ask for one."""
    whole = metre.length
    pickup = _pickup(notes, metre)
    count = int((max(end for _start, end, _pitches, _velocity in notes) - pickup) / whole) + 2
    if count > MOST_BARS:
        raise TooLargeError(_("A tune from MIDI may have %(most)s bars."), most=f"{MOST_BARS:,}")
    edges = [Fraction(0), *([pickup] if pickup else [])]
    while edges[-1] < notes[-1][1]:
        edges.append(edges[-1] + whole)
    found, at = [], 0
    for start, end in pairwise(edges):
        inside: list[Note] = []
        place = start
        while at < len(notes) and notes[at][0] < end:
            begun, over, pitches, _velocity = notes[at]
            if begun > place:
                inside += _rests(place - start, begun - place)
            first, until = max(begun, place), min(over, end)
            inside.append(Note(tuple(spelt(one, key) for one in pitches), first - start, until - first, tied=over > end))
            place = until
            if over > end:
                break
            at += 1
        if place < end:
            inside += _rests(place - start, end - place)
        found.append(Measure(inside, key, metre))
    return found


def _rests(start: Fraction, length: Fraction) -> Iterable[Note]:
    return [Note((), start, length)]


def _pickup(notes: Sequence[Placed], metre: Metre) -> Fraction:
    """How long the bar before the first full one is: 0, unless bar lines there meet clearly more of what is strong and long."""
    beat = Fraction(1, metre.unit)
    mean = sum(velocity for *_rest, velocity in notes) / len(notes)
    places: dict[Fraction, list[Placed]] = {}  # notes by how far after a bar line they begin, if bars begin at 0
    for note in notes:
        places.setdefault(note[0] % metre.length, []).append(note)

    def promise(offset: Fraction) -> float:
        on_line = places.get(offset, [])
        long = sum(min(1.0, float(end - start) / float(metre.length)) for start, end, _pitches, _velocity in on_line)
        return long + sum(max(0.0, velocity - mean) / 16 for *_rest, velocity in on_line)

    first = promise(Fraction(0))
    best = max((beat * at for at in range(1, metre.beats)), key=promise, default=Fraction(0))
    return best if best and promise(best) > ACCENT * first + 0.5 else Fraction(0)
