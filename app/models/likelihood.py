"""Readings: where a model expected a text, and where it did not; asked for by an artist, computed by a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, defer, mapped_column, relationship

from app.models.revision import Revision, Revisions
from app.models.scope import Scope
from app.models.shapes import FAULTS, SELECTION
from app.models.transcript import unpack_tokens
from app.storage.columns import Figure, Words
from app.storage.db import Base, now, uuid7

KEPT = 100  # of one artist; an older one makes room for a new one


class Reading(Base):
    """One engine's reading of a revision's text, or of a selection of it."""

    __tablename__ = "readings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"), index=True)
    engine: Mapped[str] = mapped_column(Words(40))
    selection: Mapped[list[int] | None] = mapped_column(SELECTION)  # [start, end], code points; None: the whole text
    tokens: Mapped[bytes | None]  # as of a transcript; None until a worker has read it
    perplexity: Mapped[float | None] = mapped_column(Figure(0, 1e300))
    error: Mapped[dict[str, Any] | None] = mapped_column(FAULTS)  # {code, title, details}
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

    revision: Mapped[Revision] = relationship()

    @property
    def ready(self) -> bool:
        """True once a worker has read it, or said why it cannot."""
        return self.tokens is not None or self.error is not None

    @property
    def records(self) -> list[dict[str, Any]] | None:
        """The tokens as a transcript's; None while nobody has read it."""
        return unpack_tokens(self.tokens) if self.tokens is not None else None


class Readings(Scope[Reading]):
    """The readings that an artist asked for, of revisions that they may still see."""

    model = Reading
    personal = True

    def query(self) -> sa.Select[Reading]:
        visible = Revisions(self.session, self.artist).query().where(Revision.id == Reading.revision_id)
        return sa.select(Reading).where(Reading.artist_id == self.artist.id, visible.correlate(Reading).exists())

    def ask(self, revision: UUID, engine: str, selection: tuple[int, int] | None) -> Reading:
        """A new one, that a worker will read; the same question while the first waits is the same reading."""
        wanted = list(selection) if selection else None
        same = self.query().where(Reading.revision_id == revision, Reading.engine == engine)
        same = same.options(defer(Reading.tokens))  # long, and of one reading at most
        for known in self.session.scalars(same.order_by(Reading.id.desc()).limit(KEPT)):
            if known.selection == wanted and known.error is None:
                return known
        reading = Reading(artist_id=self.artist.id, revision_id=revision, engine=engine, selection=wanted)
        self.session.add(reading)
        self.session.flush()
        last = self.query().with_only_columns(Reading.id).order_by(Reading.id.desc()).offset(KEPT).limit(1)
        mine = sa.delete(Reading).where(Reading.artist_id == self.artist.id, Reading.id <= last.scalar_subquery())
        self.session.execute(mine.execution_options(synchronize_session=False))
        return reading
