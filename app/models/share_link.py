"""Share links: whoever has one looks at a project, a work or a revision, without an account and for as long as it is good.

A link shows what hangs below its one object, and leads to nothing else of the studio: a visitor has no artist, so no other
question of the studio's is answered to them. Of its code the SHA-256 alone is kept, of its password argon2id.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.errors import NotFoundError
from app.models.account import digest_of, grouped, new_code
from app.models.act import ActKind, record
from app.models.artist import Artist
from app.models.membership import Right
from app.models.project import Project
from app.models.revision import Revision
from app.models.sharing import hold
from app.models.work import Work
from app.storage.columns import Words
from app.storage.db import Base, now, uuid7


class Shown(StrEnum):
    """What a link shows."""

    PROJECT = "project"
    WORK = "work"
    REVISION = "revision"


class ShareLink(Base):
    """A link that shows a project, a work of it, or a revision of that."""

    __tablename__ = "share_links"
    __table_args__ = (sa.CheckConstraint("revision_id IS NULL OR work_id IS NOT NULL", name="one_object"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    digest: Mapped[str] = mapped_column(Words(64), unique=True)
    project_id: Mapped[UUID] = mapped_column(sa.ForeignKey("projects.id"), index=True)
    work_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("works.id"))
    revision_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("revisions.id"))
    whole: Mapped[bool] = mapped_column(default=False)  # all revisions, not those alone that somebody picked
    recipes: Mapped[bool] = mapped_column(default=False)  # how each came about
    downloads: Mapped[bool] = mapped_column(default=False)  # the files themselves, not what a page shows of them
    password: Mapped[str | None] = mapped_column(Words(200))  # argon2id
    by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship(lazy="joined")
    work: Mapped[Work | None] = relationship()
    revision: Mapped[Revision | None] = relationship()
    by: Mapped[Artist] = relationship()

    @property
    def shows(self) -> Shown:
        """What kind of thing it shows."""
        return Shown.REVISION if self.revision_id else Shown.WORK if self.work_id else Shown.PROJECT

    @property
    def title(self) -> str:
        """What the thing that it shows is called."""
        return self.work.title if self.work else self.project.name

    @property
    def there(self) -> bool:
        """Whether what it shows hangs where it hung when the link was made, outside the trash."""
        if self.project.trashed_at is not None:
            return False
        return self.work is None or (self.work.trashed_at is None and self.work.project_id == self.project_id)


class Terms(NamedTuple):
    """What a new link lets visitors do. `password` is hashed already; without `days` it is good until it is revoked."""

    whole: bool = False
    recipes: bool = False
    downloads: bool = False
    password: str | None = None
    days: int | None = None


def good() -> tuple[sa.ColumnElement[bool], ...]:
    """What a link fulfils that shows something."""
    ends = ShareLink.expires_at
    return ShareLink.revoked_at.is_(None), sa.or_(ends.is_(None), ends > now())


class ShareLinks:
    """The share links of `project`, for its owner: `artist`."""

    def __init__(self, session: Session, artist: Artist, project: Project) -> None:
        self.session, self.artist, self.project = session, artist, project

    def make(self, terms: Terms, thing: Work | Revision | None = None) -> tuple[ShareLink, str]:
        """A new link to `thing`, or to the whole project, and its code, which is told here and never again.

        Raises OutOfRoleError, and ConflictError for what lies in the trash.
        """
        hold(self.session, self.project)
        self.project.insist(self.artist.id, Right.OWN)
        work = thing.work if isinstance(thing, Revision) else thing
        (work or self.project).insist_on_place()
        code = new_code()
        link = ShareLink(
            digest=digest_of(code),
            project_id=self.project.id,
            work_id=work.id if work else None,
            revision_id=thing.id if isinstance(thing, Revision) else None,
            whole=terms.whole,
            recipes=terms.recipes,
            downloads=terms.downloads,
            password=terms.password,
            by_id=self.artist.id,
            expires_at=now() + timedelta(days=terms.days) if terms.days else None,
        )
        self.session.add(link)
        self.session.flush()
        record(self.session, ActKind.SHARED, self.artist, self.project.place, link.id, shows=str(link.shows), title=link.title)
        return link, grouped(code)

    def all(self) -> list[ShareLink]:
        """Those that are good, the latest first."""
        query = sa.select(ShareLink).where(ShareLink.project_id == self.project.id, *good())
        return list(self.session.scalars(query.order_by(ShareLink.id.desc())))

    def revoke(self, id: UUID) -> None:
        """Let a link show nothing more: the next question of its visitors is refused. Raises NotFoundError, OutOfRoleError."""
        hold(self.session, self.project)
        self.project.insist(self.artist.id, Right.OWN)
        mine = sa.select(ShareLink).where(ShareLink.id == id, ShareLink.project_id == self.project.id, *good())
        link = self.session.scalar(mine)
        if link is None:
            raise NotFoundError
        link.revoked_at = now()
        place = self.project.place
        record(self.session, ActKind.SHARE_REVOKED, self.artist, place, link.id, shows=str(link.shows), title=link.title)
