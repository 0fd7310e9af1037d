"""Texts: who wrote which part, the form asked for, the place a verb works at, what engines wrote token by token; readings."""

import sqlalchemy as sa
from alembic import op

from app.storage.db import JSON, Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("revisions", sa.Column("origins", JSON, nullable=True))
    for table in ("drafts", "draft_saves"):
        op.add_column(table, sa.Column("origins", JSON, nullable=True))
        op.add_column(table, sa.Column("form", JSON, nullable=True))
    op.add_column("generations", sa.Column("place", JSON, nullable=True))
    op.add_column("generations", sa.Column("form", JSON, nullable=True))
    op.add_column("generations", sa.Column("stopped", JSON, nullable=False, server_default=sa.text("'[]'")))
    op.create_table(
        "transcripts",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("tokens", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_transcripts_revision_id_revisions")),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_transcripts")),
    )
    op.create_table(
        "readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("engine", sa.String(length=40), nullable=False),
        sa.Column("selection", JSON, nullable=True),
        sa.Column("tokens", sa.LargeBinary(), nullable=True),
        sa.Column("perplexity", sa.Double(), nullable=True),
        sa.Column("error", JSON, nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["artist_id"], ["artists.id"], name=op.f("fk_readings_artist_id_artists")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_readings_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
    )
    op.create_index(op.f("ix_readings_revision_id"), "readings", ["revision_id"])
    op.create_index(op.f("ix_readings_created_at"), "readings", ["created_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_readings_created_at"))
    op.drop_index(op.f("ix_readings_revision_id"))
    op.drop_table("readings")
    op.drop_table("transcripts")
    for column in ("stopped", "form", "place"):
        op.drop_column("generations", column)
    for table in ("draft_saves", "drafts"):
        for column in ("form", "origins"):
            op.drop_column(table, column)
    op.drop_column("revisions", "origins")
