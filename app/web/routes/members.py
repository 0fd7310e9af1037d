"""Members: the people of a project, and the links by which they come to it (studios with accounts alone)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.errors import ConflictError, InvalidError, NotFoundError, SignInError, _, raises
from app.gate import LINE
from app.models.account import INVITED
from app.models.membership import ProjectRole, Right
from app.models.sharing import People, Person, ProjectInvitation, redeem
from app.web.deps import CurrentArtist, OneTurn, Session, body
from app.web.pages import answer
from app.web.routes.people import LinkOut, told_link

router = APIRouter(route_class=OneTurn, tags=["accounts"])
ROLES = {
    ProjectRole.VIEWER: _("viewer: looks at all of it, and downloads"),
    ProjectRole.COMMENTER: _("commenter: also says something to what is there"),
    ProjectRole.EDITOR: _("editor: makes and changes works"),
    ProjectRole.OWNER: _("owner: also says who sees it"),
}
Given = Literal[ProjectRole.VIEWER, ProjectRole.COMMENTER, ProjectRole.EDITOR]


class MemberOut(BaseModel):
    """Somebody of a project; `role` is owner, editor, commenter or viewer."""

    id: UUID
    name: str
    role: str

    @classmethod
    def of(cls, person: Person) -> MemberOut:
        """From its row."""
        return cls(id=person.id, name=person.name, role=str(person.role))


class InvitationOut(BaseModel):
    """A link that is good; its code is not told."""

    id: UUID
    role: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, link: ProjectInvitation) -> InvitationOut:
        """From its row."""
        return cls(id=link.id, role=str(link.role), created_at=link.created_at, expires_at=link.expires_at)


class PeopleOut(BaseModel):
    """The people of a project, the owner first. Its `invitations` are told to the owner alone."""

    items: list[MemberOut]
    invitations: list[InvitationOut]


class Wanted(BaseModel):
    """What somebody is to be in the project."""

    role: Given


class NewOwner(BaseModel):
    """Who is to be the owner: a member."""

    artist: UUID


class Code(BaseModel):
    """What stands in a link behind the #."""

    code: Annotated[str, Field(min_length=1, max_length=100), LINE]


def _told(request: Request, people: People) -> Response:
    """The people, as they are now."""
    everybody, links, project = people.all(), people.open(), people.project
    out = PeopleOut(items=[MemberOut.of(one) for one in everybody], invitations=[InvitationOut.of(one) for one in links])
    if request.method != "GET":
        return answer(request, out, location=f"/projects/{project.id}/members")
    role = project.role_of(people.artist.id)
    return answer(
        request,
        out,
        "projects/members.html",
        project=project,
        people=everybody,
        links=links,
        role=role,
        here=people.artist.id,
        roles=ROLES,
        given=[one for one in ROLES if one != ProjectRole.OWNER],
    )


@router.get("/projects/{id}/members", response_model=PeopleOut)
def index(id: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """The people of a project."""
    return _told(request, People(session, artist, artist.projects.get(id)))


@router.patch("/projects/{id}/members/{person}", response_model=PeopleOut)
def change(
    id: UUID,
    person: UUID,
    request: Request,
    artist: CurrentArtist,
    session: Session,
    wanted: Annotated[Wanted, Depends(body(Wanted))],
) -> Response:
    """Let a member be something else in the project."""
    people = People(session, artist, artist.projects.get(id, to=Right.OWN))
    people.change(person, wanted.role)
    return _told(request, people)


@router.delete("/projects/{id}/members/{person}", response_model=PeopleOut)
@raises(ConflictError)
def remove(id: UUID, person: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """Take a member out of the project, or leave it oneself. What they made there stays, and is still theirs."""
    leaves = person == artist.id
    people = People(session, artist, artist.projects.get(id, to=Right.SEE if leaves else Right.OWN))
    people.remove(person)
    if leaves:
        return answer(request, PeopleOut(items=[], invitations=[]), location="/projects")
    return _told(request, people)


@router.patch("/projects/{id}/owner", response_model=PeopleOut)
@raises(InvalidError)
def hand_over(
    id: UUID, request: Request, artist: CurrentArtist, session: Session, new: Annotated[NewOwner, Depends(body(NewOwner))]
) -> Response:
    """Hand the project over to a member. Who was its owner stays as an editor."""
    people = People(session, artist, artist.projects.get(id, to=Right.OWN))
    people.hand_over(new.artist)
    return _told(request, people)


@router.post("/projects/{id}/invitations", status_code=201, response_model=LinkOut)
def invite(
    id: UUID, request: Request, artist: CurrentArtist, session: Session, wanted: Annotated[Wanted, Depends(body(Wanted))]
) -> Response:
    """A link that brings one person of this studio into the project."""
    _link, code = People(session, artist, artist.projects.get(id, to=Right.OWN)).invite(wanted.role)
    return told_link(request, "invitation", code, INVITED, back=f"/projects/{id}/members")


@router.delete("/projects/{id}/invitations/{link}", response_model=PeopleOut)
def revoke(id: UUID, link: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """Let a link be good no more."""
    people = People(session, artist, artist.projects.get(id, to=Right.OWN))
    people.revoke(link)
    return _told(request, people)


class Arrived(BaseModel):
    """Nothing is told before the code is."""


@router.get("/invitation", response_model=Arrived)
@raises(SignInError)
def arrive(request: Request) -> Response:
    """The page that a link leads to. Its code stands behind the #, which no server and no log is told of."""
    return answer(request, Arrived(), "accounts/invitation.html")


class JoinedOut(BaseModel):
    """The project that one is in now, and as what."""

    project: UUID
    name: str
    role: str


@router.post("/memberships", status_code=201, response_model=JoinedOut)
@raises(NotFoundError, SignInError)
def join(request: Request, artist: CurrentArtist, session: Session, given: Annotated[Code, Depends(body(Code))]) -> Response:
    """Come into a project by a link. The link is good no more."""
    project = redeem(session, given.code, artist)
    role = str(project.role_of(artist.id))
    out = JoinedOut(project=project.id, name=project.name, role=role)
    return answer(request, out, status=201, location=f"/projects/{project.id}")
