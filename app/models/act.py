"""Acts: what people did, and what engines made for them, one row each, never changed and never deleted.

The acts of a work are a chain (those that belong to no work: the chain of their project). Each carries the SHA-256 of the
one before it and of itself, so that a row that was changed, taken out or put between can be told (`first_break`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app import gate
from app.storage.columns import Json, Whole, Word, Words
from app.storage.db import Base, now, uuid7

if TYPE_CHECKING:
    from app.models.artist import Artist
    from app.models.work import Work

BEGINNING = ""  # what stands for the digest before the first act of a chain


class ActKind(StrEnum):
    """What was done. The first word says to what; details of each kind stand beside it."""

    PROJECT_CREATED = "project-created"  # name
    PROJECT_IMPORTED = "project-imported"  # name
    PROJECT_RENAMED = "project-renamed"  # name, before
    PROJECT_TRASHED = "project-trashed"
    PROJECT_RESTORED = "project-restored"
    INVITED = "invited"  # role; the subject is the link, as of the next
    INVITATION_REVOKED = "invitation-revoked"  # role
    MEMBER_JOINED = "member-joined"  # name, role; the subject is the person, as of the following
    MEMBER_CHANGED = "member-changed"  # name, role, before: the role
    MEMBER_REMOVED = "member-removed"  # name
    MEMBER_LEFT = "member-left"  # name
    HANDED_OVER = "handed-over"  # name: of the new owner
    SHARED = "shared"  # shows, title: what a share link shows; the subject is the link, as of the next
    SHARE_REVOKED = "share-revoked"  # shows, title
    LIST_KEPT = "list-kept"  # name, count: of its entries
    LIST_TRASHED = "list-trashed"  # name
    LIST_RESTORED = "list-restored"  # name
    PRESET_KEPT = "preset-kept"  # name
    PRESET_TRASHED = "preset-trashed"  # name
    PRESET_RESTORED = "preset-restored"  # name
    STYLE_TAUGHT = "style-taught"  # name, count: of the pictures
    STYLE_KEPT = "style-kept"  # name
    STYLE_STOPPED = "style-stopped"  # name
    STYLE_FORGOTTEN = "style-forgotten"  # name
    STYLE_TRASHED = "style-trashed"  # name
    STYLE_RESTORED = "style-restored"  # name
    WORK_CREATED = "work-created"  # title, medium
    WORK_RENAMED = "work-renamed"  # title, before
    WORK_MOVED = "work-moved"  # project, before: ids
    WORK_DUPLICATED = "work-duplicated"  # title, before: the title of the work that it is a copy of
    WORK_TRASHED = "work-trashed"
    WORK_RESTORED = "work-restored"
    ASKED = "asked"  # verb, engine, count; the subject is the generation, as of the next three
    CANCELLED = "cancelled"
    STOPPED = "stopped"  # variants: their places in the run
    MADE = "made"  # verb, engine, numbers: of the revisions
    IMPORTED = "imported"  # number; the subject is the revision, as of the following
    WRITTEN = "written"  # number: by hand
    TRIMMED = "trimmed"  # number
    PICKED = "picked"  # number
    UNPICKED = "unpicked"  # number
    COMMENTED = "commented"  # number; the subject is the comment, as of the following
    REPLIED = "replied"  # the same, as of the following
    COMMENT_CHANGED = "comment-changed"
    COMMENT_WITHDRAWN = "comment-withdrawn"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    UNKNOWN = "unknown"  # what cannot be read


def fingerprint(before: str, act: Mapping[str, Any]) -> str:
    """The digest of an act, by its columns, after the one of digest `before`: SHA-256 over both, in hexadecimal."""
    moment = act["at"].astimezone(UTC).isoformat(timespec="microseconds")
    ids = [str(act[name] or "") for name in ("id", "artist_id", "work_id", "subject_id", "chain_id")]
    told = [moment, str(act["kind"]), ids, dict(act["details"]), int(act["position"])]
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{before}{canonical}".encode("utf-8", "replace")).hexdigest()


class Place(NamedTuple):
    """Where an act belongs: a work, and the project that it hangs in; or the project alone."""

    project: UUID
    work: UUID | None = None

    @property
    def chain(self) -> UUID:
        """The chain that it is written into."""
        return self.work or self.project


def details_of(value: Any) -> dict[str, Any]:
    """Details as a row may hold them: an object."""
    return value if isinstance(value, dict) else {}


class Act(Base):
    """Something that somebody did, or that an engine did for them."""

    __tablename__ = "acts"
    __table_args__ = (
        sa.UniqueConstraint("chain_id", "position"),
        sa.Index("ix_acts_project", "project_id", "id"),
        sa.Index("ix_acts_work", "work_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    at: Mapped[datetime] = mapped_column(default=now)
    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    kind: Mapped[ActKind] = mapped_column(Word(ActKind, ActKind.UNKNOWN, 20))
    # Where it is told: the project that the work hangs in now. Not part of the digest, since it goes with the work.
    project_id: Mapped[UUID] = mapped_column(sa.ForeignKey("projects.id"))
    work_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("works.id"))
    subject_id: Mapped[UUID]
    details: Mapped[dict[str, Any]] = mapped_column(Json(details_of), default=dict)
    chain_id: Mapped[UUID]  # the work, or else the project
    position: Mapped[int] = mapped_column(Whole(0))  # in the chain, from 0
    digest: Mapped[str] = mapped_column(Words(64))

    artist: Mapped[Artist] = relationship()
    work: Mapped[Work | None] = relationship()

    def fingerprint(self, before: str) -> str:
        """The digest that it must carry after the act of digest `before`: SHA-256 over both, in hexadecimal."""
        names = ("id", "at", "artist_id", "kind", "work_id", "subject_id", "details", "chain_id", "position")
        return fingerprint(before, {name: getattr(self, name) for name in names})


def record(session: Session, kind: ActKind, by: Artist, place: Place, subject: UUID, **details: Any) -> Act:
    """Write down that `by` did this to `subject` in `place`, in the transaction that does it.

    `details` are words, whole numbers and lists of them.
    """
    session.flush()
    _hold(session, place)
    last = sa.select(Act.position, Act.digest).where(Act.chain_id == place.chain).order_by(Act.position.desc()).limit(1)
    row = session.execute(last).first()
    position, before = (row.position, row.digest) if row else (-1, BEGINNING)
    act = Act(
        id=uuid7(),
        at=now(),
        artist_id=by.id,
        kind=kind,
        project_id=place.project,
        work_id=place.work,
        subject_id=subject,
        details=gate.mended(details),
        chain_id=place.chain,
        position=position + 1,
    )
    act.digest = act.fingerprint(before)
    session.add(act)
    session.flush()
    return act


def follow(session: Session, place: Place) -> None:
    """Let the acts of the work in `place` be told in its project, where it hangs now."""
    moved = sa.update(Act).where(Act.work_id == place.work).values(project_id=place.project)
    session.execute(moved.execution_options(synchronize_session=False))


def _hold(session: Session, place: Place) -> None:
    """Let nobody else write in this chain until the transaction ends: two acts must not follow the same one. (SQLite has one
    writer at a time anyhow.)
    """
    table = Base.metadata.tables["works" if place.work else "projects"]
    session.execute(sa.select(table.c.id).where(table.c.id == place.chain).with_for_update())


def first_break(acts: Iterable[Act]) -> int | None:
    """Of a whole chain in its order: the first position whose act is not what was written there; None where all are."""
    before = BEGINNING
    for expected, act in enumerate(acts):
        if act.position != expected or act.digest != act.fingerprint(before):
            return expected
        before = act.digest
    return None
