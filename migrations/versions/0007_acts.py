"""Acts: what people did, and what engines made for them. What was done before is told as the rows tell it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from app.models.act import BEGINNING, fingerprint
from app.storage.columns import Moment
from app.storage.db import JSON, uuid7_at

revision = "0007"
down_revision = "0006"
BATCH = 500  # works that are looked at together

ACTS = sa.table(
    "acts",
    *(sa.column(name, sa.Uuid()) for name in ("id", "artist_id", "project_id", "work_id", "subject_id", "chain_id")),
    *(sa.column("at", Moment()), sa.column("kind", sa.String()), sa.column("details", JSON)),
    *(sa.column("position", sa.Integer()), sa.column("digest", sa.String())),
)
PROJECTS = sa.table(
    "projects",
    *(sa.column("id", sa.Uuid()), sa.column("owner_id", sa.Uuid()), sa.column("name", sa.String())),
    *(sa.column("created_at", Moment()), sa.column("trashed_at", Moment())),
)
WORKS = sa.table(
    "works",
    *(sa.column("id", sa.Uuid()), sa.column("project_id", sa.Uuid()), sa.column("title", sa.String())),
    *(sa.column("medium", sa.String()), sa.column("created_at", Moment()), sa.column("trashed_at", Moment())),
)
REVISIONS = sa.table(
    "revisions",
    *(sa.column(name, sa.Uuid()) for name in ("id", "work_id", "generation_id", "created_by_id")),
    *(sa.column(name, sa.String()) for name in ("origin", "verb", "engine")),
    *(sa.column("number", sa.Integer()), sa.column("created_at", Moment())),
)
PICKS = sa.table(
    "picks", sa.column("revision_id", sa.Uuid()), sa.column("artist_id", sa.Uuid()), sa.column("created_at", Moment())
)


def upgrade() -> None:
    op.create_table(
        "acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["artist_id"], ["artists.id"], name=op.f("fk_acts_artist_id_artists")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_acts_project_id_projects")),
        sa.ForeignKeyConstraint(["work_id"], ["works.id"], name=op.f("fk_acts_work_id_works")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
        sa.UniqueConstraint("chain_id", "position", name=op.f("uq_acts_chain_id")),
    )
    op.create_index("ix_acts_project", "acts", ["project_id", "id"])
    op.create_index("ix_acts_work", "acts", ["work_id", "id"])
    _reconstruct(op.get_bind())


def downgrade() -> None:
    op.drop_index("ix_acts_work")
    op.drop_index("ix_acts_project")
    op.drop_table("acts")


def _reconstruct(connection: sa.Connection) -> None:
    """Tell what was done before there were acts, as far as rows tell it; each says that it was reconstructed."""
    projects = {row.id: row for row in connection.execute(sa.select(PROJECTS))}
    for project in projects.values():
        told = [_told("project-created", project.created_at, project.owner_id, project.id, name=project.name)]
        if project.trashed_at is not None:
            told.append(_told("project-trashed", project.trashed_at, project.owner_id, project.id))
        _write(connection, told, project.id, None)
    for works in _batches(connection):
        by_work: dict[UUID, list[dict[str, Any]]] = {work.id: [] for work in works}
        for work in works:
            owner = projects[work.project_id].owner_id
            said = {"title": work.title, "medium": work.medium}
            by_work[work.id].append(_told("work-created", work.created_at, owner, work.id, **said))
            if work.trashed_at is not None:
                by_work[work.id].append(_told("work-trashed", work.trashed_at, owner, work.id))
        _add_revisions(connection, by_work)
        for work in works:
            _write(connection, by_work[work.id], work.project_id, work.id)


def _batches(connection: sa.Connection) -> Iterator[list[sa.Row[Any]]]:
    """The works, BATCH at a time."""
    last: UUID | None = None
    while True:
        query = sa.select(WORKS).order_by(WORKS.c.id).limit(BATCH)
        works = list(connection.execute(query.where(WORKS.c.id > last) if last is not None else query))
        if not works:
            return
        yield works
        last = works[-1].id


def _add_revisions(connection: sa.Connection, by_work: dict[UUID, list[dict[str, Any]]]) -> None:
    """What was made, brought, written and picked: the variants of one run are one act."""
    runs: dict[UUID, dict[str, Any]] = {}
    here = REVISIONS.c.work_id.in_(list(by_work))
    for row in connection.execute(sa.select(REVISIONS).where(here).order_by(REVISIONS.c.work_id, REVISIONS.c.number)):
        if row.generation_id is not None and row.generation_id in runs:
            runs[row.generation_id]["details"]["numbers"].append(row.number)
            continue
        if row.generation_id is not None:
            said = {"verb": row.verb or "create", "engine": row.engine or "", "numbers": [row.number]}
            told = _told("made", row.created_at, row.created_by_id, row.generation_id, **said)
            runs[row.generation_id] = told
        else:
            kind = "imported" if row.origin == "import" else "written"
            told = _told(kind, row.created_at, row.created_by_id, row.id, number=row.number)
        by_work[row.work_id].append(told)
    picked = sa.select(REVISIONS.c.work_id, REVISIONS.c.number, PICKS).join(PICKS, PICKS.c.revision_id == REVISIONS.c.id)
    for row in connection.execute(picked.where(here)):
        by_work[row.work_id].append(_told("picked", row.created_at, row.artist_id, row.revision_id, number=row.number))


def _told(kind: str, at: datetime, artist: UUID, subject: UUID, **details: Any) -> dict[str, Any]:
    return {"kind": kind, "at": at, "artist_id": artist, "subject_id": subject, "details": details | {"reconstructed": True}}


def _write(connection: sa.Connection, told: list[dict[str, Any]], project: UUID, work: UUID | None) -> None:
    """The acts of one chain in the order in which they were done."""
    before, rows = BEGINNING, []
    for position, act in enumerate(sorted(told, key=lambda one: one["at"])):
        place = {"project_id": project, "work_id": work, "chain_id": work or project, "position": position}
        row = {"id": _id(act["at"])} | act | place
        before = fingerprint(before, row)
        rows.append(row | {"digest": before})
    connection.execute(sa.insert(ACTS), rows)


def _id(at: datetime) -> UUID:
    """An id of that moment, so that ids sort as the acts were done."""
    return uuid7_at(max(0, int(at.timestamp() * 1_000_000)) * 4096 // 1000)
