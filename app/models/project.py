"""Projects: folders of works that belong together."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.errors import ConflictError, _
from app.models.act import ActKind, Place, record
from app.models.membership import Membership, ProjectRole, Right, allows, insist, shared_with
from app.models.scope import READER, Scope
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

    def role_of(self, artist: UUID) -> ProjectRole | None:
        """What the artist is here; None: nothing. (Of the owner no row is read.)"""
        if self.owner_id == artist:
            return ProjectRole.OWNER
        found = self._session.get(Membership, (artist, self.id))
        return found.role if found else None

    @property
    def commentable(self) -> bool:
        """Whether whoever this is read for may say something to what is in it."""
        return self._allows(Right.COMMENT)

    @property
    def editable(self) -> bool:
        """Whether whoever this is read for may change what is in it: controls that do are drawn for no one else."""
        return self._allows(Right.EDIT)

    @property
    def owned(self) -> bool:
        """Whether whoever this is read for says who sees it, and what it is called."""
        return self._allows(Right.OWN)

    def _allows(self, right: Right) -> bool:
        reader = self._session.info.get(READER)
        return reader is None or allows(self.role_of(reader), right)

    def insist(self, artist: UUID, right: Right) -> None:
        """Raises OutOfRoleError where the artist has not `right` here."""
        insist(self.role_of(artist), right)

    def insist_on_place(self) -> None:
        """Raises ConflictError while it is in the trash."""
        if self.trashed_at is not None:
            raise ConflictError(_("This project is in the trash. Restore it first."))

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
        record(self._session, kind, by, self.place, self.id, **details)

    @property
    def _session(self) -> Session:
        session: Session | None = object_session(self)
        if session is None:
            raise RuntimeError("this project belongs to no session")
        return session


class Projects(Scope[Project]):
    """What an artist may see: what they own, and what they are a member of."""

    model = Project

    def query(self, to: Right = Right.SEE) -> sa.Select[Project]:
        """Select the projects with which the artist has the right `to`."""
        member = Project.id.in_(shared_with(self.artist.id, to))
        return sa.select(Project).where(sa.or_(Project.owner_id == self.artist.id, member))

    def project_of(self, found: Project) -> Project:
        return found

    def page(
        self, cursor: UUID | None = None, limit: int = 100, *, trashed: bool = False, to: Right = Right.SEE
    ) -> list[Project]:
        """The newest first, after `cursor`, with which the artist has the right `to`; `trashed` asks for the trash instead."""
        query = self.query(to).where(Project.trashed_at.is_not(None) if trashed else Project.trashed_at.is_(None))
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
