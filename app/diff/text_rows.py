"""A text's difference as a page shows it: rows of one text, or of two side by side, with what did not change folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest

from app.bounded import MB, bounded
from app.diff.authorship import Span, changed, cut
from app.diff.text import SMALL, Op, Passage, text_diff
from app.errors import _

MOST = 4_000  # lines on a page
TOO_MUCH = _(
    "These texts need too much time or memory to be shown beside one another. Compare revisions that lie nearer to each other."
)
AROUND = 2  # unchanged lines shown on each side of a change
BREAK = "↵"  # stands for a line break that came or went


@dataclass(frozen=True, slots=True)
class Bit:
    """A stretch of one line; `by` is who wrote it, when that was asked for."""

    op: Op
    text: str
    move: int | None = None
    end: str | None = None
    by: str | None = None


@dataclass(slots=True)
class Row:
    """A line, and its number in the old and in the new text."""

    a: int
    b: int
    bits: list[Bit] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """True when anything in it did not stay."""
        return any(bit.op != "equal" for bit in self.bits)


@dataclass(slots=True)
class Pair:
    """A line of the old text and the one beside it."""

    left: Row | None
    right: Row | None

    @property
    def changed(self) -> bool:
        """True unless both are there and the same."""
        return not (self.left and self.right) or self.left.changed or self.right.changed


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that did not change, put away; `count` of them. Where a page would grow too long their `rows` are not there."""

    rows: Sequence[Row | Pair]
    count: int


@dataclass(frozen=True, slots=True)
class Amount:
    """How much changed, in characters without white space, and how many passages moved."""

    added: int
    removed: int
    moved: int


def amount(passages: Sequence[Passage]) -> Amount:
    """How much changed."""
    sizes = {op: sum(len("".join(p.text.split())) for p in passages if p.op == op) for op in ("insert", "delete")}
    return Amount(sizes["insert"], sizes["delete"], sum(p.end == "to" for p in passages))


@dataclass(frozen=True, slots=True)
class Compared:
    """Two texts as a page shows them; `left_out` lines at the end are not there, since the page would grow too long."""

    rows: list[Row | Pair | Fold]
    left_out: int
    amount: Amount


@bounded(30, 1000 * MB, TOO_MUCH, small=lambda a, b, _side, _inks: len(a) + len(b) <= SMALL)
def compared(a: str, b: str, side: bool, inks: tuple[list[Span], list[Span]] | None) -> Compared:
    """What changed from `a` to `b`, on one page or `side` by side; with `inks`, who wrote what in both."""
    passages = text_diff(a, b)
    by = Inks(*inks) if inks else Inks()
    rows, left_out = _bounded(folded(side_by_side(passages, by) if side else inline(passages, by)))
    return Compared(rows, left_out, amount(passages))


def _bounded(rows: list[Row | Pair | Fold]) -> tuple[list[Row | Pair | Fold], int]:
    """As many rows as go on a page, and how many lines are left out. Of what is folded no more than as many again."""
    found, within = list[Row | Pair | Fold](), 0
    for row in rows[:MOST]:
        if isinstance(row, Fold):
            within += row.count
            found.append(row if within <= MOST else Fold((), row.count))
        else:
            found.append(row)
    return found, sum(row.count if isinstance(row, Fold) else 1 for row in rows[MOST:])


class Inks:
    """Who wrote what, in both texts; or nothing when nobody asked."""

    def __init__(self, a: list[Span] | None = None, b: list[Span] | None = None) -> None:
        self.a, self.b = a, b

    def bits(self, passage: Passage, start: int, text: str) -> Iterator[Bit]:
        """The stretch of `passage` that begins at its character `start`, parted by who wrote it."""
        old = passage.op == "delete" or passage.end == "from"
        spans, place = (self.a, passage.a) if old else (self.b, passage.b)
        if not text:
            return
        if spans is None or place is None:
            yield Bit(passage.op, text, passage.move, passage.end)
            return
        for begin, end, by in cut(spans, place[0] + start, place[0] + start + len(text)):
            yield Bit(passage.op, text[begin:end], passage.move, passage.end, str(by))


def inline(passages: Sequence[Passage], inks: Inks) -> list[Row]:
    """One text, in which what went and what came stand in their places."""
    rows = [Row(1, 1)]
    for passage in passages:
        old, new = _sides(passage)
        if new and not old and "\n" in passage.text and _only_old(rows[-1]):
            rows.append(Row(rows[-1].a, rows[-1].b))  # lines that came begin below lines that went
        at = 0
        for line in passage.text.splitlines(keepends=True) if "\n" in passage.text else [passage.text]:
            words = line.removesuffix("\n")
            row = rows[-1]
            row.bits += inks.bits(passage, at, words)
            at += len(line)
            if words != line:
                _mark_break(row, passage)
                rows.append(Row(row.a + old, row.b + new))
    return rows if rows[-1].bits or len(rows) == 1 else rows[:-1]


def side_by_side(passages: Sequence[Passage], inks: Inks) -> list[Pair]:
    """Both texts, each line beside its other; they meet wherever a line break stayed."""
    pairs: list[Pair] = []
    left, right = [Row(1, 1)], [Row(1, 1)]
    for passage in passages:
        old, new = _sides(passage)
        at = 0
        if old and new and not (left[-1].bits or right[-1].bits):  # both begin a line here: what went before is told
            pairs += [Pair(*both) for both in zip_longest(left[:-1], right[:-1])]
            left, right = left[-1:], right[-1:]
        for line in passage.text.splitlines(keepends=True) if "\n" in passage.text else [passage.text]:
            words = line.removesuffix("\n")
            for side, here in ((left, old), (right, new)):
                if here:
                    side[-1].bits += inks.bits(passage, at, words)
                    if words != line:
                        _mark_break(side[-1], passage)
                        side.append(Row(side[-1].a + 1, side[-1].b + 1))
            at += len(line)
            if words != line and old and new:
                pairs += [Pair(*both) for both in zip_longest(left[:-1], right[:-1])]
                left, right = left[-1:], right[-1:]
    pairs += [Pair(*both) for both in zip_longest(left, right) if any(row and row.bits for row in both)]
    return pairs


def folded(rows: Sequence[Row | Pair]) -> list[Row | Pair | Fold]:
    """Long runs without a change put away, but for AROUND lines beside a change."""
    out: list[Row | Pair | Fold] = []
    runs = [(changed, list(run)) for changed, run in groupby(rows, key=lambda row: row.changed)]
    for at, (differs, run) in enumerate(runs):
        head = AROUND if at else 0
        tail = AROUND if at < len(runs) - 1 else 0
        if differs or len(run) <= head + tail + 1 or len(runs) == 1:
            out += run
        else:
            away = run[head : len(run) - tail]
            out += [*run[:head], Fold(away, len(away)), *run[len(run) - tail :]]
    return out


def _sides(passage: Passage) -> tuple[bool, bool]:
    """Whether it stands in the old and in the new text."""
    return passage.a is not None and passage.end != "to", passage.b is not None and passage.end != "from"


def _only_old(row: Row) -> bool:
    return bool(row.bits) and all(bit.op == "delete" or bit.end == "from" for bit in row.bits)


def _mark_break(row: Row, passage: Passage) -> None:
    """A line break that came or went is shown where the line does not tell it by itself."""
    if passage.op != "equal" and (not row.bits or any(bit.op == "equal" for bit in row.bits)):
        row.bits.append(Bit(passage.op, BREAK, passage.move, passage.end))


def sheet(text: str, spans: list[Span]) -> list[Bit]:
    """The text as who wrote it parts it; what the artist changed in an engine's lines is `edit`.

    Of more than MOST parts those at the end are one, without who wrote it: a page would grow too long.
    """
    rest, spans = spans[MOST:], spans[:MOST]
    bits, edits = list[Bit](), changed(text, spans)[::-1]
    for begin, end, by in spans:
        at = begin
        while edits and edits[-1][0] < end:
            first, last = edits.pop()
            bits += [Bit("equal", text[at:first], by=str(by)), Bit("equal", text[first:last], by="edit")]
            at = last
        bits.append(Bit("equal", text[at:end], by=str(by)))
    bits.append(Bit("equal", text[rest[0].start :] if rest else ""))
    return [bit for bit in bits if bit.text]
