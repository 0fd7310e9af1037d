"""Generations say when another engine took them than the one that would have been taken, and why."""

import sqlalchemy as sa
from alembic import op

from app.storage.db import JSON

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("generations", sa.Column("handed", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("generations", "handed")
