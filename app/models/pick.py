"""Picks: the record that somebody chose a revision, who and when."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base, now


class Pick(Base):
    """Somebody chose a revision. Choosing twice is choosing once."""

    __tablename__ = "picks"

    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"), primary_key=True)
    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
