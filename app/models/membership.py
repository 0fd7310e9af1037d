"""Memberships: who else than its owner a project is shared with, and as what.

A project has one owner, its `owner_id`: so it always has one, and never two who both think that they are. All others who may
see it are members, a row each. What a right needs is said here, and nowhere else.

What two editors of one work share: its revisions, runs, picks, title and trash. A draft is one artist's: each has a bench of
their own for the work, so that nobody's words are overwritten or read while they are written. Two windows of one artist are
told apart by the draft's version (409 for the later one).
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.errors import OutOfRoleError, _
from app.storage.columns import Word
from app.storage.db import Base, now


class ProjectRole(StrEnum):
    """What somebody is in a project. A row says one of the first three; the owner stands in the project itself."""

    VIEWER = "viewer"  # sees all of it, and takes it along
    COMMENTER = "commenter"  # and says something to it
    EDITOR = "editor"  # and makes and changes works
    OWNER = "owner"  # and says who sees it


class Right(IntEnum):
    """What somebody wants with a thing; the greater one takes in the smaller ones."""

    SEE = 1
    COMMENT = 2  # comments on revisions
    EDIT = 3  # works, drafts, runs, picks, imports, their trash
    OWN = 4  # the name and the trash of the project, its people, works that leave it


RANKS = {ProjectRole.VIEWER: 1, ProjectRole.COMMENTER: 2, ProjectRole.EDITOR: 3, ProjectRole.OWNER: 4}
REFUSALS = {
    Right.COMMENT: _("You may look at this project, and say nothing in it: for that you need to be one of its commenters."),
    Right.EDIT: _("You may look at this project, and change nothing in it: for that you need to be one of its editors."),
    Right.OWN: _("Only the owner of this project may do this."),
}


class Membership(Base):
    """Somebody who is not the owner of a project, and may see it."""

    __tablename__ = "memberships"

    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"), primary_key=True)  # first: the scope asks by it
    project_id: Mapped[UUID] = mapped_column(sa.ForeignKey("projects.id"), primary_key=True, index=True)
    role: Mapped[ProjectRole] = mapped_column(Word(ProjectRole, ProjectRole.VIEWER, 10))
    created_at: Mapped[datetime] = mapped_column(default=now)


def allows(role: ProjectRole | None, right: Right) -> bool:
    """Whether who is `role` has `right`; None is somebody from outside."""
    return role is not None and RANKS[role] >= right


def insist(role: ProjectRole | None, right: Right) -> None:
    """Raises OutOfRoleError, which says what is needed, where who is `role` has not `right`."""
    if not allows(role, right):
        raise OutOfRoleError(REFUSALS.get(right))


def shared_with(artist: UUID, right: Right) -> sa.Select[UUID]:
    """Select the projects in which the artist, as a member, has `right`: one look into an index."""
    query = sa.select(Membership.project_id).where(Membership.artist_id == artist)
    if right > Right.SEE:
        query = query.where(Membership.role.in_([role for role in RANKS if allows(role, right)]))
    return query.correlate(None)
