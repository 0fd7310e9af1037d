"""Lists of words have a version, so that two windows do not overwrite each other, and a place in the trash."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Moment

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("word_lists", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("word_lists", sa.Column("trashed_at", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("word_lists", "trashed_at")
    op.drop_column("word_lists", "version")
