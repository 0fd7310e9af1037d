"""Passages that went in one place and came in another: found by whole lines, then by what begins alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

Place = tuple[int, int]
Moved = tuple[int, int, int]  # where a passage was in the old text, where it is in the new one, its length

SEED = 8  # Chinese characters by which a passage is looked up, or twice as many letters
MOST = 4  # places looked at for one seed: repetitive text has thousands
SHORT = 4  # letters or characters that a whole line has at least, to be known again
WEIGHT = 16  # letters that a part of a line has at least; a Chinese character counts as two
WORK = 100_000  # places looked at in one diff
_LINE = re.compile(r"[^\n]+")
_HAN = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LETTER = re.compile(r"\w")
_START = re.compile(rf"({_HAN.pattern})|\b[^\W_]")


def moved(a: str, b: str, gone: list[Place], come: list[Place]) -> list[Moved]:
    """What was deleted from `a` in one of the places `gone` and stands in `b` in one of `come`, in the order of `b`.

    Every character is part of one move at most. Takes time proportional to the length of the places.
    """
    free = bytearray(len(a))
    for begin, end in gone:
        free[begin:end] = b"\x01" * (end - begin)
    lines = _lines(a, b, gone, come, free)
    found = lines + _parts(a, b, gone, _without(come, lines), free)
    return _joined(a, b, sorted(found, key=lambda one: one[1]), gone, come)


def _lines(a: str, b: str, gone: list[Place], come: list[Place], free: bytearray) -> list[Moved]:
    """Whole lines; where one stands several times, the one after the line found before."""
    index: dict[str, list[int]] = {}
    for begin, end in _whole(a, gone):
        index.setdefault(a[begin:end], []).append(begin)
    found, after = list[Moved](), -1
    for begin, end in _whole(b, come):
        line = b[begin:end]
        places = index.get(line)
        if not places or len(_LETTER.findall(line)) < SHORT:
            continue
        at = after if after in places[:MOST] else places[0]
        places.remove(at)
        size = end - begin
        free[at : at + size] = bytes(size)
        found.append((at, begin, size))
        after = at + size + 1
    return found


def _whole(text: str, places: list[Place]) -> Iterator[Place]:
    """The lines that lie in one of the places from their beginning to their end."""
    for begin, end in places:
        for line in _LINE.finditer(text, begin, end):
            starts = line.start() == 0 or text[line.start() - 1] == "\n"
            if starts and (line.end() == len(text) or text[line.end()] == "\n"):
                yield line.span()


def _parts(a: str, b: str, gone: list[Place], come: list[Place], free: bytearray) -> list[Moved]:
    """Parts of lines, the longest first where several begin alike."""
    index: dict[str, list[int]] = {}
    for begin, end in gone:
        for at, seed in _seeds(a, begin, end):
            if free[at] and len(places := index.setdefault(seed, [])) < MOST:
                places.append(at)
    found, left = list[Moved](), WORK
    for begin, end in come:
        done = begin
        for at, seed in _seeds(b, begin, end):
            if at < done or seed not in index or left < 0:
                continue
            size, was = max((_alike(a, b, place, at, end, free), place) for place in index[seed])
            left -= len(index[seed]) + size // SEED
            if size and _weight(b[at : at + size]) >= WEIGHT:
                free[was : was + size] = bytes(size)
                found.append((was, at, size))
                done = at + size
    return found


def _seeds(text: str, begin: int, end: int) -> Iterator[tuple[int, str]]:
    """Where a word or a Chinese character begins, and by which letters it is looked up there."""
    for start in _START.finditer(text, begin, end - SEED + 1):
        at = start.start()
        yield at, text[at : at + (SEED if start[1] else 2 * SEED)]


def _alike(a: str, b: str, was: int, at: int, end: int, free: bytearray) -> int:
    """How far the two read the same, within what is free, up to where a word ends in both."""
    until = free.find(0, was)
    most = min(end - at, (len(a) if until < 0 else until) - was)
    size, step = 0, 64
    while step and size < most:
        take = min(step, most - size)
        if a.startswith(b[at + size : at + size + take], was + size):
            size, step = size + take, step * 2
        else:
            step = take // 2
    for shorter in range(size, max(size - 64, SEED - 1), -1):
        if _parted(a, was + shorter) and _parted(b, at + shorter) and not b[at + shorter - 1].isspace():
            return shorter
    return 0


def _parted(text: str, at: int) -> bool:
    """True where a word may begin or end."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    return not (before.isalnum() and after.isalnum()) or bool(_HAN.match(before) or _HAN.match(after))


def _weight(text: str) -> int:
    return len(_LETTER.findall(text)) + len(_HAN.findall(text))


def _without(places: list[Place], found: list[Moved]) -> list[Place]:
    """The places without what was found in them."""
    left, at = list[Place](), 0
    for begin, end in places:
        first = begin
        while at < len(found) and found[at][1] < end:
            _, start, size = found[at]
            left.append((first, start))
            first, at = start + size, at + 1
        left.append((first, end))
    return [(begin, end) for begin, end in left if end - begin >= SEED]


def _joined(a: str, b: str, found: list[Moved], gone: list[Place], come: list[Place]) -> list[Moved]:
    """Neighbours in both texts made one, over the breaks between their lines."""
    changed_a, changed_b = _mask(len(a), gone), _mask(len(b), come)
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


def _mask(size: int, places: list[Place]) -> bytearray:
    mask = bytearray(size)
    for begin, end in places:
        mask[begin:end] = b"\x01" * (end - begin)
    return mask
