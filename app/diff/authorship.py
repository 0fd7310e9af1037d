"""Who wrote which part of a text: ranges of origin, and how they survive editing.

All offsets are Unicode code points. The ranges of a text are sorted, have no gaps, cover it, and neighbours differ.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

from app.bounded import MB, bounded
from app.diff.kept import kept
from app.errors import InvalidError, _

Changed = tuple[int, int]
SMALL = 100_000  # code points of both texts that are compared at once: about a tenth of a second
TOO_MUCH = _("Finding out who wrote which part of this text needs too much time or memory. Save it in smaller steps.")


class By(StrEnum):
    """Who put the characters there."""

    HAND = "hand"
    ENGINE = "engine"
    PASTE = "paste"
    IMPORT = "import"


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) came from `by`."""

    start: int
    end: int
    by: By


Spans = list[Span]


def whole(text: str, by: By) -> Spans:
    """All of `text` came from `by`; an empty text has no ranges."""
    return [Span(0, len(text), by)] if text else []


def stored(spans: Iterable[Span]) -> list[list[Any]]:
    """The ranges as rows keep them: [[start, end, by], …]."""
    return [[start, end, str(by)] for start, end, by in spans]


def spans_of(text: str, rows: Iterable[Sequence[Any]] | None) -> Spans:
    """The ranges that a row keeps for `text`; a row that keeps none, or those of another text, says that it was written by
    hand.
    """
    found = [Span(start, end, By(by)) for start, end, by in rows or ()]
    return found if found and found[-1].end == len(text) else whole(text, By.HAND)


def shown(rows: Iterable[Sequence[Any]] | None) -> list[dict[str, Any]] | None:
    """What a row keeps, as programs read it: [{start, end, by}, …]."""
    return None if rows is None else [{"start": start, "end": end, "by": by} for start, end, by in rows]


def check(spans: Iterable[Span], length: int) -> Spans:
    """The ranges, neighbours of one origin joined, if they cover a text of `length` code points.

    Raises InvalidError when they leave a gap, overlap, are empty or go past its end.
    """
    at = 0
    for start, end, _by in (given := list(spans)):
        if start != at or end <= start:
            raise InvalidError("origins", _("the ranges must cover the text without gaps, in its order: see %(at)d"), at=at)
        at = end
    if at != length:
        said = _("the ranges cover %(at)d characters, the text has %(length)d (counted in Unicode code points)")
        raise InvalidError("origins", said, at=at, length=length)
    return joined(given)


def joined(spans: Iterable[Span]) -> Spans:
    """The ranges without empty ones, neighbours of one origin as one."""
    found: Spans = []
    for span in spans:
        if span.start == span.end:
            continue
        if found and found[-1].by == span.by and found[-1].end == span.start:
            found[-1] = found[-1]._replace(end=span.end)
        else:
            found.append(span)
    return found


def cut(spans: Spans, start: int, end: int, to: int = 0) -> Iterator[Span]:
    """What the ranges say of characters `start` to `end`, moved so that `start` lies at `to`."""
    for at in range(bisect_right(spans, start, key=lambda span: span.end), len(spans)):
        first, last = max(spans[at].start, start), min(spans[at].end, end)
        if first >= last:
            return
        yield Span(first - start + to, last - start + to, spans[at].by)


@bounded(20, 400 * MB, TOO_MUCH, small=lambda old, _spans, new, _by=None: len(old) + len(new) <= SMALL)
def carried(old: str, spans: Spans, new: str, by: By = By.HAND) -> Spans:
    """The ranges of `new`, an edit of `old`: what stayed, also what moved, keeps its origin; what is new is `by`'s."""
    found: Spans = []
    at = 0
    for here, there, size in kept(old, new):  # in the order of `new`
        found.append(Span(at, there, by))
        found += cut(spans, here, here + size, there)
        at = there + size
    return joined([*found, Span(at, len(new), by)])


def spliced(spans: Spans, start: int, end: int, written: int, by: By = By.ENGINE) -> Spans:
    """The ranges after `start` to `end` were replaced by `written` characters of `by`'s."""
    length = spans[-1].end if spans else 0
    after = start + written
    return joined([*cut(spans, 0, start), Span(start, after, by), *cut(spans, end, length, after)])


def made(text: str, written: Iterable[tuple[int, int]], parent: str, spans: Spans) -> Spans:
    """The ranges of an engine's `text`: what it wrote (`written`, ranges) is the engine's, the rest its parent's.

    The rest stands in the text as it stood in `parent`: before what was written from its beginning, after it to its end.
    """
    ranges = sorted(written)
    if len(ranges) == 1:
        (start, end), rest = ranges[0], len(text) - ranges[0][1]
        stays = start + rest <= len(parent) and text[:start] == parent[:start] and text[end:] == parent[len(parent) - rest :]
        if stays:
            return spliced(spans, start, len(parent) - rest, end - start)
    # Without a parent, what the engine did not write stood in the artist's brief.
    found = carried(parent, spans, text) if parent else whole(text, By.HAND if ranges else By.ENGINE)
    for start, end in ranges:
        found = spliced(found, start, end, end - start)
    return found


def counts(text: str, spans: Iterable[Span]) -> dict[str, int]:
    """How many characters (white space aside) came from whom."""
    found: Counter[str] = Counter()
    for start, end, by in spans:
        found[str(by)] += len("".join(text[start:end].split()))
    return {by: count for by, count in found.items() if count}


def shares(text: str, spans: Iterable[Span]) -> dict[str, float]:
    """Which part of the text (white space aside) came from whom: 0 to 1, together 1. An empty text has no shares."""
    found = counts(text, spans)
    total = sum(found.values())
    return {by: count / total for by, count in found.items()}


def percent(text: str, spans: Iterable[Span]) -> dict[str, int]:
    """The shares in whole per cents that add up to 100 (largest remainders; who wrote anything has at least 0)."""
    exact = {by: share * 100 for by, share in shares(text, spans).items()}
    found = {by: int(share) for by, share in exact.items()}
    rest = 100 - sum(found.values()) if found else 0
    order = [str(by) for by in By]  # of equal remainders the first, as in shares.js
    for by in sorted(exact, key=lambda by: (round(found[by] - exact[by], 9), order.index(by)))[:rest]:
        found[by] += 1
    return found


def changed(text: str, spans: Spans) -> list[Changed]:
    """What the artist changed in an engine's words: the hand's ranges, line by line, that touch ink of an engine."""
    found: list[Changed] = []
    for before, after in pairwise(spans):
        if {before.by, after.by} != {By.HAND, By.ENGINE}:
            continue
        seam = after.start
        if "\n" in text[seam - 1 : seam + 1]:  # a line ends between them
            continue
        if after.by is By.HAND:
            stop = text.find("\n", seam, after.end)
            found.append((seam, after.end if stop < 0 else stop))
        else:
            found.append(
                (text.rfind("\n", before.start, seam) + 1 if "\n" in text[before.start : seam] else before.start, seam)
            )
    unique = {start: (start, end) for start, end in found if start < end}
    return [unique[start] for start in sorted(unique)]
