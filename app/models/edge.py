"""Parents: typed edges from a revision to those it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.storage.columns import Word
from app.storage.db import Base
from app.verbs.verb import Verb

if TYPE_CHECKING:
    from app.models.revision import Revision


Role = Verb  # how a revision came from its parent
DAMAGED = "damaged"  # the word for a role or a verb that cannot be read
ROLES = (*(str(verb) for verb in Verb if verb.rule.role), DAMAGED)
ROLE = Word(ROLES, DAMAGED, 12)


class Parent(Base):
    """An edge of the lineage; `position` 0 is the first parent, which the drawn tree hangs from."""

    __tablename__ = "parents"

    child_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"), primary_key=True)
    parent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"), primary_key=True, index=True)
    role: Mapped[Role] = mapped_column(ROLE, primary_key=True)
    position: Mapped[int] = mapped_column(default=0)

    parent: Mapped[Revision] = relationship(foreign_keys=[parent_id])
    child: Mapped[Revision] = relationship(foreign_keys=[child_id], back_populates="parents")
