"""Comments on revisions, and which of their threads are done with."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Moment
from app.storage.db import JSON

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("place", JSON, nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_comments_revision_id_revisions")),
        sa.ForeignKeyConstraint(["author_id"], ["artists.id"], name=op.f("fk_comments_author_id_artists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index("ix_comments_revision", "comments", ["revision_id", "id"])
    op.create_index(op.f("ix_comments_thread_id"), "comments", ["thread_id"])
    op.create_table(
        "resolutions",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["thread_id"], ["comments.id"], name=op.f("fk_resolutions_thread_id_comments")),
        sa.ForeignKeyConstraint(["artist_id"], ["artists.id"], name=op.f("fk_resolutions_artist_id_artists")),
        sa.PrimaryKeyConstraint("thread_id", name=op.f("pk_resolutions")),
    )


def downgrade() -> None:
    op.drop_table("resolutions")
    op.drop_table("comments")
