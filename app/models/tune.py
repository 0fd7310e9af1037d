"""Tunes in the lineage: what a revision of one keeps as facts, and how far it is like the artist's other tunes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.brief import Medium
from app.models.artist import Artist
from app.models.parent import Parent
from app.models.revision import Revision
from app.models.work import Work, Works
from app.music.abc import read
from app.music.novelty import Known, Shared, numbers_of, small, sounds_of
from app.music.telling import shared, told_of
from app.music.tune import Tune

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OTHERS = 200  # of the artist's works that a tune is held against: those touched last
LONGEST = 20_000  # code points of a tune that is held against others
FURTHEST = 256  # ancestors that are looked through


def facts_of(session: Session, artist: Artist, work: Work, text: str, parents: Iterable[UUID] = ()) -> dict[str, Any]:
    """What is told of a tune (app.music.telling) and `own`: {notes, bars, title, start} of the longest run of notes that it
    shares with another tune of the artist's. `parents` are the revisions that it comes from.
    """
    tune = read(text)
    return told_of(tune) | {"own": asdict(own(session, artist, work, tune, parents))}


def own(session: Session, artist: Artist, work: Work, tune: Tune, parents: Iterable[UUID] = ()) -> Shared:
    """The longest run of notes that `tune` shares with one of the artist's other tunes.

    Held against are the tunes that stand for other works on the wall (a work's pick, else its latest), of the OTHERS works
    touched last. Its own work is left out, and those that its ancestors belong to: a variation shares bars with what it
    varies, and to be told so is no news.
    """
    left_out = {work.id} | _works_of_ancestors(session, list(parents))
    tunes = sa.and_(Work.medium == Medium.MUSIC, Work.trashed_at.is_(None), Work.id.not_in(left_out))
    mine = Works(session, artist).query().where(tunes)
    text = sa.func.substr(Revision.text, 1, LONGEST)
    covers = mine.join(Revision, Revision.id == Work.cover_id).where(Revision.text.is_not(None))
    latest = covers.with_only_columns(Work.title, text).order_by(Work.touched_at.desc()).limit(OTHERS)
    others = [(name, *_read(str(abc))) for name, abc in session.execute(latest)]
    if not others:
        return Shared()
    return shared(tune, Known([title or name for name, title, _each in others], [each for _name, _title, each in others]))


def _works_of_ancestors(session: Session, parents: list[UUID]) -> set[UUID]:
    """The works of these revisions and of what they came from."""
    up = sa.select(Revision.id, sa.literal(0).label("depth")).where(Revision.id.in_(parents)).cte("up", recursive=True)
    further = sa.select(Parent.parent_id, up.c.depth + 1).where(Parent.child_id == up.c.id, up.c.depth < FURTHEST)
    up = up.union(further)
    query = sa.select(Revision.work_id).join(up, up.c.id == Revision.id).distinct()
    return set(session.scalars(query)) if parents else set()


@lru_cache(maxsize=512)
def _read(text: str) -> tuple[str, NDArray[np.integer[Any]]]:
    """Title and numbers (`novelty.numbers_of`) of a tune: at most 80 KB of numbers for each that is kept."""
    tune = read(text)
    return tune.title, small(numbers_of(sounds_of(tune)))
