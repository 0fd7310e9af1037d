"""Memberships: who else sees a project; and the links by which they come to it."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "memberships",
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["artist_id"], ["artists.id"], name=op.f("fk_memberships_artist_id_artists")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_memberships_project_id_projects")),
        sa.PrimaryKeyConstraint("artist_id", "project_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_project_id"), "memberships", ["project_id"])
    op.create_table(
        "project_invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_invitations_project_id_projects")),
        sa.ForeignKeyConstraint(["by_id"], ["artists.id"], name=op.f("fk_project_invitations_by_id_artists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_project_invitations_digest")),
    )
    op.create_index(op.f("ix_project_invitations_project_id"), "project_invitations", ["project_id"])


def downgrade() -> None:
    op.drop_table("project_invitations")
    op.drop_table("memberships")
