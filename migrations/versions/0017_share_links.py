"""Share links: who has one sees a project, a work or a revision, without an account."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Moment

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "share_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=True),
        sa.Column("revision_id", sa.Uuid(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("recipes", sa.Boolean(), nullable=False),
        sa.Column("downloads", sa.Boolean(), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.CheckConstraint("revision_id IS NULL OR work_id IS NOT NULL", name=op.f("ck_share_links_one_object")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_share_links_project_id_projects")),
        sa.ForeignKeyConstraint(["work_id"], ["works.id"], name=op.f("fk_share_links_work_id_works")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_share_links_revision_id_revisions")),
        sa.ForeignKeyConstraint(["by_id"], ["artists.id"], name=op.f("fk_share_links_by_id_artists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_share_links_digest")),
    )
    op.create_index(op.f("ix_share_links_project_id"), "share_links", ["project_id"])


def downgrade() -> None:
    op.drop_table("share_links")
