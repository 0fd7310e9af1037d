"""Masks: what of a picture is to change; which one a generation, a revision and a draft has."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Moment

revision = "0008"
down_revision = "0007"
HAVE_ONE = ("generations", "revisions", "drafts", "draft_saves")


def upgrade() -> None:
    op.create_table(
        "masks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["artist_id"], ["artists.id"], name=op.f("fk_masks_artist_id_artists")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.sha256"], name=op.f("fk_masks_asset_id_assets")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_masks_revision_id_revisions")),
        sa.ForeignKeyConstraint(["work_id"], ["works.id"], name=op.f("fk_masks_work_id_works")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_masks")),
    )
    for table in HAVE_ONE:  # without a foreign key: SQLite could not take it back (masks are never deleted)
        op.add_column(table, sa.Column("mask_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    for table in HAVE_ONE:
        op.drop_column(table, "mask_id")
    op.drop_table("masks")
