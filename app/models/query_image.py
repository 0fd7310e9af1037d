"""Probes: pictures that artists bring along to search by. They join no work, and are gone after a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.scope import Scope
from app.storage.db import Base, now, uuid7

LIFE = timedelta(days=1)
KEPT = 50  # of one artist; an older one makes room for a new one


class Probe(Base):
    """A picture to search by. A worker puts its vector beside it."""

    __tablename__ = "probes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    picture: Mapped[bytes]  # WebP, small
    judge_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("judge_versions.id"))
    vector: Mapped[bytes | None]  # as of an embedding; None until a worker has looked at it
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Probes(Scope[Probe]):
    """The probes that an artist brought."""

    model = Probe
    personal = True

    def query(self) -> sa.Select[Probe]:
        return sa.select(Probe).where(Probe.artist_id == self.artist.id)

    def bring(self, picture: bytes) -> Probe:
        """A new one, from the bytes of a small WebP."""
        probe = Probe(artist_id=self.artist.id, picture=picture)
        self.session.add(probe)
        self.session.flush()
        last = self.query().with_only_columns(Probe.id).order_by(Probe.id.desc()).offset(KEPT).limit(1)
        self.session.execute(sa.delete(Probe).where(Probe.artist_id == self.artist.id, Probe.id <= last.scalar_subquery()))
        return probe
