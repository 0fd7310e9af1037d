"""What older versions wrote and nobody can read is mended; the table `mended` keeps what lay there."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Moment
from app.models.mended import mend

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "mended",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("table", sa.String(40), nullable=False),
        sa.Column("row", sa.String(200), nullable=False),
        sa.Column("column", sa.String(40), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("mended_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mended")),
    )
    op.create_index(op.f("ix_mended_row"), "mended", ["row"])
    mend(op.get_bind())


def downgrade() -> None:
    op.drop_table("mended")
