"""What was said to earlier revisions, on a later one: carried to where its place lies now, or listed without a place.

A place is carried only where what it is about is still there: the words of a text, bars that sound the same, the pixels of a
picture outside what was painted over, or a picture whose composition its verb keeps. Nothing is lost: what cannot be carried
is listed as said to an earlier revision. Threads that are done with stay where they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy.orm import object_session

from app.diff.kept import kept
from app.diff.tune_columns import compared
from app.errors import NotFoundError
from app.media.image.masks import leaves
from app.media.music.theory.telling import SMALL
from app.media.pin import Pin
from app.models.comment import Comments, Thread
from app.models.mask import Mask
from app.models.revision import Revision
from app.storage.store import Store
from app.verbs.rule import Strength
from app.verbs.verb import Verb

COMPARED = 8  # earlier revisions, the nearest, that a text or a tune is compared with
LONGEST = 200_000  # code points of two texts that are compared for it
REMEMBERED = 1_000  # earlier revisions whose comments are listed
FARTHEST = 24  # steps of a lineage over which a place in a picture is carried


class Standing(StrEnum):
    """How a thread stands to the revision that it is shown with."""

    OWN = "own"  # it was said to this one
    CARRIED = "carried"  # to an earlier one, and its place is here as well
    EARLIER = "earlier"  # to an earlier one, of which nothing here is the place


class Told(NamedTuple):
    """A thread as a revision's page tells it; `pin` is the place in that revision."""

    thread: Thread
    standing: Standing
    pin: Pin | None


def told(comments: Comments, revision: Revision, store: Store) -> list[Told]:
    """The threads of `revision`, then those of the revisions that it came from in its work, the nearest first."""
    own = [Told(thread, Standing.OWN, thread.first.pin) for thread in comments.threads(revision)]
    return [*own, *_earlier(comments, revision, store)] if comments.said_in(revision.work_id) else own


def _earlier(comments: Comments, revision: Revision, store: Store) -> list[Told]:
    path = [one for one in revision.path() if one.work_id == revision.work_id][-REMEMBERED:]
    threads = comments.open_threads([one.id for one in path[:-1]])
    found = list[Told]()
    for at, before in list(enumerate(path))[-2::-1]:
        near = len({one.thread.first.revision_id for one in found}) < COMPARED
        for thread in threads.get(before.id, []):
            pin = _carried(path[at:], thread.first.pin, store) if near else None
            found.append(Told(thread, Standing.CARRIED if pin else Standing.EARLIER, pin))
    return found


def _carried(steps: Sequence[Revision], pin: Pin | None, store: Store) -> Pin | None:
    """`pin` on the first of `steps`, on the last of them."""
    first, last = steps[0], steps[-1]
    if pin is None:
        return None
    if pin.range and first.text is not None and last.text is not None:
        found = carried_range(first.text, last.text, pin.range)
        return Pin(range=found) if found else None
    if pin.bars and first.text is not None and last.text is not None:
        bars = carried_bars(first.text, last.text, pin.bars)
        return Pin(bars=bars) if bars else None
    if pin.seconds:
        return pin if first.asset_id == last.asset_id else None
    return pin if len(steps) <= FARTHEST and all(_stays(one, other, pin, store) for one, other in pairwise(steps)) else None


def carried_range(old: str, new: str, places: tuple[int, int]) -> tuple[int, int] | None:
    """Where in `new` the words lie that stand at `places` in `old`; None where they are not whole there."""
    if len(old) + len(new) > LONGEST:
        return None
    start, end = places
    for was, now, size in _kept(old, new):
        if was <= start and end <= was + size:
            return now + start - was, now + end - was
    return None


_kept = lru_cache(16)(kept)


def carried_bars(old: str, new: str, bars: tuple[int, int]) -> tuple[int, int] | None:
    """The numbers in the tune `new` of the bars that have the numbers `bars` in `old`; None where they do not sound the same,
    or do not stand in a row.
    """
    if max(len(old), len(new)) > SMALL:
        return None
    pairs = [pair for pair in compared(old, new).bars if pair.a is not None and bars[0] <= pair.a <= bars[1]]
    numbers = [(pair.a, pair.b) for pair in pairs if pair.op == "equal" and pair.a is not None and pair.b is not None]
    if not numbers or len(numbers) < len(pairs) or numbers[0][0] != bars[0] or numbers[-1][0] != bars[1]:
        return None
    by = {now - was for was, now in numbers}
    return (bars[0] + by.pop(), numbers[-1][1]) if len(by) == 1 else None


def _stays(before: Revision, after: Revision, pin: Pin, store: Store) -> bool:
    """Whether what lies at `pin` in a picture lies there in its child too."""
    if before.asset is None or after.asset is None:
        return False
    if (before.asset.width, before.asset.height) != (after.asset.width, after.asset.height):
        return False
    if after.verb == Verb.INPAINT:
        return _outside(after, pin, store)
    return after.verb == Verb.REFINE or (after.verb == Verb.VARY and after.strength == Strength.SUBTLE)


def _outside(revision: Revision, pin: Pin, store: Store) -> bool:
    """Whether `pin` lies beside all that the mask of `revision` let change."""
    session = object_session(revision)
    mask = session.get(Mask, revision.mask_id) if session and revision.mask_id else None
    if mask is None:
        return False
    try:
        return leaves(store.find(mask.asset_id), pin.box or (*(pin.point or (0, 0)), 1, 1))
    except NotFoundError:
        return False
