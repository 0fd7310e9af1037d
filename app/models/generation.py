"""Generations: one request to an engine; queued, running, done, failed or cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.brief import Brief
from app.errors import ConflictError, InvalidError, _
from app.gate import INT8
from app.lanes import CLASS, Lane
from app.models.act import ActKind, record
from app.models.edge import ROLE, Role
from app.models.mask import Mask
from app.models.scope import Scope
from app.models.shapes import (
    BRIEF,
    CHOSEN,
    COUNT,
    FORM,
    HANDED,
    NAMES,
    PARAMS,
    PLACE,
    PLAIN_FAULT,
    SEED,
    STOPPED,
    STRENGTH,
    VERB,
)
from app.models.work import Work, Works
from app.storage.columns import Whole, Word, Words
from app.storage.db import Base, now, uuid7
from app.verbs.place import Place

if TYPE_CHECKING:
    from app.models.artist import Artist
    from app.models.project import Project
    from app.models.revision import Revision


class Status(StrEnum):
    """Where a generation stands. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (Status.QUEUED, Status.RUNNING)


class GenerationParent(Base):
    """A revision that a generation starts from, and as what."""

    __tablename__ = "generation_parents"

    generation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("generations.id"), primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(ROLE, primary_key=True)
    position: Mapped[int] = mapped_column(default=0)

    revision: Mapped[Revision] = relationship(lazy="joined")


class Generation(Base):
    """One request to an engine. Its row is the truth; the queue only carries its id."""

    __tablename__ = "generations"
    __table_args__ = (
        sa.UniqueConstraint("artist_id", "idempotency_key"),
        sa.Index("ix_generations_work", "work_id", "id"),
        sa.Index("ix_generations_status", "status", "priority", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    work_id: Mapped[UUID] = mapped_column(sa.ForeignKey("works.id"))
    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    verb: Mapped[str] = mapped_column(VERB)
    strength: Mapped[str | None] = mapped_column(STRENGTH)
    brief_data: Mapped[dict[str, Any]] = mapped_column("brief", BRIEF, default=dict)
    # Of a brief with wildcards: what was chosen, a brief for each variant; `brief_data` holds the words as they were written.
    chosen: Mapped[list[dict[str, Any]] | None] = mapped_column(CHOSEN)
    presets: Mapped[list[str] | None] = mapped_column(NAMES)  # the project's presets that stood in the brief, by name
    engine: Mapped[str] = mapped_column(Words(40))
    handed: Mapped[dict[str, str] | None] = mapped_column(HANDED)  # from which engine, if it was: {instead, title, why}
    params: Mapped[dict[str, Any]] = mapped_column(PARAMS, default=dict)
    seed: Mapped[int] = mapped_column(SEED)  # of the first variant; the others count up
    count: Mapped[int] = mapped_column(COUNT)
    place_data: Mapped[dict[str, Any] | None] = mapped_column("place", PLACE)
    form: Mapped[dict[str, Any] | None] = mapped_column(FORM)  # of a text: {preset, …}, app.media.text.prosody.asked
    mask_id: Mapped[UUID | None]  # of a picture: where in its parent the verb works
    stopped: Mapped[list[int]] = mapped_column(STOPPED, default=list)  # variants that the artist stopped; what they had is kept
    status: Mapped[Status] = mapped_column(Word(Status, Status.FAILED, 10), default=Status.QUEUED)
    priority: Mapped[int] = mapped_column(Whole(0, INT8), default=CLASS)  # its lane (app.lanes), then its turn
    attempt: Mapped[int] = mapped_column(default=0)  # how often a worker began it
    worker_id: Mapped[str | None] = mapped_column(Words(80))
    error: Mapped[dict[str, Any] | None] = mapped_column(PLAIN_FAULT)  # {code, title, details}
    idempotency_key: Mapped[str | None] = mapped_column(Words(200))
    idempotency_digest: Mapped[str | None] = mapped_column(Words(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    judged_at: Mapped[datetime | None]  # when a judge had last looked at its variants

    work: Mapped[Work] = relationship()
    artist: Mapped[Artist] = relationship()
    mask: Mapped[Mask | None] = relationship(
        primaryjoin=lambda: sa.orm.foreign(Generation.mask_id) == Mask.id, viewonly=True, lazy="selectin"
    )
    parents: Mapped[list[GenerationParent]] = relationship(order_by=GenerationParent.position, lazy="selectin")
    variants: Mapped[list[Revision]] = relationship(back_populates="generation", order_by="Revision.index", lazy="selectin")

    @property
    def damaged(self) -> list[str]:
        """What of it and its edges does not fit its column."""
        return [*super().damaged, *dict.fromkeys(name for edge in self.parents for name in edge.damaged)]

    @property
    def brief(self) -> Brief:
        """What the artist asks."""
        return Brief.model_validate(self.brief_data)

    def brief_of(self, index: int) -> Brief:
        """What variant `index` is made from: the brief, with what was chosen for it."""
        chosen = self.chosen or []
        return Brief.model_validate(chosen[index]) if index < len(chosen) else self.brief

    @property
    def place(self) -> Place:
        """Where in its parents the verb works."""
        return Place.model_validate(self.place_data or {})

    @property
    def best_first(self) -> list[Revision]:
        """The variants, those first that keep to the brief best; those that were not judged last."""
        verdicts = {variant.id: variant.verdict for variant in self.variants}
        found = {id: verdict.adherence if verdict else None for id, verdict in verdicts.items()}
        return sorted(self.variants, key=lambda variant: -(found[variant.id] or 0))

    @property
    def seeds(self) -> tuple[int, ...]:
        """One seed a variant."""
        return tuple(self.seed + i for i in range(self.count))

    @property
    def sketch(self) -> bool:
        """True when its engine takes few steps, to be quick."""
        return bool(self.params.get("pace") == "sketch")

    @property
    def open(self) -> bool:
        """True while it waits or runs."""
        return self.status in OPEN

    def cancel(self, by: Artist) -> None:
        """Stop it for good. Raises ConflictError when it has ended already."""
        if not self.open:
            raise ConflictError(_("This generation has ended already."))
        self.end(Status.CANCELLED)
        self.record(ActKind.CANCELLED, by)

    def stop(self, by: Artist, index: int | None = None) -> None:
        """Let variant `index` of a text, or every one, end with what is written. Twice is once.

        Raises ConflictError when it has ended already, InvalidError when there is no such variant.
        """
        if not self.open:
            raise ConflictError(_("This generation has ended already."))
        if index is not None and not 0 <= index < self.count:
            raise InvalidError("index", _("allowed here: 0 to %(last)d"), last=self.count - 1)
        which = range(self.count) if index is None else (index,)
        fresh = sorted({*which} - {*self.stopped})
        self.stopped = sorted({*self.stopped, *which})
        if fresh:
            self.record(ActKind.STOPPED, by, variants=fresh)

    def record(self, kind: ActKind, by: Artist, **details: Any) -> None:
        """Write down what was done with it."""
        session: Session | None = object_session(self)
        if session is None:
            raise RuntimeError("this generation belongs to no session")
        work = session.get_one(Work, self.work_id)
        record(session, kind, by, work.place, self.id, **details)

    def fail(self, code: str, title: str, **details: Any) -> None:
        """End it with a reason that a person can read (`title` is a message id)."""
        self.error = {"code": code, "title": title, "details": details}
        self.end(Status.FAILED)

    def end(self, status: Status) -> None:
        """Reach a final state."""
        self.status, self.finished_at = status, now()

    @property
    def position(self) -> int | None:
        """How many generations of its lane are before it in the queue; None when it waits no more."""
        session: Session | None = object_session(self)
        if self.status != Status.QUEUED or session is None:
            return None
        before = sa.tuple_(Generation.priority, Generation.id) < sa.tuple_(
            sa.literal(self.priority), sa.literal(self.id, sa.Uuid())
        )
        query = sa.select(sa.func.count()).where(Generation.status == Status.QUEUED, in_lane(Lane.of(self.priority)), before)
        return session.scalar(query) or 0


def in_lane(lane: Lane) -> sa.ColumnElement[bool]:
    """The condition that a generation is of `lane`."""
    return sa.and_(Generation.priority >= lane * CLASS, Generation.priority < (lane + 1) * CLASS)


class Generations(Scope[Generation]):
    """The generations in works an artist may see."""

    model = Generation

    def query(self) -> sa.Select[Generation]:
        # Correlated: one look at one work. As a list, SQLite would gather every visible work before it looks.
        visible = Works(self.session, self.artist).query().where(Work.id == Generation.work_id)
        return sa.select(Generation).where(visible.correlate(Generation).exists())

    def project_of(self, found: Generation) -> Project:
        return found.work.project

    def page(
        self, *, work: Work | None = None, status: Sequence[str] = (), cursor: UUID | None = None, limit: int = 50
    ) -> list[Generation]:
        """The newest first, after `cursor`."""
        query = self.query() if work is None else sa.select(Generation).where(Generation.work_id == work.id)
        if status:
            query = query.where(Generation.status.in_(status))
        if cursor:
            query = query.where(Generation.id < cursor)
        return list(self.session.scalars(query.order_by(Generation.id.desc()).limit(limit)).unique())

    def by_key(self, key: str) -> Generation | None:
        """What this artist asked for under this Idempotency-Key before."""
        mine = sa.select(Generation).where(Generation.artist_id == self.artist.id, Generation.idempotency_key == key)
        return self.session.scalar(mine)

    def waiting(self) -> int:
        """How many generations wait, everybody's."""
        return self.session.scalar(sa.select(sa.func.count()).where(Generation.status == Status.QUEUED)) or 0

    def turn(self, lane: Lane) -> int:
        """The priority of this artist's next request in `lane`: the more of theirs are open there, the later (round robin)."""
        mine = sa.select(sa.func.count()).where(Generation.artist_id == self.artist.id, Generation.status.in_(OPEN))
        return lane * CLASS + (self.session.scalar(mine.where(in_lane(lane))) or 0) + 1
