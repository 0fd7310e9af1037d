"""What of a text an edit left: blocks that stand in both, found quickly enough for a save while somebody types.

First what both begin and end with, which is all for most edits. The rest is aligned by lines, clauses and words, and of a
changed word its ends are kept; at last, what is new but stood somewhere else before was moved. Work is bounded
(`align.Budget`): what is not aligned when it is spent counts as new, never a wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter

from app.diff.align import Budget, Match, common, ends, gaps, joined
from app.diff.moves import Moved, Place, Wholes, mask, moved
from app.diff.text import CLAUSE, UNITS, without_islands
from app.media.text.scripts import parts_character

WORK = 100_000  # steps of one alignment: somebody is typing
NEAR = 500  # characters around a word in which it must be the only one, if it stayed between larger changes
MOVED = 6  # characters that a moved passage has at least: fewer are there by chance


def kept(old: str, new: str) -> list[Match]:
    """(start in `old`, start in `new`, length) of what stands in both, in the order of `new`, never overlapping there.

    No block parts what is one character to the reader (a letter and its accents, a family of emoji).
    """
    head, tail = ends(old, new)
    was, now = old[head : len(old) - tail], new[head : len(new) - tail]
    stayed = [(x + head, y + head, n) for x, y, n in common(was, now, UNITS, Budget(WORK))]
    stayed = joined([(0, 0, head), *stayed, (len(old) - tail, len(new) - tail, tail)])
    solid = without_islands(old, new, stayed)
    moves = _moves(old, new, solid)
    stayed = sorted({*solid, *(one for one in stayed if _once(old, new, one))})
    taken = mask(len(new), [(y, y + n) for _x, y, n in moves])
    rest = [(x, y, n) for x, y, n in (*stayed, *_ends(old, new, stayed)) if not any(taken[y : y + n])]
    return [block for block in (_unbroken(old, new, one) for one in joined([*moves, *rest], itemgetter(1))) if block[2] > 0]


def _once(old: str, new: str, match: Match) -> bool:
    """True for what stands once in its neighbourhood in both texts: it did not stay there by chance."""
    x, y, n = match
    words = old[x : x + n]
    near = (old, max(0, x - NEAR), x + n + NEAR), (new, max(0, y - NEAR), y + n + NEAR)
    return bool(words.strip()) and all(text.count(words, begin, end) == 1 for text, begin, end in near)


def _moves(old: str, new: str, stayed: list[Match]) -> list[Moved]:
    changed = gaps(stayed, len(old), len(new))
    gone, come = [(x, x2) for x, x2, _y, _y2 in changed if x < x2], [(y, y2) for _x, _x2, y, y2 in changed if y < y2]
    return moved(old, new, gone, come, PASTED)


def _ends(old: str, new: str, stayed: list[Match]) -> Iterator[Match]:
    """What changed words begin and end with in both."""
    for x, x2, y, y2 in gaps(stayed, len(old), len(new)):
        head, tail = ends(old[x:x2], new[y:y2])
        yield from ((x, y, head), (x2 - tail, y2 - tail, tail))


def _pasted(text: str, places: Sequence[Place]) -> Iterator[tuple[int, int, int]]:
    """Whole places, and the clauses in them, without the white space around them; what follows them to the place's end."""
    for place in places:
        for begin, end in (place, *(clause.span() for clause in CLAUSE.finditer(text, *place))):
            words = text[begin:end]
            if len(core := words.strip()) >= MOVED:
                start = begin + len(words) - len(words.lstrip())
                yield start, start + len(core), place[1]


PASTED = Wholes(_pasted, twice=True)


def _unbroken(old: str, new: str, block: Match) -> Match:
    """The block without what would part a character: it gives up its ends where they hold to what lies outside."""
    start, place, size = block
    while size and (parts_character(new, place) or parts_character(old, start)):
        start, place, size = start + 1, place + 1, size - 1
    while size and (parts_character(new, place + size) or parts_character(old, start + size)):
        size -= 1
    return start, place, size
