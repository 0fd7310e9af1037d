"""Drawings: an asset of paths (SVG) names the asset that shows it in pixels.

No foreign key: a restore pours the rows of a table in any order.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("assets", sa.Column("raster", sa.String(length=64), nullable=True))
