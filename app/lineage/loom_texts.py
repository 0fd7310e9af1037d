"""Strands: the revisions of a text, read in bulk and within bounds, for the loom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models.edge import Parent
from app.models.pick import Pick
from app.models.revision import Revision
from app.models.scope import WHOLE
from app.models.work import Work

MOST, LETTERS = 2_000, 8_000_000  # revisions and code points that are read for a loom
BATCH = 500


@dataclass(frozen=True, slots=True)
class Strand:
    """A revision and its text. `parent` is the strand it came from, before it in the list, or -1."""

    id: UUID
    number: int
    parent: int
    role: str | None
    picked: bool
    text: str


def strands(
    session: Session, work: Work, around: int | None = None, most: int = MOST, letters: int = LETTERS
) -> tuple[list[Strand], int]:
    """The texts of `work` by number, and how many were left out.

    When there are more than `most`, or they are longer than `letters` together, those on the way from the root to number
    `around` are read first, then those nearest to it by number. What hangs from one that is left out hangs from the
    nearest before it.
    """
    length = sa.func.length(Revision.text).label("length")
    query = sa.select(Revision.id, Revision.number, length).where(Revision.work_id == work.id, Revision.text.is_not(None))
    rows = session.execute(query.order_by(Revision.number)).all()
    parents, roles = _parents(session, work)
    chosen = _chosen(rows, parents, around, most, letters)
    texts, picked = _texts(session, work, chosen, len(rows)), _picked(session, work)
    found, place = list[Strand](), dict[UUID, int]()
    for row in rows:
        if row.id not in chosen:
            continue
        above = parents.get(row.id)
        while above is not None and above not in place:
            above = parents.get(above)
        parent = place[above] if above is not None else -1
        place[row.id] = len(found)
        found.append(Strand(row.id, row.number, parent, roles.get(row.id), row.id in picked, texts[row.id]))
    return found, len(rows) - len(found)


def _parents(session: Session, work: Work) -> tuple[dict[UUID, UUID], dict[UUID, str]]:
    """The first parent of each revision of the work, and as what it came from it."""
    query = sa.select(Parent.child_id, Parent.parent_id, Parent.role).join(Revision, Revision.id == Parent.child_id)
    rows = session.execute(query.where(Revision.work_id == work.id, Parent.position == 0).execution_options(**WHOLE)).all()
    return {row.child_id: row.parent_id for row in rows}, {row.child_id: str(row.role) for row in rows}


def _chosen(rows: Any, parents: dict[UUID, UUID], around: int | None, most: int, letters: int) -> set[UUID]:
    """The ids to read, as many as the bounds allow and at least one."""
    if len(rows) <= most and sum(row.length for row in rows) <= letters:
        return {row.id for row in rows}
    known = {row.id: row for row in rows}
    centre = next((row for row in rows if row.number == around), rows[-1])
    way, above = list[Any](), centre
    while above is not None:
        way.append(above)
        above = known.get(parents.get(above.id, UUID(int=0)))
    on_way = {row.id for row in way}
    others = sorted(
        (row for row in rows if row.id not in on_way), key=lambda row: (abs(row.number - centre.number), row.number)
    )
    chosen, left = set[UUID](), letters
    for row in [*way, *others][:most]:
        left -= row.length
        if left < 0 and chosen:
            break
        chosen.add(row.id)
    return chosen


def _texts(session: Session, work: Work, chosen: set[UUID], known: int) -> dict[UUID, str]:
    query = sa.select(Revision.id, Revision.text).where(Revision.work_id == work.id, Revision.text.is_not(None))
    if len(chosen) == known:
        return {row.id: row.text for row in session.execute(query)}
    ids = sorted(chosen)
    batches = (ids[at : at + BATCH] for at in range(0, len(ids), BATCH))
    return {row.id: row.text for batch in batches for row in session.execute(query.where(Revision.id.in_(batch)))}


def _picked(session: Session, work: Work) -> set[UUID]:
    query = sa.select(Pick.revision_id).join(Revision, Revision.id == Pick.revision_id)
    return set(session.scalars(query.where(Revision.work_id == work.id)))
