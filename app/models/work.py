"""Works: one piece in the making, an image, a text or a tune."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.brief import Medium
from app.errors import ConflictError, _
from app.media.medium import WORDED, traits
from app.models.act import ActKind, Place, follow, record
from app.models.project import Project, Projects
from app.models.scope import Scope, like
from app.storage.columns import Whole, Word, Words
from app.storage.db import Base, now, uuid7

if TYPE_CHECKING:
    from app.models.artist import Artist
    from app.models.revision import Revision

FOUND = 4_000  # characters of title, brief and text that search looks in at once
SEARCHED = 100_000  # code points of a text in which words are looked for
# Tables of classes that know works.
COVERS = sa.table("revisions", sa.column("id", sa.Uuid()), sa.column("text", sa.Text()))
DRAFTS = sa.table("drafts", *(sa.column(name, sa.Uuid()) for name in ("work_id", "artist_id")), sa.column("words", sa.Text()))


class Work(Base):
    """One piece in the making. Its revisions are numbered within it."""

    __tablename__ = "works"
    __table_args__ = (
        # The wall of a project pages through this index alone: newest first, the trash apart.
        sa.Index("ix_works_wall", "project_id", "trashed_at", "id"),
        sa.Index("ix_works_trash", "trashed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    project_id: Mapped[UUID] = mapped_column(sa.ForeignKey("projects.id"))
    title: Mapped[str] = mapped_column(Words(200))
    medium: Mapped[Medium] = mapped_column(Word(Medium, Medium.IMAGE, 10))
    created_at: Mapped[datetime] = mapped_column(default=now)
    touched_at: Mapped[datetime] = mapped_column(default=now)
    trashed_at: Mapped[datetime | None]
    last_number: Mapped[int] = mapped_column(Whole(0), default=0)  # of its revisions; also tells that the lineage grew
    cover_id: Mapped[UUID | None]  # the revision on the wall (app.models.revision.choose_cover); kept here for speed
    words: Mapped[str] = mapped_column(Words(), default="")  # title and brief of the last revision in lower case, for search

    project: Mapped[Project] = relationship(lazy="joined")
    cover: Mapped[Revision | None] = relationship(
        primaryjoin="foreign(Work.cover_id) == Revision.id", viewonly=True, uselist=False
    )

    @property
    def trashed(self) -> bool:
        """True when it, or the project around it, is in the trash."""
        return self.trashed_at is not None or self.project.trashed_at is not None

    def insist_on_place(self) -> None:
        """Raises ConflictError while it, or the project around it, is in the trash."""
        if self.trashed:
            raise ConflictError(_("This work is in the trash. Restore it first."))

    @property
    def place(self) -> Place:
        """Where acts on it belong."""
        return Place(self.project_id, self.id)

    def trash(self, by: Artist) -> None:
        """Put it away; nothing is deleted. Twice is once."""
        if self.trashed_at is None:
            self.trashed_at = now()
            record(self._session, ActKind.WORK_TRASHED, by, self.place, self.id)

    def restore(self, by: Artist) -> None:
        """Take it back from the trash."""
        if self.trashed_at is not None:
            self.trashed_at = None
            record(self._session, ActKind.WORK_RESTORED, by, self.place, self.id)

    def rename(self, title: str, by: Artist) -> None:
        """Give it another title, and let search know."""
        self.words = self.words.replace(self.title.lower(), title.lower(), 1)
        before, self.title = self.title, title
        if title != before:
            record(self._session, ActKind.WORK_RENAMED, by, self.place, self.id, title=title, before=before)

    def index(self, brief: dict[str, Any], text: str | None) -> None:
        """Let search know what its latest revision says. (A draft is its artist's alone, and searched by them alone.)"""
        self.words = f"{self.title} {searchable(self.medium, brief, text)}".lower()[:FOUND]

    def move(self, project: Project, by: Artist) -> None:
        """Hang it in another project, and its acts with it. Raises ConflictError where one of the two is in the trash."""
        if self.trashed or project.trashed_at is not None:
            raise ConflictError(_("What is in the trash cannot be moved, and nothing can be moved there. Restore it first."))
        before = self.project_id
        self.project, self.project_id = project, project.id
        if project.id != before:
            follow(self._session, self.place)
            record(self._session, ActKind.WORK_MOVED, by, self.place, self.id, project=str(project.id), before=str(before))

    def numbers(self, count: int) -> list[int]:
        """The next `count` revision numbers, taken for good: no two revisions share one."""
        session = self._session
        taken = sa.update(Work).where(Work.id == self.id).values(last_number=Work.last_number + count, touched_at=now())
        last = session.scalar(taken.returning(Work.last_number).execution_options(synchronize_session=False)) or 0
        session.refresh(self, ["last_number", "touched_at"])
        return list(range(last - count + 1, last + 1))

    @property
    def _session(self) -> Session:
        session = object_session(self)
        if session is None:
            raise RuntimeError("this work belongs to no session")
        return session


def searchable(medium: str, brief: dict[str, Any], text: str | None) -> str:
    """What search looks at of a brief and of what was written: in lower case, FOUND characters."""
    said = [" ".join(map(str, value)) if isinstance(value, list) else str(value) for value in brief.values()]
    return " ".join([*said, traits(Medium(medium)).searched(text or "")[:FOUND]]).lower()[:FOUND]


def has(word: str, artist: Artist) -> sa.ColumnElement[bool]:
    """True for works with `word` in title or brief, for texts that have it on the wall, within SEARCHED code points, and for
    works whose draft of this artist has it.

    SQLite folds the case of ASCII alone, so other letters are also looked for as they were typed.
    """
    text = sa.func.substr(COVERS.c.text, 1, SEARCHED)
    said = sa.or_(sa.func.lower(text).like(like(word.lower()), escape="\\"), text.like(like(word), escape="\\"))
    worded = sa.and_(Work.medium.in_(WORDED), sa.exists().where(COVERS.c.id == Work.cover_id, said).correlate(Work))
    mine = sa.and_(DRAFTS.c.artist_id == artist.id, DRAFTS.c.words.like(like(word.lower()), escape="\\"))
    drafted = Work.id.in_(sa.select(DRAFTS.c.work_id).where(mine))  # a list that is made once: few works have one
    return sa.or_(Work.words.like(like(word.lower()), escape="\\"), worded, drafted)


class Works(Scope[Work]):
    """The works in projects an artist may see."""

    model = Work

    def query(self) -> sa.Select[Work]:
        visible = Projects(self.session, self.artist).query().with_only_columns(Project.id)
        return sa.select(Work).where(Work.project_id.in_(visible))

    def project_of(self, found: Work) -> Project:
        return found.project

    def of(self, project: Project, *, q: str = "", medium: str | None = None) -> sa.Select[Work]:
        """The works of `project` outside the trash that have every word of `q`."""
        query = sa.select(Work).where(Work.project_id == project.id, Work.trashed_at.is_(None))
        for word in q.split():
            query = query.where(has(word, self.artist))
        return query.where(Work.medium == medium) if medium else query

    def page(self, query: sa.Select[Work], cursor: UUID | None, limit: int) -> list[Work]:
        """The newest of `query` first, after `cursor`."""
        if cursor:
            query = query.where(Work.id < cursor)
        return list(self.session.scalars(query.order_by(Work.id.desc()).limit(limit)))

    def newest(self, project: Project, count: int) -> list[Work]:
        """The newest works of `project`, for its card."""
        return self.page(self.of(project), None, count)

    def touched(self, projects: Sequence[Project]) -> dict[UUID, datetime]:
        """When something was last changed in each of `projects`; one without works is not among them."""
        latest = sa.select(Work.project_id, sa.func.max(Work.touched_at)).group_by(Work.project_id)
        rows = self.session.execute(latest.where(Work.project_id.in_([one.id for one in projects]))).all()
        return {row[0]: row[1] for row in rows}

    def at(self, query: sa.Select[Work], offset: int) -> UUID | None:
        """The cursor before the `offset`-th work: one walk through the index, for a jump into the middle."""
        if offset <= 0:
            return None
        return self.session.scalar(query.with_only_columns(Work.id).order_by(Work.id.desc()).offset(offset - 1).limit(1))

    def count(self, query: sa.Select[Work]) -> int:
        """How many works `query` finds."""
        return self.session.scalar(sa.select(sa.func.count()).select_from(query.with_only_columns(Work.id).subquery())) or 0

    def trashed(self, cursor: UUID | None = None, limit: int = 100) -> list[Work]:
        """What lies in the trash by itself (works of trashed projects lie there with their project)."""
        return self.page(self.query().where(Work.trashed_at.is_not(None)), cursor, limit)

    def create(self, project: Project, title: str, medium: str) -> Work:
        """A new work without revisions."""
        work = Work(project=project, title=title, medium=Medium(medium), words=title.lower())
        self.session.add(work)
        self.session.flush()
        record(self.session, ActKind.WORK_CREATED, self.artist, work.place, work.id, title=title, medium=str(work.medium))
        return work
