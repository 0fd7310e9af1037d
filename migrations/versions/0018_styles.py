"""Styles that artists taught: from which pictures, by whose consent, and their checkpoints."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Moment
from app.storage.db import JSON

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "styles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("trashed_at", Moment(), nullable=True),
        sa.Column("taught_by_id", sa.Uuid(), nullable=False),
        sa.Column("consent", sa.String(length=400), nullable=False),
        sa.Column("consented_at", Moment(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=True),
        sa.Column("error", JSON, nullable=True),
        sa.Column("chosen_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_styles_project_id_projects")),
        sa.ForeignKeyConstraint(["taught_by_id"], ["artists.id"], name=op.f("fk_styles_taught_by_id_artists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_styles")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_styles_project_id_key")),
    )
    op.create_table(
        "style_pictures",
        sa.Column("style_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["style_id"], ["styles.id"], name=op.f("fk_style_pictures_style_id_styles")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_style_pictures_revision_id_revisions")),
        sa.PrimaryKeyConstraint("style_id", "revision_id", name=op.f("pk_style_pictures")),
    )
    op.create_table(
        "style_checkpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("style_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("spent", sa.Float(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("sheet", sa.LargeBinary(), nullable=False),
        sa.Column("repeats", JSON, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["style_id"], ["styles.id"], name=op.f("fk_style_checkpoints_style_id_styles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_style_checkpoints")),
    )
    op.create_index(op.f("ix_style_checkpoints_style_id"), "style_checkpoints", ["style_id"])


def downgrade() -> None:
    op.drop_table("style_checkpoints")
    op.drop_table("style_pictures")
    op.drop_table("styles")
