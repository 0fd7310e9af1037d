"""Differences between two revisions: words of their briefs, parameters, pictures."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from PIL import Image, ImageChops, ImageStat

from app.brief import FIELDS, Brief
from app.models.revision import Revision
from app.store import Store

Op = Literal["equal", "delete", "insert"]
LIMIT = 600  # edits looked for before a text counts as rewritten: bounds the work to about 0.1 s for 8,000 characters
LOOK = 512  # pixels of the longer side at which pictures are compared

_HAN = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[^\W{_HAN}]+(?:['’-][^\W{_HAN}]+)*|\s+|.", re.DOTALL)  # a Chinese character is a word of its own
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text. Those not inserted spell the old text, those not deleted the new one."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed from revision `a` to `b`; fields and parameters that did not change are absent."""

    a: Revision
    b: Revision
    brief: dict[str, list[Piece]]
    params: dict[str, tuple[Any, Any]]
    text: list[Piece] | None  # of what was written, when both are texts

    @property
    def engine(self) -> tuple[str | None, str | None]:
        """The engine of each."""
        return self.a.engine, self.b.engine

    @property
    def seed(self) -> tuple[int | None, int | None]:
        """The seed of each."""
        return self.a.seed, self.b.seed

    @property
    def same_recipe(self) -> bool:
        """True when nothing but chance tells them apart."""
        return not self.brief and not self.params and self.a.engine == self.b.engine


def compare(a: Revision, b: Revision) -> Diff:
    """The differences between two revisions, without their pictures (see `picture_difference`)."""
    names = sorted({*a.params, *b.params})
    both_text = a.text is not None and b.text is not None
    return Diff(
        a=a,
        b=b,
        brief=brief_diff(a.brief, b.brief),
        params={n: (a.params.get(n), b.params.get(n)) for n in names if a.params.get(n) != b.params.get(n)},
        text=word_diff(a.text or "", b.text or "") if both_text else None,
    )


def brief_diff(a: Brief, b: Brief) -> dict[str, list[Piece]]:
    """The fields that differ, word by word; a list's entries are lines."""
    pairs = ((field, _plain(getattr(a, field)), _plain(getattr(b, field))) for field in FIELDS)
    return {field: word_diff(old, new) for field, old, new in pairs if old != new}


def word_diff(a: str, b: str) -> list[Piece]:
    """The pieces that turn `a` into `b`: by words, by lines when too many words differ, else the whole.

    English splits into words, Chinese into characters. Space between two changes belongs to the change.
    """
    for tokens in (_WORD, _LINE):
        old, new = tokens.findall(a), tokens.findall(b)
        common = matches(old, new)
        if common is not None:
            return list(_merged(_pieces(old, new, common)))
    return [Piece("delete", a), Piece("insert", b)]


def matches(a: Sequence[str], b: Sequence[str], limit: int = LIMIT) -> list[tuple[int, int]] | None:
    """Index pairs of a longest common subsequence; None when `a` and `b` are more than `limit` edits apart.

    Myers, "An O(ND) difference algorithm and its variations" (1986), the greedy algorithm. difflib is cubic on
    repetitive text; this is bounded by `limit`.
    """
    reach, trace = {1: 0}, list[dict[int, int]]()  # by diagonal k = x - y, the furthest x reached
    for d in range(min(len(a) + len(b), limit) + 1):
        trace.append(reach.copy())
        for k in range(-d, d + 1, 2):
            x = reach[k + 1] if _down(reach, k, d) else reach[k - 1] + 1
            while x < len(a) and x - k < len(b) and a[x] == b[x - k]:
                x += 1
            reach[k] = x
            if x >= len(a) and x - k >= len(b):
                return _walk_back(trace, len(a), len(b))
    return None


def _down(reach: dict[int, int], k: int, d: int) -> bool:
    return k == -d or (k != d and reach[k - 1] < reach[k + 1])


def _walk_back(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs = []
    for d in range(len(trace) - 1, -1, -1):
        reach, k = trace[d], x - y
        before = k + 1 if _down(reach, k, d) else k - 1
        from_x = reach[before]
        from_y = from_x - before
        while x > max(from_x, 0) and y > max(from_y, 0):
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = from_x, from_y
    return pairs[::-1]


def _pieces(old: list[str], new: list[str], common: list[tuple[int, int]]) -> Iterator[Piece]:
    """Runs of deleted, inserted and equal tokens, deletions before insertions."""
    i = j = 0
    for x, y in [*common, (len(old), len(new))]:
        yield Piece("delete", "".join(old[i:x]))
        yield Piece("insert", "".join(new[j:y]))
        yield Piece("equal", "".join(old[x : x + 1]))
        i, j = x + 1, y + 1


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same text in fewer runs: a space that stayed between two changes changes with them."""
    runs = []
    for equal, group in groupby((p for p in pieces if p.text), key=lambda p: p.op == "equal"):
        run = list(group)
        runs.append((equal, _join(run, "insert"), _join(run, "delete")))
    changes = [not equal or (0 < at < len(runs) - 1 and not old.strip()) for at, (equal, old, _) in enumerate(runs)]
    at = 0
    for changed, many in groupby(changes):
        part = runs[at : at + len(list(many))]
        at += len(part)
        old, new = "".join(r[1] for r in part), "".join(r[2] for r in part)
        if not changed:
            yield Piece("equal", old)
            continue
        if old:
            yield Piece("delete", old)
        if new:
            yield Piece("insert", new)


def _join(pieces: list[Piece], without: Op) -> str:
    return "".join(p.text for p in pieces if p.op != without)


def _plain(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def picture_difference(store: Store, a: Revision, b: Revision) -> float | None:
    """Mean absolute difference of two pictures, 0 (same) to 1 (black against white), over their RGB values.

    None unless both are pictures of equal size. Large ones are compared at LOOK pixels of their longer side.
    Raises NotFoundError when a file is gone.
    """
    if a.asset is None or b.asset is None or not a.asset.width:
        return None
    if (a.asset.width, a.asset.height) != (b.asset.width, b.asset.height):
        return None
    if a.asset_id == b.asset_id:
        return 0.0
    one, other = (_look(store.get(asset.pixels)) for asset in (a.asset, b.asset))
    if one.size != other.size:  # a drawing's raster is larger than its natural size
        smaller = min(one.size, other.size)
        one, other = (look if look.size == smaller else look.resize(smaller, Image.Resampling.BOX) for look in (one, other))
    means = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return round(sum(means) / len(means) / 255, 4)


def _look(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        picture.thumbnail((LOOK, LOOK))
        return picture.convert("RGB")
