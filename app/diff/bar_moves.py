"""Passages of a tune that went in one place and came in another: runs of the same bars."""

from __future__ import annotations

from collections.abc import Sequence

from app.diff.align import Gap

Moved = tuple[int, int, int]  # where a passage was in the old tune, where it is in the new one, its bars
SEED = 2  # bars in a row that a passage has at least
NOTES = 6  # … and the notes in it
MOST = 16  # places looked at for one beginning: dances repeat themselves


def moved(old: str, new: str, left: Sequence[Gap], notes: Sequence[int]) -> list[Moved]:
    """What stands in `old` and in `new` within what no alignment found, in the order of `new`.

    One character a bar (`text_align.coded`); `notes` are how many sound in each of the old. Every bar is part of one at most.
    """
    free = bytearray(len(old) + 1)
    index: dict[str, list[int]] = {}
    for x, x2, _y, _y2 in left:
        free[x:x2] = b"\x01" * (x2 - x)
        for at in range(x, x2 - SEED + 1):
            index.setdefault(old[at : at + SEED], []).append(at)
    found = []
    for _x, _x2, y, y2 in left:
        at = y
        while at <= y2 - SEED:
            places = index.get(new[at : at + SEED], [])[:MOST]
            size, negative = max(((_alike(old, new, was, at, y2, free), -was) for was in places), default=(0, 0))
            was = -negative
            if size < SEED or sum(notes[was : was + size]) < NOTES:
                at += 1
                continue
            free[was : was + size] = bytes(size)
            found.append((was, at, size))
            at += size
    return found


def _alike(old: str, new: str, was: int, at: int, end: int, free: bytearray) -> int:
    """How many bars are the same from there on, as far as they are free."""
    size = 0
    while at + size < end and free[was + size] and old[was + size] == new[at + size]:
        size += 1
    return size
