"""Access is scoping: every question goes through what an artist may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import NotFoundError
from app.models.membership import Right
from app.storage.db import Base

if TYPE_CHECKING:
    from app.models.artist import Artist
    from app.models.project import Project

T = TypeVar("T", bound=Base)
# Edges of a lineage may lead to what is another's (app.models.sight). Execution options of statements that read edges:
FOLLOWS: dict[str, Any] = {"follows_edges": True}  # it reads something by them: they are narrowed in it, at any depth
NEEDS = "right needed"  # in a session's info: the right that `Scope.get` insists on where its caller names none
READER = "reads for"  # … the id of the artist that it reads for; a worker's session has none
WHOLE: dict[str, Any] = {"whole_lineage": True}  # it reads thousands, and what they lead to is not told, or looked up by scope


class Scope(Generic[T]):
    """The rows of one table that `artist` may see."""

    model: type[T]
    personal = False  # its rows are the artist's own, and no project says what may be done with them

    def __init__(self, session: Session, artist: Artist) -> None:
        self.session = session
        self.artist = artist

    def query(self) -> sa.Select[T]:
        """Select what is visible; each noun says what that is."""
        raise TypeError(f"{type(self).__name__} does not say what is visible")

    def project_of(self, found: T) -> Project:
        """The project that says what may be done with a row; each noun that is not personal says which."""
        raise TypeError(f"{type(self).__name__} does not say which project {found!r} belongs to")

    def get(self, id: UUID, *options: sa.orm.interfaces.ORMOption, to: Right | None = None) -> T:
        """The row `id`, with which the artist has the right `to`: without one the right that the session's request needs, so
        that what changes something is refused where it does not say otherwise.

        Raises NotFoundError when there is none, or when it is not theirs to see; OutOfRoleError when they may see it alone.
        """
        mine: sa.Select[Any] = self.query().where(sa.inspect(self.model).primary_key[0] == id)
        found: T | None = self.session.scalar(mine.options(*options))
        if found is None:
            raise NotFoundError
        right: Right = to or self.session.info.get(NEEDS, Right.SEE)
        if right > Right.SEE and not self.personal:
            self.project_of(found).insist(self.artist.id, right)
        return found

    def has(self, id: UUID) -> bool:
        """Whether there is a row `id` that is not another's."""
        key = sa.inspect(self.model).primary_key[0]
        return self.session.scalar(self.query().where(key == id).with_only_columns(key)) is not None


def like(text: str) -> str:
    """`text` as a LIKE pattern that contains it, with `\\` as the escape character."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
