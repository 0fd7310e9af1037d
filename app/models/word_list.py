"""Lists of words in a project: `__birds__` in a brief stands for an entry of the list "birds" (app.requests.wildcards)."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.errors import _
from app.models.act import ActKind
from app.models.kept import Kept, KeptScope
from app.models.project import Project
from app.storage.columns import Words


class WordList(Kept):
    """A list of words. A brief names it without regard to small and capital letters."""

    __tablename__ = "word_lists"
    __table_args__ = (sa.UniqueConstraint("project_id", "key"),)

    lines: Mapped[str] = mapped_column(Words())  # an entry each

    @property
    def entries(self) -> list[str]:
        """What can be chosen, in the order of the list."""
        return [line for line in self.lines.split("\n") if line.strip()]


class WordLists(KeptScope[WordList]):
    """The lists in projects that an artist may see."""

    model = WordList
    most = 200
    too_many = _("a project has at most %(most)d lists")
    taken = _("this project has a list of that name already: change that one")
    kept, trashed, restored = ActKind.LIST_KEPT, ActKind.LIST_TRASHED, ActKind.LIST_RESTORED

    def entries(self, project_id: UUID, name: str) -> list[str] | None:
        """The entries of the project's list `name`; None where it has none of that name."""
        found = self.named(project_id, name)
        return found.entries if found else None

    def add(self, project: Project, name: str, entries: list[str]) -> WordList:
        """A new list in `project`. Raises InvalidError, ConflictError."""
        self._check(project, name, None)
        return self._keep(WordList(project=project), None, name, entries)

    def change(self, found: WordList, version: int, name: str, entries: list[str]) -> WordList:
        """Give it this name and these entries, if `version` is its present one. Raises InvalidError, ConflictError."""
        self._check(found.project, name, found)
        self.session.refresh(found)
        return self._keep(found, version, name, entries)

    def _keep(self, kept: WordList, version: int | None, name: str, entries: list[str]) -> WordList:
        self._write(kept, version, name)
        kept.lines = "\n".join(entries)
        self._record(kept, self.kept, count=len(entries))
        return kept
