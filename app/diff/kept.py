"""What of a text an edit left: blocks that stand in both, found quickly enough for a save while somebody types.

First what both begin and end with, which is all for most edits. Then clauses that stand once in either hold the two
together (patience diff, after Bram Cohen), and what lies between them is compared by words and Chinese characters; at last,
what is new but stood somewhere else before was moved. A passage of more than MOST words without one such clause counts
as new between its first and last change: never a wait.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from app.diff.align import Budget, aligned, coded, common_head, common_tail, gaps, rising

MARKS = r"\n.,;:!?。，；：！？、"
CLAUSE = re.compile(f"[^{MARKS}]*(?:[{MARKS}]+|$)")
HAN = r"\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
WORD = re.compile(rf"[{HAN}]|[^\W{HAN}]+|\s+|.", re.DOTALL)
MOST = 1_000  # words of a passage that are compared one by one
LONG = 20  # characters of a word, at most, where their number is guessed
DEEPEST = 8  # rounds of looking for clauses that stand once
MOVED = 6  # characters that a moved passage has at least: fewer are there by chance
JOINER = "\u200d"
Block = tuple[int, int, int]


class Piece(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Its characters."""
        return text[self.start : self.end]

    def core(self, text: str) -> Piece:
        """Without the white space at its ends."""
        words = self.of(text)
        start = self.start + len(words) - len(words.lstrip())
        return Piece(start, max(start, self.start + len(words.rstrip())))

    def split(self, text: str, by: re.Pattern[str]) -> list[Piece]:
        """Its parts."""
        return [Piece(*match.span()) for match in by.finditer(text, self.start, self.end) if match.end() > match.start()]


def kept(old: str, new: str) -> list[Block]:
    """(start in `old`, start in `new`, length) of what stands in both, in the order of `new`, never overlapping there.

    No block parts what is one character to the reader (a letter and its accents, a family of emoji).
    """
    found = list(_same(old, Piece(0, len(old)), new, Piece(0, len(new)), Budget()))
    found += list(_moved(old, new, found))
    found.sort(key=lambda block: block[1])
    return [block for block in (_unbroken(old, new, one) for one in _one(found)) if block[2] > 0]


def _same(old: str, here: Piece, new: str, there: Piece, budget: Budget, depth: int = 0) -> Iterator[Block]:
    """The blocks of two passages, in the order of both."""
    head, tail = ends(here.of(old), there.of(new))
    if head:
        yield here.start, there.start, head
    left, right = Piece(here.start + head, here.end - tail), Piece(there.start + head, there.end - tail)
    if left.start < left.end and right.start < right.end:
        anchors = _anchors(old, left, new, right) if depth < DEEPEST else []
        if anchors:
            yield from _between(old, left, new, right, anchors, budget, depth)
        else:
            yield from _by_words(old, left, new, right, budget)
    if tail:
        yield here.end - tail, there.end - tail, tail


def ends(old: str, new: str) -> tuple[int, int]:
    """How many characters both begin with, and how many of the others both end with."""
    head = common_head(old, 0, len(old), new, 0, len(new))
    tail = common_tail(old, head, len(old), new, head, len(new))
    return head, tail


def _anchors(old: str, here: Piece, new: str, there: Piece) -> list[Block]:
    """Clauses that stand once in either passage, as many as stand in the same order in both."""
    left, right = here.split(old, CLAUSE), there.split(new, CLAUSE)
    often, again = Counter(piece.of(old) for piece in left), Counter(piece.of(new) for piece in right)
    places = {words: piece.start for piece in right if again[words := piece.of(new)] == 1}
    pairs = [(piece, places[words]) for piece in left if often[words := piece.of(old)] == 1 and words in places]
    found = [pairs[i] for i in rising([place for _piece, place in pairs])]
    return [(piece.start, place, piece.end - piece.start) for piece, place in found]


def _between(
    old: str, here: Piece, new: str, there: Piece, anchors: list[Block], budget: Budget, depth: int
) -> Iterator[Block]:
    """The anchors, and what is the same between them."""
    a, b = here.start, there.start
    for start, place, size in anchors:
        yield from _same(old, Piece(a, start), new, Piece(b, place), budget, depth + 1)
        yield start, place, size
        a, b = start + size, place + size
    yield from _same(old, Piece(a, here.end), new, Piece(b, there.end), budget, depth + 1)


def _by_words(old: str, here: Piece, new: str, there: Piece, budget: Budget) -> Iterator[Block]:
    """The same words, and of a word that was changed what it begins and ends with."""
    if max(here.end - here.start, there.end - there.start) > MOST * LONG:
        return
    left, right = here.split(old, WORD), there.split(new, WORD)
    if max(len(left), len(right)) > MOST:
        return
    codes = coded([piece.of(old) for piece in left], [piece.of(new) for piece in right])
    matches = aligned(*codes, budget)
    for a, c, size in matches:
        yield left[a].start, right[c].start, left[a + size - 1].end - left[a].start
    for a, b, c, d in gaps(matches, len(left), len(right)):
        if a < b and c < d:
            was, now = Piece(left[a].start, left[b - 1].end), Piece(right[c].start, right[d - 1].end)
            head, tail = ends(was.of(old), now.of(new))
            yield from (block for block in ((was.start, now.start, head), (was.end - tail, now.end - tail, tail)) if block[2])


def _moved(old: str, new: str, known: list[Block]) -> Iterator[Block]:
    """What is missing from its old place and new in another: whole passages, or clauses and what follows them."""
    gone = _gaps([(start, size) for start, _place, size in known], len(old))
    places: dict[str, tuple[int, int]] = {}  # where such words began, and how far what is gone reaches there
    for gap in gone:
        for piece in (gap, *gap.split(old, CLAUSE)):
            core = piece.core(old)
            if core.end - core.start >= MOVED:
                places.setdefault(core.of(old), (core.start, gap.end))
    for gap in _gaps([(place, size) for _start, place, size in known], len(new)) if places else ():
        at = gap.start
        for piece in (gap, *gap.split(new, CLAUSE)):
            core = piece.core(new)
            if core.start >= at and (found := places.get(core.of(new))):
                start, end = found
                reach = min(end - start, gap.end - core.start)
                size = common_head(old, start, start + reach, new, core.start, core.start + reach)
                yield start, core.start, size
                at = core.start + size


def _gaps(blocks: list[tuple[int, int]], length: int) -> list[Piece]:
    """What the blocks (start, length) leave of a text."""
    found, at = [], 0
    for start, size in [*sorted(blocks), (length, 0)]:
        if start > at:
            found.append(Piece(at, start))
        at = max(at, start + size)
    return found


def _one(blocks: list[Block]) -> list[Block]:
    """The blocks with those joined that follow one another in both texts."""
    found: list[Block] = []
    for start, place, size in blocks:
        if found and found[-1][0] + found[-1][2] == start and found[-1][1] + found[-1][2] == place:
            found[-1] = (found[-1][0], found[-1][1], found[-1][2] + size)
        else:
            found.append((start, place, size))
    return found


def _unbroken(old: str, new: str, block: Block) -> Block:
    """The block without what would part a character: it gives up its ends where they hold to what lies outside."""
    start, place, size = block
    while size and (holds_together(new, place) or holds_together(old, start)):
        start, place, size = start + 1, place + 1, size - 1
    while size and (holds_together(new, place + size) or holds_together(old, start + size)):
        size -= 1
    return start, place, size


def holds_together(text: str, at: int) -> bool:
    """True when a reader sees no boundary at `at`: an accent or skin tone follows, a joiner, or the second half of a flag."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if JOINER in {before, after} or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if _flag(before) and _flag(after):
        first = at
        while first and _flag(text[first - 1]):
            first -= 1
        return (at - first) % 2 == 1
    return unicodedata.category(after) in {"Mn", "Me", "Mc"}


def _flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
