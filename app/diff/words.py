"""Where two texts part, and what one keeps of another: in code points, never inside a word or a character's marks."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from app.diff.align import common_head, common_tail, rising

Piece = tuple[int, int] | str  # [start, end) kept of the older text, or new words

UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
COMPARED = 6_000  # code points of a passage that is compared word by word; a longer one is told as a whole
OPENS, CLOSES = {"Ps", "Pi"}, {"Pe", "Pf", "Po"}  # Unicode general categories of punctuation
MARKS = {"Mn", "Me", "Mc", "Sk"}  # Sk: skin tones among others
JOINERS = {"\u200d", "\ufe0f", "\ufe0e", "\u2019", "'"}


@lru_cache(4096)
def _kind(char: str) -> tuple[bool, bool, bool]:
    """Of a code point: whether it holds what follows, whether it clings to what is before, whether it is of a word."""
    category = unicodedata.category(char)
    holds = char.isspace() or char == "\u200d" or category in OPENS
    return holds, char in JOINERS or category in MARKS or category in CLOSES, char.isalnum() and not UNSPACED.match(char)


def joined(before: str, after: str) -> bool:
    """True when nothing may part between two neighbours: inside a word or a grapheme, between a word and the punctuation
    that closes it, and after a space, which belongs to what follows.
    """
    (holds, _, word), (_, clings, also) = _kind(before), _kind(after)
    return holds or clings or (also and (word or before in JOINERS))


def common(a: str, b: str) -> int:
    """How many code points two texts begin with in common; compares slices, so that 200,000 cost next to nothing."""
    return common_head(a, 0, len(a), b, 0, len(b))


def shared(a: str, b: str) -> int:
    """How many code points two texts begin with in common, brought back to where both may part."""
    at = common(a, b)
    while at > 0 and ((at < len(a) and joined(a[at - 1], a[at])) or (at < len(b) and joined(b[at - 1], b[at]))):
        at -= 1
    return at


def first(text: str) -> str:
    """The first word with the space before it: two texts share words if and only if they share this one."""
    at = 1
    while at < len(text) and joined(text[at - 1], text[at]):
        at += 1
    return text[:at]


def words(text: str) -> list[str]:
    """`text` cut wherever it may part."""
    cuts = [at for at in range(1, len(text)) if not joined(text[at - 1], text[at])]
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)] if text else []


def pieces(old: str, new: str) -> list[Piece]:
    """`new` as what it keeps of `old` and what it adds, in order. Deterministic, and linear for what is long."""
    start = shared(old, new)
    end = min(_shared_end(old, new), len(old) - start, len(new) - start)
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    found = [(0, start), *_middle(before, after, start), (len(old) - end, len(old))]
    return list(_tidy(found))


def read(old: str, found: list[Piece]) -> str:
    """The text that `found` tells of, out of the older one."""
    return "".join(piece if isinstance(piece, str) else old[piece[0] : piece[1]] for piece in found)


def kept(found: list[Piece]) -> int:
    """How many code points are kept."""
    return sum(piece[1] - piece[0] for piece in found if not isinstance(piece, str))


def _shared_end(a: str, b: str) -> int:
    """How many code points two texts end with in common, brought forward to where both may part."""
    low = common_tail(a, 0, len(a), b, 0, len(b))
    while low and any(low < len(text) and joined(text[-low - 1], text[-low]) for text in (a, b)):
        low -= 1
    return low


def _middle(old: str, new: str, offset: int) -> Iterator[Piece]:
    """What `new` keeps of `old`, a passage that begins at `offset`: two words in a row at least, told apart by pairs of
    words that stand once in each ("patience diff", Cohen).
    """
    done = 0
    if old and new and max(len(old), len(new)) <= COMPARED:
        a, b = words(old), words(new)
        starts = [0]
        for word in a:
            starts.append(starts[-1] + len(word))
        for at, to, length in _blocks(a, b):
            yield "".join(b[done:to])
            yield offset + starts[at], offset + starts[at + length]
            done = to + length
        yield "".join(b[done:])
    else:
        yield new


def _blocks(a: list[str], b: list[str]) -> Iterator[tuple[int, int, int]]:
    """Runs of words that are the same in both, in order: (start in a, start in b, how many)."""
    there = {pair: at for at, pair in enumerate(pairwise(a))}
    once = [Counter(pairwise(words)) for words in (a, b)]
    pairs = [(there[pair], to) for to, pair in enumerate(pairwise(b)) if once[0][pair] == once[1][pair] == 1]
    end_a = end_b = 0
    for at, to in [pairs[i] for i in rising([at for at, _to in pairs])]:
        if at < end_a or to < end_b:
            continue
        back, on = 0, 2
        while at - back > end_a and to - back > end_b and a[at - back - 1] == b[to - back - 1]:
            back += 1
        while at + on < len(a) and to + on < len(b) and a[at + on] == b[to + on]:
            on += 1
        yield at - back, to - back, back + on
        end_a, end_b = at + on, to + on


def _tidy(found: list[Piece]) -> Iterator[Piece]:
    """Without what is empty, and with neighbours of a kind as one."""
    last: Piece | None = None
    for piece in found:
        if not piece or (not isinstance(piece, str) and piece[0] == piece[1]):
            continue
        if isinstance(last, str) and isinstance(piece, str):
            last += piece
        elif isinstance(last, tuple) and isinstance(piece, tuple) and last[1] == piece[0]:
            last = last[0], piece[1]
        else:
            if last is not None:
                yield last
            last = piece
    if last is not None:
        yield last
