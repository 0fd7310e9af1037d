"""Words of drafts: what an unsent brief says is found by its artist alone; a work is found by what its revisions say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from app.brief import Medium
from app.media.medium import traits
from app.models.work import FOUND, searchable
from app.storage.db import JSON

revision = "0010"
down_revision = "0009"
BATCH = 500

WORKS = sa.table(
    "works",
    *(sa.column("id", sa.Uuid()), sa.column("title", sa.String()), sa.column("medium", sa.String())),
    *(sa.column("last_number", sa.Integer()), sa.column("words", sa.String())),
)
REVISIONS = sa.table(
    "revisions",
    *(sa.column("work_id", sa.Uuid()), sa.column("number", sa.Integer()), sa.column("brief", JSON), sa.column("text", sa.Text())),
)
DRAFTS = sa.table(
    "drafts",
    *(sa.column("id", sa.Uuid()), sa.column("work_id", sa.Uuid()), sa.column("brief", JSON)),
    *(sa.column("text", sa.Text()), sa.column("words", sa.Text())),
)


def upgrade() -> None:
    op.add_column("drafts", sa.Column("words", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    drafts = sa.select(DRAFTS, WORKS.c.medium).join(WORKS, WORKS.c.id == DRAFTS.c.work_id)
    for rows in _batches(connection, drafts, DRAFTS.c.id):
        _write(connection, DRAFTS, {row.id: searchable(row.medium, brief_of(row), row.text) for row in rows})
    last = sa.and_(REVISIONS.c.work_id == WORKS.c.id, REVISIONS.c.number == WORKS.c.last_number)
    notes = sa.case((WORKS.c.medium == Medium.MUSIC, REVISIONS.c.text)).label("text")
    works = sa.select(WORKS.c.id, WORKS.c.title, WORKS.c.medium, WORKS.c.words, REVISIONS.c.brief, notes)
    for rows in _batches(connection, works.outerjoin(REVISIONS, last), WORKS.c.id):
        told = {row.id: f"{row.title} {searchable(row.medium, brief_of(row), row.text)}".lower()[:FOUND] for row in rows}
        _write(connection, WORKS, {row.id: told[row.id] for row in rows if told[row.id] != row.words})


def downgrade() -> None:
    op.drop_column("drafts", "words")


def brief_of(row: sa.Row[Any]) -> dict[str, Any]:
    """The brief of a row, as far as it can be read."""
    return row.brief if isinstance(row.brief, dict) else {}


def _batches(connection: sa.Connection, query: sa.Select[Any], key: sa.ColumnClause[UUID]) -> Iterator[list[sa.Row[Any]]]:
    """The rows of `query`, BATCH at a time."""
    last: UUID | None = None
    while rows := list(connection.execute((query.where(key > last) if last else query).order_by(key).limit(BATCH))):
        yield rows
        last = rows[-1].id


def _write(connection: sa.Connection, table: sa.TableClause, words: dict[UUID, str]) -> None:
    update = sa.update(table).where(table.c.id == sa.bindparam("its")).values(words=sa.bindparam("said"))
    if words:
        connection.execute(update, [{"its": id, "said": said} for id, said in words.items()])
