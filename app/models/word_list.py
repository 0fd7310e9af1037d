"""Lists of words in a project: `__birds__` in a brief stands for an entry of the list "birds" (app.requests.wildcards)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import ConflictError, InvalidError, _
from app.models.act import ActKind, record
from app.models.project import Project, Projects
from app.models.scope import Scope
from app.storage.columns import Words
from app.storage.db import Base, now, uuid7

MOST_LISTS = 200  # of one project
TAKEN = _("this project has a list of that name already: change that one")


class WordList(Base):
    """A list of words. A brief names it without regard to small and capital letters."""

    __tablename__ = "word_lists"
    __table_args__ = (sa.UniqueConstraint("project_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    project_id: Mapped[UUID] = mapped_column(sa.ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Words(60))
    key: Mapped[str] = mapped_column(Words(120))  # the name in lower case, which may be longer
    lines: Mapped[str] = mapped_column(Words())  # an entry each
    changed_at: Mapped[datetime] = mapped_column(default=now)

    project: Mapped[Project] = relationship()

    @property
    def entries(self) -> list[str]:
        """What can be chosen, in the order of the list."""
        return [line for line in self.lines.split("\n") if line.strip()]


class WordLists(Scope[WordList]):
    """The lists in projects that an artist may see."""

    model = WordList

    def query(self) -> sa.Select[WordList]:
        visible = Projects(self.session, self.artist).query().where(Project.id == WordList.project_id)
        return sa.select(WordList).where(visible.correlate(WordList).exists())

    def project_of(self, found: WordList) -> Project:
        return found.project

    def of(self, project_id: UUID) -> list[WordList]:
        """Those of one project, by name."""
        return list(self.session.scalars(self.query().where(WordList.project_id == project_id).order_by(WordList.key)))

    def entries(self, project_id: UUID, name: str) -> list[str] | None:
        """The entries of the project's list `name`; None where it has none of that name."""
        mine = self.query().where(WordList.project_id == project_id, WordList.key == name.casefold())
        found = self.session.scalar(mine)
        return found.entries if found else None

    def keep(self, project: Project, name: str, entries: list[str], changed: WordList | None = None) -> WordList:
        """A new list in `project`, or `changed` with this name and these entries.

        Raises InvalidError (the name is taken, too many lists), ConflictError (the project is in the trash).
        """
        if project.trashed_at is not None:
            raise ConflictError(_("This project is in the trash. Restore it first."))
        others = [one for one in self.of(project.id) if one is not changed]
        if any(one.key == name.casefold() for one in others):
            raise InvalidError("name", TAKEN)
        if len(others) >= MOST_LISTS:
            raise InvalidError("name", _("a project has at most %(most)d lists"), most=MOST_LISTS)
        kept = changed or WordList(project_id=project.id)
        kept.name, kept.key, kept.lines, kept.changed_at = name, name.casefold(), "\n".join(entries), now()
        self.session.add(kept)
        self.session.flush()
        record(self.session, ActKind.LIST_KEPT, self.artist, project.place, kept.id, name=name, count=len(entries))
        return kept
