"""Things that a project keeps by name, such as its lists of words: written by version, put into the trash, taken back."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.errors import ConflictError, InvalidError, StaleError, _
from app.models.act import ActKind, record
from app.models.project import Project, Projects
from app.models.scope import Scope
from app.storage.columns import Whole, Words
from app.storage.db import Base, now, uuid7

LONGEST_NAME = 60


class Kept(Base):
    """A thing with a name that no other of its kind has in the project, capital letters or not."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    project_id: Mapped[UUID] = mapped_column(sa.ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Words(LONGEST_NAME))
    # The name in lower case, which may be longer; of one in the trash its id, so that its name is free for another.
    key: Mapped[str] = mapped_column(Words(2 * LONGEST_NAME))
    version: Mapped[int] = mapped_column(Whole(1), default=1)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    trashed_at: Mapped[datetime | None]

    @declared_attr
    def project(cls) -> Mapped[Project]:  # noqa: N805 (SQLAlchemy gives the class)
        """Where it is kept."""
        return relationship(Project)

    def insist_on_place(self) -> None:
        """Raises ConflictError while it is in the trash."""
        if self.trashed_at is not None:
            raise ConflictError(_("“%(name)s” is in the trash. Restore it first."), name=self.name)


K = TypeVar("K", bound=Kept)


class KeptScope(Scope[K]):
    """Those in projects that an artist may see."""

    most: ClassVar[int]  # of one project
    too_many: ClassVar[str]  # message ids
    taken: ClassVar[str]
    kept: ClassVar[ActKind]
    trashed: ClassVar[ActKind]
    restored: ClassVar[ActKind]

    def query(self) -> sa.Select[K]:
        visible = Projects(self.session, self.artist).query().where(Project.id == self.model.project_id)
        return sa.select(self.model).where(visible.correlate(self.model).exists())

    def project_of(self, found: K) -> Project:
        return found.project

    def of(self, project_id: UUID, *, trashed: bool = False) -> list[K]:
        """Those of one project, by name; `trashed` asks for those in the trash, the last first."""
        mine = self.query().where(self.model.project_id == project_id)
        if trashed:
            query = mine.where(self.model.trashed_at.is_not(None)).order_by(self.model.trashed_at.desc())
        else:
            query = mine.where(self.model.trashed_at.is_(None)).order_by(self.model.key)
        return list(self.session.scalars(query))

    def named(self, project_id: UUID, name: str) -> K | None:
        """The project's thing of that name."""
        return self.session.scalar(self.query().where(self.model.project_id == project_id, self.model.key == name.casefold()))

    def trash(self, found: K) -> None:
        """Put it away; nothing of it is deleted. Twice is once."""
        if found.trashed_at is None:
            found.key, found.trashed_at = str(found.id), now()
            self._record(found, self.trashed)

    def restore(self, found: K) -> None:
        """Take it back from the trash. Raises ConflictError when its name is another's by now, or there are too many."""
        if found.trashed_at is None:
            return
        try:
            self._check(found.project, found.name, found)
        except InvalidError as error:
            [(_field, said)] = error.fields
            raise ConflictError(said, **error.details) from error
        found.key, found.trashed_at = found.name.casefold(), None
        self._record(found, self.restored)

    def _check(self, project: Project, name: str, changed: K | None) -> None:
        """Raises InvalidError (the name is taken, too many of them), ConflictError (the project is in the trash)."""
        self.session.refresh(project, with_for_update=True)  # one after another
        project.insist_on_place()
        others = [one for one in self.of(project.id) if one is not changed]
        if any(one.key == name.casefold() for one in others):
            raise InvalidError("name", self.taken)
        if len(others) >= self.most:
            raise InvalidError("name", self.too_many, most=self.most)

    def _write(self, found: K, version: int | None, name: str) -> None:
        """Give it this name and its next version, the fields of its kind being written next.

        Raises StaleError when `version` is not its present one, and ConflictError when it lies in the trash.
        """
        found.insist_on_place()
        if version is not None and version != found.version:
            raise StaleError
        found.name, found.key, found.changed_at = name, name.casefold(), now()
        found.version = (found.version or 0) + 1
        self.session.add(found)

    def _record(self, found: K, kind: ActKind, **details: str | int) -> None:
        self.session.flush()
        record(self.session, kind, self.artist, found.project.place, found.id, name=found.name, **details)
