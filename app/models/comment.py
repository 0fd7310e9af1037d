"""Comments on revisions: threads that begin at a place in the content, or at none, with their replies.

A revision never changes, so a pin never drifts. A thread is named by its first comment. That a thread is resolved is a row
of its own, with who said so and when. A comment that is taken back leaves its row, without its words, so that its replies
keep their thread. In a studio of one artist comments are notes to oneself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from app.errors import InvalidError, NotFoundError, OutOfRoleError, _
from app.media.pin import Pin
from app.models.act import ActKind, record
from app.models.revision import Revision, Revisions
from app.models.scope import Scope
from app.models.shapes import PIN
from app.storage.columns import Words
from app.storage.db import Base, now, uuid7

if TYPE_CHECKING:
    from app.models.artist import Artist
    from app.models.project import Project
    from app.models.work import Work

LONGEST = 4_000  # characters of a comment
SHOWN = 100  # threads on the page of a work
MOST = 1_000  # comments on one revision, those that were taken back included
NOT_THEIRS = _("Only who wrote a comment may change it.")


class Comment(Base):
    """Something that somebody said to a revision: the first word of a thread, or a reply in it."""

    __tablename__ = "comments"
    __table_args__ = (sa.Index("ix_comments_revision", "revision_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"))
    thread_id: Mapped[UUID] = mapped_column(index=True)  # its own id, where a thread begins with it
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    body: Mapped[str] = mapped_column(Words())
    place: Mapped[dict[str, Any] | None] = mapped_column(PIN)
    created_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    revision: Mapped[Revision] = relationship()
    author: Mapped[Artist] = relationship()

    @property
    def pin(self) -> Pin | None:
        """Where in the revision, if it is said of a place."""
        return Pin.model_validate(self.place) if self.place else None

    def withdraw(self) -> None:
        """Take its words back."""
        self.body, self.withdrawn_at = "", now()


class Resolution(Base):
    """Somebody said that a thread is done with."""

    __tablename__ = "resolutions"

    thread_id: Mapped[UUID] = mapped_column(sa.ForeignKey("comments.id"), primary_key=True)
    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)

    artist: Mapped[Artist] = relationship()


class Thread(NamedTuple):
    """A comment and its replies, the oldest first; `resolution` while it is done with."""

    comments: Sequence[Comment]
    resolution: Resolution | None

    @property
    def first(self) -> Comment:
        """What it begins with, and is named by."""
        return self.comments[0]


class Comments(Scope[Comment]):
    """The comments on revisions that an artist may see."""

    model = Comment

    def query(self) -> sa.Select[Comment]:
        visible = Revisions(self.session, self.artist).query().where(Revision.id == Comment.revision_id)
        return sa.select(Comment).where(visible.correlate(Comment).exists())

    def project_of(self, found: Comment) -> Project:
        return found.revision.work.project

    def threads(self, revision: Revision) -> list[Thread]:
        """What was said to `revision`, in the order in which it was begun, without threads that were taken back whole."""
        return self._threads(Comment.revision_id == revision.id)

    def said_in(self, work: UUID) -> bool:
        """Whether anything was said to a revision of `work`."""
        here = sa.select(Comment.id).join(Revision, Revision.id == Comment.revision_id).where(Revision.work_id == work)
        return self.session.scalar(here.limit(1)) is not None

    def in_work(self, work: Work) -> list[Thread]:
        """What was said last to revisions of `work`, the newest thread first: as many as a page shows."""
        ids = sa.select(Comment.id).join(Revision, Revision.id == Comment.revision_id).where(Revision.work_id == work.id)
        latest = ids.where(Comment.id == Comment.thread_id).order_by(Comment.id.desc()).limit(SHOWN)
        return self._threads(Comment.thread_id.in_(latest))[::-1]

    def count_open(self, work: Work) -> int:
        """How many threads on revisions of `work` are not done with, those that were taken back aside."""
        here = sa.select(sa.func.count(sa.distinct(Comment.thread_id))).join(Revision, Revision.id == Comment.revision_id)
        done = sa.exists().where(Resolution.thread_id == Comment.thread_id)
        return self.session.scalar(here.where(Revision.work_id == work.id, Comment.withdrawn_at.is_(None), ~done)) or 0

    def open_threads(self, revisions: Sequence[UUID]) -> dict[UUID, list[Thread]]:
        """By revision: what was said to it, and is not done with."""
        found = dict[UUID, list[Thread]]()
        for thread in self._threads(Comment.revision_id.in_(revisions)):
            if thread.resolution is None:
                found.setdefault(thread.first.revision_id, []).append(thread)
        return found

    def thread(self, comment: Comment) -> Thread:
        """The whole thread that `comment` belongs to."""
        (found,) = self._threads(Comment.thread_id == comment.thread_id, withdrawn=True)
        return found

    def _threads(self, chosen: sa.ColumnElement[bool], *, withdrawn: bool = False) -> list[Thread]:
        asked = self.query().where(chosen).order_by(Comment.id).options(joinedload(Comment.author))
        found = dict[UUID, list[Comment]]()
        for comment in self.session.scalars(asked):
            found.setdefault(comment.thread_id, []).append(comment)
        done = sa.select(Resolution).where(Resolution.thread_id.in_(list(found))).options(joinedload(Resolution.artist))
        resolved = {one.thread_id: one for one in self.session.scalars(done)} if found else {}
        kept = (one for one in found.values() if withdrawn or any(comment.withdrawn_at is None for comment in one))
        return [Thread(one, resolved.get(one[0].id)) for one in kept]

    def add(self, revision: Revision, body: str, pin: Pin | None = None) -> Comment:
        """Begin a thread. Raises ConflictError (in the trash), InvalidError (too many)."""
        id = uuid7()
        place = pin.places if pin else None
        return self._add(revision, Comment(id=id, thread_id=id, body=body, place=place), ActKind.COMMENTED)

    def reply(self, comment: Comment, body: str) -> Comment:
        """Go on with the thread of `comment`. Raises ConflictError (in the trash), InvalidError (too many)."""
        return self._add(comment.revision, Comment(id=uuid7(), thread_id=comment.thread_id, body=body), ActKind.REPLIED)

    def _add(self, revision: Revision, comment: Comment, kind: ActKind) -> Comment:
        revision.work.insist_on_place()
        here = sa.select(sa.func.count()).select_from(Comment).where(Comment.revision_id == revision.id)
        if (self.session.scalar(here) or 0) >= MOST:
            raise InvalidError("body", _("a revision has at most %(most)d comments"), most=MOST)
        comment.revision, comment.author, comment.created_at = revision, self.artist, now()
        self.session.add(comment)
        self._record(kind, comment)
        return comment

    def edit(self, comment: Comment, body: str) -> None:
        """Say it in other words. Raises OutOfRoleError (another's), NotFoundError (taken back), ConflictError (trash)."""
        if comment.author_id != self.artist.id:
            raise OutOfRoleError(NOT_THEIRS)
        if comment.withdrawn_at is not None:
            raise NotFoundError
        comment.revision.work.insist_on_place()
        if body != comment.body:
            comment.body, comment.edited_at = body, now()
            self._record(ActKind.COMMENT_CHANGED, comment)

    def withdraw(self, comment: Comment) -> None:
        """Take it back; its replies stay. Whose project it is may take back another's. Twice is once.

        Raises OutOfRoleError, ConflictError (in the trash).
        """
        if self.artist.id not in {comment.author_id, comment.revision.work.project.owner_id}:
            raise OutOfRoleError(NOT_THEIRS)
        comment.revision.work.insist_on_place()
        if comment.withdrawn_at is None:
            comment.withdraw()
            self._record(ActKind.COMMENT_WITHDRAWN, comment)

    def resolve(self, comment: Comment) -> None:
        """Say that its thread is done with. Twice is once. Raises ConflictError (in the trash)."""
        comment.revision.work.insist_on_place()
        if self.session.get(Resolution, comment.thread_id) is None:
            self.session.add(Resolution(thread_id=comment.thread_id, artist=self.artist, created_at=now()))
            self._record(ActKind.RESOLVED, comment)

    def reopen(self, comment: Comment) -> None:
        """Say that its thread is not done with. Raises ConflictError (in the trash)."""
        comment.revision.work.insist_on_place()
        if (done := self.session.get(Resolution, comment.thread_id)) is not None:
            self.session.delete(done)
            self._record(ActKind.REOPENED, comment)

    def _record(self, kind: ActKind, comment: Comment) -> None:
        """The act tells that something was said and to which revision, never the words: these can be taken back."""
        self.session.flush()
        revision = comment.revision
        record(self.session, kind, self.artist, revision.work.place, comment.id, number=revision.number)
