"""Sharing: the people of a project, and the links by which they come to it.

Of a link's code its SHA-256 alone is kept (app.models.account). All of this is done with the project's row held, so that two
who do it at once do it one after the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.errors import ConflictError, InvalidError, NotFoundError, _
from app.models.account import INVITED, bare, digest_of, grouped, new_code
from app.models.act import ActKind, record
from app.models.artist import Artist
from app.models.membership import RANKS, Membership, ProjectRole, Right
from app.models.project import Project
from app.storage.columns import Word, Words
from app.storage.db import Base, now, uuid7

NO_GOOD = _("This link is used up, too old, or mistyped. Ask for a new one.")
STAYS = _("The owner cannot leave: hand the project over to somebody first.")


class ProjectInvitation(Base):
    """A link that brings one person into a project, once."""

    __tablename__ = "project_invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    digest: Mapped[str] = mapped_column(Words(64), unique=True)
    project_id: Mapped[UUID] = mapped_column(sa.ForeignKey("projects.id"), index=True)
    role: Mapped[ProjectRole] = mapped_column(Word(ProjectRole, ProjectRole.VIEWER, 10))
    by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Person(NamedTuple):
    """Somebody of a project."""

    id: UUID
    name: str
    role: ProjectRole


def good() -> tuple[sa.ColumnElement[bool], ...]:
    """What a link fulfils that brings somebody in."""
    link = ProjectInvitation
    return link.used_at.is_(None), link.revoked_at.is_(None), link.expires_at > now()


class People:
    """The people of `project`, for one of them: `artist`."""

    def __init__(self, session: Session, artist: Artist, project: Project) -> None:
        self.session, self.artist, self.project = session, artist, project

    def all(self) -> list[Person]:
        """The owner first, then the others by name."""
        query = sa.select(Artist.id, Artist.name, Membership.role).join(Membership, Membership.artist_id == Artist.id)
        rows = self.session.execute(query.where(Membership.project_id == self.project.id).order_by(Artist.name)).all()
        owner = self.session.get_one(Artist, self.project.owner_id)
        return [Person(owner.id, owner.name, ProjectRole.OWNER), *(Person(*row) for row in rows)]

    def change(self, person: UUID, role: ProjectRole) -> None:
        """Let a member be something else. Raises NotFoundError for who is none, OutOfRoleError."""
        self._hold(Right.OWN)
        row = self._member(person)
        before, row.role = row.role, role
        if role != before:
            self._record(ActKind.MEMBER_CHANGED, person, role=str(role), before=str(before))

    def remove(self, person: UUID) -> None:
        """Take a member out, or leave: what they made stays.

        Raises NotFoundError for who is none, ConflictError for the owner, OutOfRoleError.
        """
        leaves = person == self.artist.id
        self._hold(Right.SEE if leaves else Right.OWN)
        if person == self.project.owner_id:
            raise ConflictError(STAYS)
        self.session.delete(self._member(person))
        self._record(ActKind.MEMBER_LEFT if leaves else ActKind.MEMBER_REMOVED, person)

    def hand_over(self, person: UUID) -> None:
        """Let a member be the owner; who was it stays as an editor.

        Raises InvalidError for who is no member, OutOfRoleError.
        """
        self._hold(Right.OWN)
        row = self.session.get(Membership, (person, self.project.id))
        if row is None:
            raise InvalidError("artist", _("is no member of this project"))
        before = self.project.owner_id
        self.session.delete(row)
        self.session.add(Membership(artist_id=before, project_id=self.project.id, role=ProjectRole.EDITOR))
        self.project.owner_id = person
        self._record(ActKind.HANDED_OVER, person)

    def invite(self, role: ProjectRole) -> tuple[ProjectInvitation, str]:
        """A new link, and its code, which is told here and never again. Raises OutOfRoleError."""
        self._hold(Right.OWN)
        code = new_code()
        link = ProjectInvitation(
            digest=digest_of(code),
            project_id=self.project.id,
            role=role,
            by_id=self.artist.id,
            expires_at=now() + INVITED,
        )
        self.session.add(link)
        self.session.flush()
        record(self.session, ActKind.INVITED, self.artist, self.project.place, link.id, role=str(role))
        return link, grouped(code)

    def open(self) -> list[ProjectInvitation]:
        """The links that are good, the latest first; who may not make one is told none."""
        if self.project.role_of(self.artist.id) != ProjectRole.OWNER:
            return []
        query = sa.select(ProjectInvitation).where(ProjectInvitation.project_id == self.project.id, *good())
        return list(self.session.scalars(query.order_by(ProjectInvitation.id.desc())))

    def revoke(self, id: UUID) -> None:
        """Let a link be good no more. Raises NotFoundError for one that is not good, OutOfRoleError."""
        self._hold(Right.OWN)
        link = self.session.get(ProjectInvitation, id)
        if link is None or link not in self.open():
            raise NotFoundError
        link.revoked_at = now()
        record(self.session, ActKind.INVITATION_REVOKED, self.artist, self.project.place, link.id, role=str(link.role))

    def _hold(self, right: Right) -> None:
        """Hold the project's row, and ask once more who may: it may have been handed over meanwhile."""
        hold(self.session, self.project)
        self.project.insist(self.artist.id, right)

    def _member(self, person: UUID) -> Membership:
        row = self.session.get(Membership, (person, self.project.id))
        if row is None:
            raise NotFoundError
        return row

    def _record(self, kind: ActKind, person: UUID, **details: str) -> None:
        name = self.session.get_one(Artist, person).name
        record(self.session, kind, self.artist, self.project.place, person, name=name, **details)


def hold(session: Session, project: Project) -> None:
    """Let nobody else change who sees `project` until the transaction ends, and read it anew."""
    session.refresh(project, with_for_update=True)


def redeem(session: Session, code: str, artist: Artist) -> Project:
    """The project that the link brings `artist` into; the link is good no more. A role only rises by one: who is as much there
    already keeps what they are, and the link stays good for somebody else.

    Raises NotFoundError where the link is not good, or its project is in the trash.
    """
    link = session.scalar(sa.select(ProjectInvitation).where(ProjectInvitation.digest == digest_of(bare(code)), *good()))
    project = session.get(Project, link.project_id) if link else None
    if link is None or project is None or project.trashed_at is not None:
        raise NotFoundError(NO_GOOD)
    hold(session, project)
    role = project.role_of(artist.id)
    if role is not None and RANKS[role] >= RANKS[link.role]:
        return project
    used = sa.update(ProjectInvitation).where(ProjectInvitation.id == link.id, *good()).values(used_at=now())
    if session.execute(used.execution_options(synchronize_session=False)).rowcount != 1:  # type: ignore[attr-defined]  # as of any UPDATE
        raise NotFoundError(NO_GOOD)
    session.merge(Membership(artist_id=artist.id, project_id=project.id, role=link.role))
    session.flush()
    record(session, ActKind.MEMBER_JOINED, artist, project.place, artist.id, name=artist.name, role=str(link.role))
    return project
