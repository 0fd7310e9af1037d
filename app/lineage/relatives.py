"""Kin: the revisions around one, with what a page shows of them, read without the rest of the lineage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import NotFoundError
from app.lineage.excerpt import words_of
from app.media.medium import NOTES
from app.models.edge import Parent
from app.models.pick import Pick
from app.models.revision import Revision
from app.models.scope import FOLLOWS
from app.models.work import Work

NEAR = 24  # so many siblings and so many children are told of


@dataclass(frozen=True, slots=True)
class NodeSummary:
    """A revision as its kin see it."""

    id: UUID
    work_id: UUID
    number: int
    verb: str | None
    strength: str | None
    pictured: bool  # it has a picture (a tune its first bars), so a thumbnail
    picked: bool
    fertile: bool  # something came from it
    words: str | None = None  # of a text: the first that are new beside its parent


@dataclass(frozen=True, slots=True)
class Near:
    """Siblings and children along first parents, those nearest by number, and how many more there are."""

    siblings: list[NodeSummary]
    more_siblings: int
    children: list[NodeSummary]
    more_children: int


def numbered(session: Session, work: Work, number: int) -> Revision:
    """The work's revision of this number. Raises NotFoundError."""
    found = session.scalar(sa.select(Revision).where(Revision.work_id == work.id, Revision.number == number))
    if found is None:
        raise NotFoundError
    return found


def path_to(session: Session, revision: Revision, last: int) -> tuple[list[NodeSummary], int]:
    """The way from the root to `revision` along first parents, both ends included, and how many were left out.

    A longer way is told by its root and its `last` revisions.
    """
    ids = _ancestors(session, revision)
    left_out = max(0, len(ids) - last - 1)
    told = [ids[0], *ids[left_out + 1 :]]
    rows = session.execute(_kin().where(Revision.id.in_(told))).mappings()
    known = {kin.id: kin for kin in _worded(session, map(_make, rows))}
    return [known[key] for key in told], left_out


def children_of(session: Session, ids: list[UUID]) -> dict[UUID, list[NodeSummary]]:
    """The children of each of `ids` along first parents, by number."""
    query = _kin().add_columns(Parent.parent_id).join(Parent, Parent.child_id == Revision.id)
    query = query.where(Parent.parent_id.in_(ids), Parent.position == 0).order_by(Revision.id)
    found: dict[UUID, list[NodeSummary]] = {key: [] for key in ids}
    for row in session.execute(query).mappings():
        found[row["parent_id"]].append(_make(row))
    return found


def _worded(session: Session, kins: Iterable[NodeSummary]) -> list[NodeSummary]:
    """`kins` with the words of those that are texts."""
    kins = list(kins)
    words = words_of(session, [kin.id for kin in kins if not kin.pictured])
    return [replace(kin, words=words.get(kin.id)) for kin in kins]


def near(session: Session, revision: Revision) -> Near:
    """The siblings and children of `revision`."""
    parent = next((edge.parent_id for edge in revision.parents if edge.position == 0), None)
    found = children_of(session, [key for key in (parent, revision.id) if key])
    siblings = [kin for kin in found[parent] if kin.id != revision.id] if parent else []
    children = found[revision.id]
    nearest = sorted(sorted(siblings, key=lambda kin: abs(kin.number - revision.number))[:NEAR], key=lambda kin: kin.number)
    told = _worded(session, [*nearest, *children[:NEAR]])
    here = len(nearest)
    return Near(told[:here], len(siblings) - here, told[here:], max(0, len(children) - NEAR))


def _ancestors(session: Session, revision: Revision) -> list[UUID]:
    """Ids from the root to `revision`."""
    step = sa.select(Parent.parent_id, sa.literal(1).label("depth"))
    up = step.where(Parent.child_id == revision.id, Parent.position == 0).cte("up", recursive=True)
    further = sa.select(Parent.parent_id, up.c.depth + 1).where(Parent.child_id == up.c.parent_id, Parent.position == 0)
    up = up.union_all(further)
    above = session.scalars(sa.select(up.c.parent_id).order_by(up.c.depth.desc()), execution_options=FOLLOWS)
    return [*above, revision.id]


def _kin() -> sa.Select[Any]:
    picked = sa.exists().where(Pick.revision_id == Revision.id)
    fertile = sa.select(Parent.child_id).where(Parent.parent_id == Revision.id).correlate(Revision).exists()
    tune = sa.exists().where(Work.id == Revision.work_id, Work.medium.in_(NOTES))
    columns: tuple[Any, ...] = (
        Revision.id,
        Revision.work_id,
        Revision.number,
        Revision.verb,
        Revision.strength,
        sa.or_(Revision.asset_id.is_not(None), tune).label("pictured"),
        picked.label("picked"),
        fertile.label("fertile"),
    )
    return sa.select(*columns).execution_options(**FOLLOWS)


def _make(row: Any) -> NodeSummary:
    return NodeSummary(**{name: row[name] for name in NodeSummary.__slots__ if name != "words"})
