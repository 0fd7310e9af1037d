"""Workers: processes that own one device each and run generations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.models.shapes import WORKING
from app.storage.columns import Word, Words
from app.storage.db import Base, now

STATES = ("starting", "idle", "busy", "gone")
STALE = timedelta(seconds=25)  # a worker writes every ten seconds; after this it is shown as lost


class Worker(Base):
    """What a worker says of itself. Whether it lives is asked of the kernel or of PostgreSQL (app.worker.liveness)."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(Words(80), primary_key=True)  # the executor id, new at every start
    name: Mapped[str] = mapped_column(Words(120))
    device: Mapped[str] = mapped_column(Words(40))
    state: Mapped[str] = mapped_column(Word(STATES, "gone", 12))  # starting, idle, busy, gone
    generation_id: Mapped[UUID | None]
    facts: Mapped[dict[str, Any]] = mapped_column(WORKING, default=dict)  # versions, threads, engines that are warm
    started_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def alive(self) -> bool:
        """True when it was seen lately; not by a clock that was put back since."""
        return self.state != "gone" and abs(now() - self.seen_at) < STALE


def workers(session: Session) -> list[Worker]:
    """The workers that live, and those lost within the last hour."""
    recent = Worker.seen_at > now() - timedelta(hours=1)
    return list(session.scalars(sa.select(Worker).where(recent, Worker.state != "gone").order_by(Worker.id)))
