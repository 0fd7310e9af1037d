"""The acts that an artist may see, and whether a chain of them is whole."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from app.models.act import Act, Place, first_break
from app.models.project import Project, Projects
from app.models.scope import Scope

AT_ONCE = 1_000  # acts of a chain that are read at once


class Acts(Scope[Act]):
    """The acts in projects an artist may see."""

    model = Act

    def query(self) -> sa.Select[Act]:
        visible = Projects(self.session, self.artist).query().with_only_columns(Project.id)
        return sa.select(Act).where(Act.project_id.in_(visible))

    def project_of(self, found: Act) -> Project:
        return self.session.get_one(Project, found.project_id)

    def page(self, place: Place, cursor: UUID | None = None, limit: int = 100) -> list[Act]:
        """What was done in a work, or in a project and all its works, the newest first, after `cursor`."""
        query = self.query().where(Act.work_id == place.work if place.work else Act.project_id == place.project)
        if cursor:
            query = query.where(Act.id < cursor)
        return list(self.session.scalars(query.order_by(Act.id.desc()).limit(limit)))

    def chain(self, place: Place) -> Iterable[Act]:
        """All acts of the work, or of the project itself, from the first on."""
        query = self.query().where(Act.chain_id == place.chain).order_by(Act.position)
        return self.session.scalars(query.execution_options(yield_per=AT_ONCE))

    def first_break(self, place: Place) -> int | None:
        """The first position of the chain whose act is not what was written there; None where the chain is whole."""
        return first_break(self.chain(place))
