"""Where two texts part, and what one keeps of another: in code points, never inside a word or a character's marks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

import regex

from app.diff.align import Budget, aligned, coded, common_head, common_tail
from app.media.text.scripts import UNSPACED

Piece = tuple[int, int] | str  # [start, end) kept of the older text, or new words

COMPARED = 6_000  # code points of a passage that is compared word by word; a longer one is told as a whole
WORK = 20_000  # steps of one comparison: a loom makes many
IN_A_ROW = 2  # words that are kept at least
# Nothing parts inside a word or a character, between a word and the punctuation that closes it, and after a space or an
# opening mark, which belong to what follows.
_WORD = rf"[[\p{{L}}\p{{N}}]--[{UNSPACED}]]"
_HELD = rf"""(?V1x: (?<=[\s\p{{Ps}}\p{{Pi}}\u200d])
  | (?=[\p{{M}}\p{{Sk}}\p{{Pe}}\p{{Pf}}\p{{Po}}\u200d\u2019'])
  | (?<=[{_WORD}\u200d\ufe0e\ufe0f\u2019'])(?={_WORD}) )"""
HELD = regex.compile(_HELD)
PART = regex.compile(rf"(?s).(?:{_HELD}.)*")


def joined(before: str, after: str) -> bool:
    """True when nothing may part between two neighbours."""
    return HELD.match(before + after, 1) is not None


def common(a: str, b: str) -> int:
    """How many code points two texts begin with in common; compares slices, so that 200,000 cost next to nothing."""
    return common_head(a, 0, len(a), b, 0, len(b))


def shared(a: str, b: str) -> int:
    """How many code points two texts begin with in common, brought back to where both may part."""
    at = common(a, b)
    while at > 0 and any(at < len(text) and HELD.match(text, at) for text in (a, b)):
        at -= 1
    return at


def first(text: str) -> str:
    """The first word with the space before it: two texts share words if and only if they share this one."""
    found = PART.match(text)
    return found[0] if found else ""


def words(text: str) -> list[str]:
    """`text` cut wherever it may part."""
    return list(PART.findall(text))


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
    while low and any(low < len(text) and HELD.match(text, len(text) - low) for text in (a, b)):
        low -= 1
    return low


def _middle(old: str, new: str, offset: int) -> Iterator[Piece]:
    """What `new` keeps of `old`, a passage that begins at `offset`: IN_A_ROW words at least."""
    done = 0
    if old and new and max(len(old), len(new)) <= COMPARED:
        a, b = words(old), words(new)
        starts = list(accumulate(map(len, a), initial=offset))
        for at, to, length in aligned(*coded(a, b), Budget(WORK)):
            if length >= IN_A_ROW:
                yield "".join(b[done:to])
                yield starts[at], starts[at + length]
                done = to + length
        yield "".join(b[done:])
    else:
        yield new


def _tidy(found: list[Piece]) -> Iterator[Piece]:
    """Without what is empty, and with neighbours of a kind as one."""
    last: Piece = ""
    for piece in found:
        if not piece or (not isinstance(piece, str) and piece[0] == piece[1]):
            continue
        if isinstance(last, str) and isinstance(piece, str):
            last += piece
        elif isinstance(last, tuple) and isinstance(piece, tuple) and last[1] == piece[0]:
            last = last[0], piece[1]
        else:
            if last:
                yield last
            last = piece
    if last:
        yield last
