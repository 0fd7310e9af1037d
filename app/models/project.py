"""Projects: folders of works that belong together."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.models.act import ActKind, Place, record
from app.models.scope import Scope
from app.storage.columns import Words
from app.storage.db import Base, now, uuid7

if TYPE_CHECKING:
    from app.models.artist import Artist


class Project(Base):
    """A folder of works; has an owner."""

    __tablename__ = "projects"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"), index=True)
    name: Mapped[str] = mapped_column(Words(200))
    created_at: Mapped[datetime] = mapped_column(default=now)
    trashed_at: Mapped[datetime | None]

    owner: Mapped[Artist] = relationship()

    @property
    def place(self) -> Place:
        """Where acts on it belong."""
        return Place(self.id)

    def trash(self, by: Artist) -> None:
        """Put it away; nothing is deleted. Twice is once."""
        if self.trashed_at is None:
            self.trashed_at = now()
            self._record(ActKind.PROJECT_TRASHED, by)

    def restore(self, by: Artist) -> None:
        """Take it back from the trash."""
        if self.trashed_at is not None:
            self.trashed_at = None
            self._record(ActKind.PROJECT_RESTORED, by)

    def rename(self, name: str, by: Artist) -> None:
        """Give it another name."""
        before, self.name = self.name, name
        if name != before:
            self._record(ActKind.PROJECT_RENAMED, by, name=name, before=before)

    def _record(self, kind: ActKind, by: Artist, **details: str) -> None:
        session: Session | None = object_session(self)
        if session is None:
            raise RuntimeError("this project belongs to no session")
        record(session, kind, by, self.place, self.id, **details)


class Projects(Scope[Project]):
    """What an artist may see: for now, what they own."""

    model = Project

    def query(self) -> sa.Select[Project]:
        return sa.select(Project).where(Project.owner_id == self.artist.id)

    def page(self, cursor: UUID | None = None, limit: int = 100, *, trashed: bool = False) -> list[Project]:
        """The newest first, after `cursor`; `trashed` asks for the trash instead."""
        query = self.query().where(Project.trashed_at.is_not(None) if trashed else Project.trashed_at.is_(None))
        if cursor:
            query = query.where(Project.id < cursor)
        return list(self.session.scalars(query.order_by(Project.id.desc()).limit(limit)))

    def create(self, name: str) -> Project:
        """A new, empty project."""
        project = Project(owner_id=self.artist.id, name=name)
        self.session.add(project)
        self.session.flush()
        record(self.session, ActKind.PROJECT_CREATED, self.artist, project.place, project.id, name=name)
        return project
