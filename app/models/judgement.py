"""What a judge found: of a revision how well it keeps to its brief, of a picture where it lies among all others."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.models.shapes import MARKS
from app.storage.columns import Figure, Whole, Words
from app.storage.db import Base, now, uuid7


class JudgeVersion(Base):
    """A judge with these very weights. What two of them found must never be compared."""

    __tablename__ = "judge_versions"
    __table_args__ = (sa.UniqueConstraint("name", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str] = mapped_column(Words(40))
    version: Mapped[str] = mapped_column(Words(80))  # of its weights: SHA-256, or the commit of a hub's snapshot
    title: Mapped[str] = mapped_column(Words(300))
    dimensions: Mapped[int] = mapped_column(Whole(1, 100_000))
    seen_at: Mapped[datetime] = mapped_column(default=now)  # a worker began to judge with it; the latest is the present one

    @property
    def its_vectors(self) -> sa.ColumnElement[bool]:
        """True for embeddings that have as many numbers as this judge's have: a damaged one is passed over."""
        return sa.func.length(Embedding.vector) == 2 * self.dimensions


class Embedding(Base):
    """A picture as a unit vector of one judge: `dimensions` numbers of 16 bits (IEEE 754 binary16, little-endian)."""

    __tablename__ = "embeddings"
    __table_args__ = (sa.UniqueConstraint("judge_id", "asset_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)  # grows with time: what is new is what lies above
    judge_id: Mapped[UUID] = mapped_column(sa.ForeignKey("judge_versions.id"))
    asset_id: Mapped[str] = mapped_column(Words(64), sa.ForeignKey("assets.sha256"), index=True)
    vector: Mapped[bytes]


class Verdict(Base):
    """What one judge found of one revision. There is none of a revision that no judge has seen yet."""

    __tablename__ = "verdicts"

    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"), primary_key=True)
    judge_id: Mapped[UUID] = mapped_column(sa.ForeignKey("judge_versions.id"), primary_key=True)
    adherence: Mapped[float | None] = mapped_column(Figure(0, 1))  # 0…1; None: the brief says nothing that the judge knows
    criteria: Mapped[list[Any]] = mapped_column(MARKS)  # the same for each line of the brief's criteria, in their order
    judged_at: Mapped[datetime] = mapped_column(default=now)

    judge: Mapped[JudgeVersion] = relationship(lazy="joined")


def present_judge(session: Session, name: str) -> JudgeVersion | None:
    """The version of the judge `name` that a worker used last; None when none ever judged here."""
    named = sa.select(JudgeVersion).where(JudgeVersion.name == name)
    return session.scalar(named.order_by(JudgeVersion.seen_at.desc()).limit(1))
