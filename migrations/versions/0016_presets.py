"""Presets: named parts of a brief that a project keeps; a generation tells which of them stood in its brief."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Moment
from app.storage.db import JSON

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "presets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("trashed_at", Moment(), nullable=True),
        sa.Column("medium", sa.String(length=10), nullable=False),
        sa.Column("brief", JSON, nullable=False),
        sa.Column("engine", sa.String(length=40), nullable=True),
        sa.Column("params", JSON, nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_presets_project_id_projects")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_presets_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presets")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_presets_project_id_key")),
    )
    op.add_column("generations", sa.Column("presets", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("generations", "presets")
    op.drop_table("presets")
