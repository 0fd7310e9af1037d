"""Tunes in the lineage: what a revision of one keeps as facts, and how far it is like the artist's other tunes."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.media.medium import NOTES
from app.media.music.theory.novelty import Known, Shared, small
from app.media.music.theory.telling import Description, describe_abc, sung
from app.models.artist import Artist
from app.models.edge import Parent
from app.models.revision import Revision
from app.models.work import Work, Works

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OTHERS = 200  # of the artist's works that a tune is held against: those touched last
LONGEST = 4_000  # code points of a tune that is held against others
KEPT = 1_000  # tunes whose notes are kept in memory
FURTHEST = 256  # ancestors that are looked through


def facts_of(session: Session, artist: Artist, work: Work, text: str, parents: Iterable[UUID] = ()) -> dict[str, Any]:
    """What is told of a tune (app.media.music.theory.telling) and `own`: {notes, bars, title, start} of the longest run of
    notes that it shares with another tune of the artist's. `parents` are the revisions that it comes from.

    Raises InvalidError for more than a million code points, TooLargeError, BusyError.
    """
    return facts_beside(session, artist, work, describe_abc(text), parents)


def facts_beside(
    session: Session, artist: Artist, work: Work, told: Description, parents: Iterable[UUID] = ()
) -> dict[str, Any]:
    """The same of a tune that something was told of already."""
    return told.facts | {"own": asdict(self_overlap(session, artist, work, told, parents))}


def self_overlap(session: Session, artist: Artist, work: Work, told: Description, parents: Iterable[UUID] = ()) -> Shared:
    """The longest run of notes that a tune shares with one of the artist's other tunes.

    Held against are the tunes that stand for other works on the wall (a work's pick, else its latest), of the OTHERS works
    touched last. Its own work is left out, and those that its ancestors belong to: a variation shares bars with what it
    varies, and to be told so is no news.
    """
    left_out = {work.id} | _works_of_ancestors(session, list(parents))
    tunes = sa.and_(Work.medium.in_(NOTES), Work.trashed_at.is_(None), Work.id.not_in(left_out))
    mine = Works(session, artist).query().where(tunes)
    text = sa.func.substr(Revision.text, 1, LONGEST)
    covers = mine.join(Revision, Revision.id == Work.cover_id).where(Revision.text.is_not(None))
    latest = covers.with_only_columns(Work.title, text).order_by(Work.touched_at.desc()).limit(OTHERS)
    rows = [(str(name), str(abc)) for name, abc in session.execute(latest)]
    if not rows:
        return Shared()
    others = _SUNG.of([abc for _name, abc in rows])
    titles = [title or name for (name, _abc), (title, _numbers) in zip(rows, others, strict=True)]
    return Known(titles, [numbers for _title, numbers in others]).shared(told.sounds, told.whole)


def _works_of_ancestors(session: Session, parents: list[UUID]) -> set[UUID]:
    """The works of these revisions and of what they came from."""
    up = sa.select(Revision.id, sa.literal(0).label("depth")).where(Revision.id.in_(parents)).cte("up", recursive=True)
    further = sa.select(Parent.parent_id, up.c.depth + 1).where(Parent.child_id == up.c.id, up.c.depth < FURTHEST)
    up = up.union(further)
    query = sa.select(Revision.work_id).join(up, up.c.id == Revision.id).distinct()
    return set(session.scalars(query)) if parents else set()


class _Sung:
    """Titles and numbers of the tunes that were compared last: at most 16 KB for each of KEPT."""

    def __init__(self) -> None:
        self.known: OrderedDict[bytes, tuple[str, NDArray[np.int32]]] = OrderedDict()
        self.guard = threading.Lock()

    def of(self, texts: Sequence[str]) -> list[tuple[str, NDArray[np.int32]]]:
        """Of each of these tunes."""
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        with self.guard:
            found = {key: self.known[key] for key in keys if key in self.known}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        for key, (title, numbers) in zip(new, sung(list(new.values())), strict=True):
            found[key] = title, small(numbers)
        with self.guard:
            for key in keys:
                self.known[key] = found[key]
                self.known.move_to_end(key)
            while len(self.known) > KEPT:
                self.known.popitem(last=False)
        return [found[key] for key in keys]


_SUNG = _Sung()
