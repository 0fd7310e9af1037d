"""Judging: versions of judges, embeddings of pictures, verdicts on revisions, probes; when a generation was judged."""

import sqlalchemy as sa
from alembic import op

from app.storage.db import JSON, Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "judge_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judge_versions")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_judge_versions_name_version")),
    )
    op.create_table(
        "embeddings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("judge_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.sha256"], name=op.f("fk_embeddings_asset_id_assets")),
        sa.ForeignKeyConstraint(["judge_id"], ["judge_versions.id"], name=op.f("fk_embeddings_judge_id_judge_versions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embeddings")),
        sa.UniqueConstraint("judge_id", "asset_id", name=op.f("uq_embeddings_judge_id_asset_id")),
    )
    op.create_index(op.f("ix_embeddings_asset_id"), "embeddings", ["asset_id"])
    op.create_table(
        "verdicts",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("judge_id", sa.Uuid(), nullable=False),
        sa.Column("adherence", sa.Double(), nullable=True),
        sa.Column("criteria", JSON, nullable=False),
        sa.Column("judged_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["judge_id"], ["judge_versions.id"], name=op.f("fk_verdicts_judge_id_judge_versions")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_verdicts_revision_id_revisions")),
        sa.PrimaryKeyConstraint("revision_id", "judge_id", name=op.f("pk_verdicts")),
    )
    op.create_table(
        "probes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("judge_id", sa.Uuid(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["artist_id"], ["artists.id"], name=op.f("fk_probes_artist_id_artists")),
        sa.ForeignKeyConstraint(["judge_id"], ["judge_versions.id"], name=op.f("fk_probes_judge_id_judge_versions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probes")),
    )
    op.create_index(op.f("ix_probes_created_at"), "probes", ["created_at"])
    op.add_column("generations", sa.Column("judged_at", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("generations", "judged_at")
    op.drop_index(op.f("ix_probes_created_at"))
    op.drop_table("probes")
    op.drop_table("verdicts")
    op.drop_index(op.f("ix_embeddings_asset_id"))
    op.drop_table("embeddings")
    op.drop_table("judge_versions")
