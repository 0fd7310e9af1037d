"""The difference of two texts: words in English, characters and words in Chinese, and passages that moved.

Lines are aligned first, then clauses between them, then words; so a page that changed little costs little. Every part is
bounded (`align.Budget`), whatever the texts are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.bounded import MB, bounded
from app.diff.align import Budget, Match, common
from app.diff.moves import LINES, Moved, moved
from app.errors import _
from app.media.text.scripts import WORD

Op = Literal["equal", "delete", "insert", "move"]
Place = tuple[int, int]  # begin and end, in Unicode code points

LINE = re.compile(r"[^\n]*\n|[^\n]+")
CLAUSE = re.compile(r"[^\n.!?;:,。！？；：，、…]*[\n.!?;:,。！？；：，、…]+\s*|[^\n.!?;:,。！？；：，、…]+")
UNITS = (LINE, CLAUSE, WORD)
SMALL = 100_000  # code points of both texts that are compared at once: about a tenth of a second
MOST_RUNS, MOST_MOVES = 4_000, 1_000  # runs that stayed, and passages that moved, that are told one by one
TOO_MUCH = _("These texts need too much time or memory to be compared. Compare revisions that lie nearer to each other.")
SLIDE = 200  # characters that a change may slide to where a line, a clause or a word begins


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of text. Those with a place in `a` that are not a move's `to` spell the old text; those with a place in `b`
    that are not a move's `from` the new one.

    A move stands at both its places, each telling both (`a` and `b`) and which `end` of the move it is.
    """

    op: Op
    text: str
    a: Place | None
    b: Place | None
    move: int | None = None  # counted from 1
    end: Literal["from", "to"] | None = None


@bounded(20, 600 * MB, TOO_MUCH, small=lambda a, b: len(a) + len(b) <= SMALL)
def text_diff(a: str, b: str) -> list[Passage]:
    """The passages that turn `a` into `b`, with their places in both; what moved is told as moved."""
    found = passages(a, b)
    gone = [p.a for p in found if p.op == "delete" and p.a]
    come = [p.b for p in found if p.op == "insert" and p.b]
    moves = moved(a, b, gone, come, LINES)[:MOST_MOVES]
    return list(_with_moves(a, b, found, moves)) if moves else found


def _with_moves(a: str, b: str, found: list[Passage], moves: list[Moved]) -> Iterator[Passage]:
    """The passages, those moved cut out of what was deleted and inserted."""
    numbered = [(*move, number) for number, move in enumerate(moves, 1)]
    waiting = {"delete": sorted(numbered, reverse=True), "insert": numbered[::-1]}
    for one in found:
        if one.op == "equal":
            yield one
            continue
        gone = one.op == "delete"
        text, (at, end) = (a if gone else b), one.a or one.b or (0, 0)
        while waiting[one.op] and (start := waiting[one.op][-1][0 if gone else 1]) < end:
            x, y, n, number = waiting[one.op].pop()
            yield from _cut(one.op, text, at, start)
            yield Passage("move", text[start : start + n], (x, x + n), (y, y + n), number, "from" if gone else "to")
            at = start + n
        yield from _cut(one.op, text, at, end)


def _cut(op: Op, text: str, begin: int, end: int) -> Iterator[Passage]:
    if begin < end:
        place = (begin, end)
        yield Passage(op, text[begin:end], place if op == "delete" else None, place if op == "insert" else None)


def passages(a: str, b: str) -> list[Passage]:
    """The passages that turn `a` into `b`: equal, deleted, inserted; a deletion before the insertion that replaces it."""
    matches = _slide(a, b, without_islands(a, b, common(a, b, UNITS, Budget())))
    if len(matches) > MOST_RUNS:  # beyond them all counts as rewritten, but for what both end with
        matches = [*matches[: MOST_RUNS - 1], matches[-1]]
    return list(_told(a, b, matches))


def without_islands(a: str, b: str, matches: list[Match]) -> list[Match]:
    """Without what stayed by chance between two larger changes: it is read as changed with them."""
    kept: list[Match] = []
    ends = [*matches, (len(a), len(b), 0)]
    for at, (x, y, n) in enumerate(matches):
        last = kept[-1] if kept else (0, 0, 0)
        before = max(x - last[0] - last[2], y - last[1] - last[2])
        after = max(ends[at + 1][0] - x - n, ends[at + 1][1] - y - n)
        if not (before and after and _island(a, x, n, min(before, after))):
            kept.append((x, y, n))
    return kept


def _island(text: str, begin: int, size: int, around: int) -> bool:
    """True for a space between two changes, and for a few letters between two that are four times as long."""
    if size > around + 8:  # too long to look at, too
        return False
    run = text[begin : begin + size]
    letters = len(run.strip())
    if letters * 4 > around:
        return not letters
    lines = run if begin == 0 or text[begin - 1] == "\n" else run.partition("\n")[2]
    return not lines.rpartition("\n")[0].strip()  # a whole line that stayed is worth its place


def _slide(a: str, b: str, matches: list[Match]) -> list[Match]:
    """Pure insertions and deletions begin where a line, a clause or a word does, if they could as well begin there."""
    runs = list(matches)
    for at in range(len(runs) - 1):
        (x, y, n), (x2, y2, n2) = runs[at], runs[at + 1]
        text, begin, end = (b, y + n, y2) if x + n == x2 else (a, x + n, x2)
        if (x + n == x2) == (y + n == y2):
            continue
        by = _best(text, begin, end, min(n - 1, SLIDE), min(n2 - (at + 2 < len(runs)), SLIDE))
        runs[at], runs[at + 1] = (x, y, n + by), (x2 + by, y2 + by, n2 - by)
    return [run for run in runs if run[2]]


def _best(text: str, begin: int, end: int, left: int, right: int) -> int:
    """By how many characters to slide text[begin:end] so that it spells the same and begins and ends best."""
    best, score = 0, _score(text, begin, end)
    for sign, room in ((-1, left), (1, right)):
        for by in range(1, room + 1):
            lost, won = (begin - by, end - by) if sign < 0 else (begin + by - 1, end + by - 1)
            if text[lost] != text[won]:
                break
            if (here := _score(text, begin + sign * by, end + sign * by)) > score:
                best, score = sign * by, here
    return best


def _score(text: str, begin: int, end: int) -> int:
    return _edge(text, begin) + _edge(text, end)


def _edge(text: str, at: int) -> int:
    """How good a place to cut: 5 between lines, 3 after a clause, 2 at a space, 1 between words, less inside one."""
    before, after = text[at - 1 : at], text[at : at + 1]
    if before in {"", "\n"}:
        return 5
    if not after or after == "\n":
        return 4
    if before in "。！？；，.!?;," and not after.isalnum():
        return 3
    if before.isspace():
        return 2
    return 1 if len(WORD.findall(before + after)) > 1 else -9


def _told(a: str, b: str, matches: list[Match]) -> Iterator[Passage]:
    x = y = 0
    for x2, y2, n in [*matches, (len(a), len(b), 0)]:
        if x < x2:
            yield Passage("delete", a[x:x2], (x, x2), None)
        if y < y2:
            yield Passage("insert", b[y:y2], None, (y, y2))
        x, y = x2 + n, y2 + n
        if n:
            yield Passage("equal", a[x2:x], (x2, x), (y2, y))
