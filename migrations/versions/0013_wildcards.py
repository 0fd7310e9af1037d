"""Wildcards: a project's lists of words, and what was chosen for each variant of a generation."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Moment
from app.storage.db import JSON

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "word_lists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_word_lists_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_word_lists")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_word_lists_project_id_key")),
    )
    op.add_column("generations", sa.Column("chosen", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("generations", "chosen")
    op.drop_table("word_lists")
