"""Access is scoping: every question goes through what an artist may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import NotFoundError
from app.storage.db import Base

if TYPE_CHECKING:
    from app.models.artist import Artist

T = TypeVar("T", bound=Base)
# Edges of a lineage may lead to what is another's (app.models.sight). Execution options of statements that read edges:
FOLLOWS: dict[str, Any] = {"follows_edges": True}  # it reads something by them: they are narrowed in it, at any depth
WHOLE: dict[str, Any] = {"whole_lineage": True}  # it reads thousands, and what they lead to is not told, or looked up by scope


class Scope(Generic[T]):
    """The rows of one table that `artist` may see."""

    model: type[T]

    def __init__(self, session: Session, artist: Artist) -> None:
        self.session = session
        self.artist = artist

    def query(self) -> sa.Select[T]:
        """Select what is visible; each noun says what that is."""
        raise TypeError(f"{type(self).__name__} does not say what is visible")

    def get(self, id: UUID, *options: sa.orm.interfaces.ORMOption) -> T:
        """The row `id`. Raises NotFoundError when there is none, or when it is another's."""
        mine: sa.Select[Any] = self.query().where(sa.inspect(self.model).primary_key[0] == id)
        found: T | None = self.session.scalar(mine.options(*options))
        if found is None:
            raise NotFoundError
        return found

    def has(self, id: UUID) -> bool:
        """Whether there is a row `id` that is not another's."""
        key = sa.inspect(self.model).primary_key[0]
        return self.session.scalar(self.query().where(key == id).with_only_columns(key)) is not None


def like(text: str) -> str:
    """`text` as a LIKE pattern that contains it, with `\\` as the escape character."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
