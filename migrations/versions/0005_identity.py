"""Identity: the studio's random name, which its store carries too, and what the sweep of the store last found."""

import sqlalchemy as sa
from alembic import op

from app.storage.db import JSON, Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("sweep", JSON, nullable=True),
        sa.CheckConstraint("one = 1", name=op.f("ck_identity_single")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_identity")),
    )


def downgrade() -> None:
    op.drop_table("identity")
