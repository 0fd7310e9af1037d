"""Passages that went in one place and came in another: whole lines or clauses first, then by what begins alike.

Of texts, and of tunes, whose bars stand as one character each (`align.coded`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import regex

from app.diff.align import longest
from app.media.text.scripts import NO_SPACES, UNSPACED

Place = tuple[int, int]
Moved = tuple[int, int, int]  # where a passage was in the old text, where it is in the new one, its length

SEED = 8  # Chinese characters by which a passage is looked up, or twice as many letters
SHORT = 4  # letters or characters that a whole line has at least, to be known again
WEIGHT = 16  # letters that a part of a line has at least; a Chinese character counts as two
WORK = 100_000  # places looked at in one diff
_LINE = re.compile(r"[^\n]+")
_LETTER = re.compile(r"\w")
_START = regex.compile(rf"([{UNSPACED}])|\b[\p{{L}}\p{{N}}]")


class Parts(NamedTuple):
    """How passages are found that are no whole line: where one may begin, and what it is looked up by there; how much of
    `size` elements from a[was] and b[at] on that are the same is a passage, 0 for none; places looked at for one beginning.
    """

    seeds: Callable[[str, int, int], Iterator[tuple[int, str]]]
    passage: Callable[[str, int, str, int, int], int]
    most: int


class Wholes(NamedTuple):
    """What is known again as a whole: where it begins and ends in the places that changed, and how far what follows it may
    belong to it where that is the same, too; and whether one that went may come twice.
    """

    of: Callable[[str, Sequence[Place]], Iterator[tuple[int, int, int]]]
    twice: bool


def moved(a: str, b: str, gone: Sequence[Place], come: Sequence[Place], wholes: Wholes) -> list[Moved]:
    """What was deleted from `a` in one of the places `gone` and stands in `b` in one of `come`, in the order of `b`.

    Every character of `b` is part of one move at most, and of `a` unless it may come twice. Takes time proportional to the
    length of the places.
    """
    free = mask(len(a), gone)
    known = _known(a, b, gone, come, wholes, free)
    left = [(begin, end) for begin, end in without(come, [(at, size) for _was, at, size in known]) if end - begin >= SEED]
    return _joined(a, b, sorted([*known, *parts(a, b, gone, left, free, TEXT)], key=lambda one: one[1]), gone, come)


def _known(a: str, b: str, gone: Sequence[Place], come: Sequence[Place], wholes: Wholes, free: bytearray) -> list[Moved]:
    """Wholes that are the same; where one stands several times, the one after that found before."""
    index: dict[str, list[int]] = {}
    for begin, end, _reach in wholes.of(a, gone):
        index.setdefault(a[begin:end], []).append(begin)
    found, after, done = list[Moved](), -1, 0
    for begin, end, reach in wholes.of(b, come):
        places = index.get(b[begin:end])
        if not places or begin < done:
            continue
        at = after if after in places[: TEXT.most] else places[0]
        size = _alike(a, b, at, begin, reach, free)
        if not wholes.twice:
            places.remove(at)
            free[at : at + size] = bytes(size)
        found.append((at, begin, size))
        after, done = at + size + 1, begin + size
    return found


def _lines(text: str, places: Sequence[Place]) -> Iterator[tuple[int, int, int]]:
    """The lines of SHORT letters or more that lie in one of the places from their beginning to their end."""
    for begin, end in places:
        for line in _LINE.finditer(text, begin, end):
            starts = line.start() == 0 or text[line.start() - 1] == "\n"
            stops = line.end() == len(text) or text[line.end()] == "\n"
            if starts and stops and len(_LETTER.findall(line[0])) >= SHORT:
                yield *line.span(), line.end()


LINES = Wholes(_lines, twice=False)


def parts(a: str, b: str, gone: Sequence[Place], come: Sequence[Place], free: bytearray, how: Parts) -> list[Moved]:
    """Passages that begin anywhere, the longest first where several begin alike; what is not `free` in `a` is passed over."""
    index: dict[str, list[int]] = {}
    for begin, end in gone:
        for at, seed in how.seeds(a, begin, end):
            if free[at] and len(places := index.setdefault(seed, [])) < how.most:
                places.append(at)
    found, left = list[Moved](), WORK
    for begin, end in come:
        done = begin
        for at, seed in how.seeds(b, begin, end):
            if at < done or seed not in index or left < 0:
                continue
            alike = [(_alike(a, b, was, at, end, free), was) for was in index[seed]]
            left -= len(alike) + sum(size for size, _was in alike) // SEED
            size, before = max((how.passage(a, was, b, at, size), -was) for size, was in alike)
            if size:
                free[-before : size - before] = bytes(size)
                found.append((-before, at, size))
                done = at + size
    return found


def _alike(a: str, b: str, was: int, at: int, end: int, free: bytearray) -> int:
    """How far the two read the same, within what is free."""
    until = free.find(0, was)
    most = min(end - at, (len(a) if until < 0 else until) - was)
    return longest(most, lambda first, last: a.startswith(b[at + first : at + last], was + first))


def _seeds(text: str, begin: int, end: int) -> Iterator[tuple[int, str]]:
    """Where a word or a Chinese character begins, and by which letters it is looked up there."""
    for start in _START.finditer(text, begin, max(begin, end - SEED + 1)):
        at = start.start()
        yield at, text[at : at + (SEED if start[1] else 2 * SEED)]


def _passage(a: str, was: int, b: str, at: int, size: int) -> int:
    """Up to where a word ends in both; WEIGHT at least."""
    for shorter in range(size, max(size - 64, SEED - 1), -1):
        if _parted(a, was + shorter) and _parted(b, at + shorter) and not b[at + shorter - 1].isspace():
            text = b[at : at + shorter]
            return shorter if len(_LETTER.findall(text)) + len(NO_SPACES.findall(text)) >= WEIGHT else 0
    return 0


TEXT = Parts(_seeds, _passage, most=4)


def bars(least: int, notes: int, sounding: Sequence[int]) -> Parts:
    """Passages of a tune: `least` bars in a row with `notes` in them; `sounding` is how many each of the old bars has."""

    def seeds(tune: str, begin: int, end: int) -> Iterator[tuple[int, str]]:
        return ((at, tune[at : at + least]) for at in range(begin, end - least + 1))

    def passage(_a: str, was: int, _b: str, _at: int, size: int) -> int:
        return size if size >= least and sum(sounding[was : was + size]) >= notes else 0

    return Parts(seeds, passage, most=16)  # dances repeat themselves


def _parted(text: str, at: int) -> bool:
    """True where a word may begin or end."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    return not (before.isalnum() and after.isalnum()) or bool(NO_SPACES.match(before) or NO_SPACES.match(after))


def without(places: Sequence[Place], taken: Sequence[tuple[int, int]]) -> list[Place]:
    """The places without what was `taken` of them (begin and size), both in order."""
    left, at = list[Place](), 0
    for begin, end in places:
        first = begin
        while at < len(taken) and taken[at][0] < end:
            left.append((first, taken[at][0]))
            first, at = sum(taken[at]), at + 1
        left.append((first, end))
    return left


def _joined(a: str, b: str, found: list[Moved], gone: Sequence[Place], come: Sequence[Place]) -> list[Moved]:
    """Neighbours in both texts made one, over the breaks between their lines."""
    changed_a, changed_b = mask(len(a), gone), mask(len(b), come)
    runs: list[Moved] = []
    for was, at, size in found:
        if runs:
            x, y, n = runs[-1]
            between = b[y + n : at]
            near = was - x - n == at - y - n >= 0 and not between.strip() and a[x + n : was] == between
            if near and all(changed_a[x + n : was]) and all(changed_b[y + n : at]):
                runs[-1] = (x, y, at + size - y)
                continue
        runs.append((was, at, size))
    return [(x, y, n + _break_after(a, b, x + n, y + n, changed_a, changed_b)) for x, y, n in runs]


def _break_after(a: str, b: str, x: int, y: int, changed_a: bytearray, changed_b: bytearray) -> int:
    """1 where a line break moved along, else 0."""
    return int(a[x : x + 1] == b[y : y + 1] == "\n" and bool(changed_a[x] and changed_b[y]))


def mask(size: int, places: Sequence[Place]) -> bytearray:
    """A byte for each element: 1 in the places."""
    marked = bytearray(size)
    for begin, end in places:
        marked[begin:end] = b"\x01" * (end - begin)
    return marked
