"""Share links: the owner of a project makes and revokes the links by which others look at it (studios with accounts alone)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.errors import InvalidError, NotFoundError, _, raises
from app.models import passwords
from app.models.artist import Artist
from app.models.membership import Right
from app.models.project import Project
from app.models.revision import Revision
from app.models.share_link import ShareLink, ShareLinks, Terms
from app.models.work import Work
from app.web.deps import CurrentArtist, OneTurn, Session, Transactions, TransactionsOf, body
from app.web.pages import answer
from app.web.root import root_of
from app.web.schemas import Listed
from app.web.views.qr import qr

router = APIRouter(route_class=OneTurn, tags=["accounts"])
LEAST = 8  # characters of a link's password: it guards what is shown to many, beside a code that nobody guesses
LONGEST = 3650  # days
DAYS = {0: _("until you revoke it"), 1: _("one day"), 7: _("seven days"), 30: _("thirty days"), 365: _("a year")}


class ShareLinkOut(BaseModel):
    """A share link that is good; `shows` is project, work or revision. Its code is not told."""

    id: UUID
    shows: str
    work: UUID | None
    revision: UUID | None
    whole: bool
    recipes: bool
    downloads: bool
    password: bool
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, link: ShareLink) -> ShareLinkOut:
        """From its row."""
        return cls(
            id=link.id,
            shows=str(link.shows),
            work=link.work_id,
            revision=link.revision_id,
            whole=link.whole,
            recipes=link.recipes,
            downloads=link.downloads,
            password=link.password is not None,
            created_at=link.created_at,
            expires_at=link.expires_at,
        )


class WantedLink(BaseModel):
    """What visitors may do; `days` is for how long (0: until it is revoked), an empty `password` is none."""

    whole: bool = False
    recipes: bool = False
    downloads: bool = False
    password: str = Field("", max_length=passwords.MOST)
    days: int = Field(30, ge=0, le=LONGEST)


class NewShareLinkOut(BaseModel):
    """A share link with its code, which is told here and never again."""

    id: UUID
    link: str
    code: str


@router.get("/projects/{id}/share-links", response_model=Listed[ShareLinkOut])
def of_project(id: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """The share links into a project that are good, and a form for a new one."""
    return _page(request, artist, session, artist.projects.get(id, to=Right.OWN))


@router.get("/works/{id}/share-links", response_model=Listed[ShareLinkOut])
def of_work(id: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """The share links into a work's project, and a form for a new one to the work."""
    work = artist.works.get(id, to=Right.OWN)
    return _page(request, artist, session, work.project, work)


@router.get("/revisions/{id}/share-links", response_model=Listed[ShareLinkOut])
def of_revision(id: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """The share links into a revision's project, and a form for a new one to the revision."""
    revision = artist.revisions.get(id, to=Right.OWN)
    return _page(request, artist, session, revision.work.project, revision)


def _page(
    request: Request, artist: Artist, session: Session, project: Project, thing: Work | Revision | None = None
) -> Response:
    links = ShareLinks(session, artist, project).all()
    out = Listed[ShareLinkOut](items=[ShareLinkOut.of(link) for link in links])
    where = "projects" if thing is None else "works" if isinstance(thing, Work) else "revisions"
    at = f"/{where}/{(thing or project).id}/share-links"
    return answer(request, out, "share_links/index.html", project=project, thing=thing, at=at, links=links, days=DAYS)


@router.post("/projects/{id}/share-links", status_code=201, response_model=NewShareLinkOut)
@raises(InvalidError)
def share_project(
    id: UUID, request: Request, transactions: TransactionsOf, wanted: Annotated[WantedLink, Depends(body(WantedLink))]
) -> Response:
    """A link by which anybody sees the project's works."""
    return _shared(request, transactions, wanted, f"/projects/{id}", lambda artist: artist.projects.get(id, to=Right.OWN))


@router.post("/works/{id}/share-links", status_code=201, response_model=NewShareLinkOut)
@raises(InvalidError)
def share_work(
    id: UUID, request: Request, transactions: TransactionsOf, wanted: Annotated[WantedLink, Depends(body(WantedLink))]
) -> Response:
    """A link by which anybody sees the work."""
    return _shared(request, transactions, wanted, f"/works/{id}", lambda artist: artist.works.get(id, to=Right.OWN))


@router.post("/revisions/{id}/share-links", status_code=201, response_model=NewShareLinkOut)
@raises(InvalidError)
def share_revision(
    id: UUID, request: Request, transactions: TransactionsOf, wanted: Annotated[WantedLink, Depends(body(WantedLink))]
) -> Response:
    """A link by which anybody sees the revision."""
    return _shared(request, transactions, wanted, f"/revisions/{id}", lambda artist: artist.revisions.get(id, to=Right.OWN))


@router.delete("/share-links/{id}", response_model=Listed[ShareLinkOut])
@raises(NotFoundError)
def revoke(id: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """Let a share link be good no more: what its visitors ask for next is refused."""
    link = session.get(ShareLink, id)
    if link is None:
        raise NotFoundError
    project = artist.projects.get(link.project_id, to=Right.OWN)
    links = ShareLinks(session, artist, project)
    links.revoke(id)
    out = Listed[ShareLinkOut](items=[ShareLinkOut.of(one) for one in links.all()])
    return answer(request, out, location=f"/projects/{project.id}/share-links")


def _hashed(wanted: WantedLink) -> str | None:
    """The password as it is kept (made before the write: it takes a while). Raises InvalidError for one that is too short."""
    if not wanted.password:
        return None
    if len(wanted.password) < LEAST:
        raise InvalidError("password", _("at least %(least)d characters"), least=LEAST)
    return passwords.hashed(wanted.password)


def _shared(
    request: Request,
    transactions: Transactions,
    wanted: WantedLink,
    at: str,
    find: Callable[[Artist], Project | Work | Revision],
) -> Response:
    """A new link to what `find` gives the artist, which stands under the path `at`."""
    password = _hashed(wanted)
    terms = Terms(wanted.whole, wanted.recipes, wanted.downloads, password, wanted.days or None)
    with transactions.writing() as (session, artist):
        thing = find(artist)
        work = thing.work if isinstance(thing, Revision) else thing
        project = work.project if isinstance(work, Work) else work
        link, code = ShareLinks(session, artist, project).make(terms, None if isinstance(thing, Project) else thing)
        return _told(request, link, code, f"{at}/share-links")


def _told(request: Request, link: ShareLink, code: str, back: str) -> Response:
    """The link, told once, with a code to be photographed."""
    address = f"{request.url.scheme}://{request.url.netloc}{root_of(request)}/visit#{code}"
    out = NewShareLinkOut(id=link.id, link=address, code=code)
    return answer(request, out, "share_links/link.html", status=201, link=link, told=out, back=back, drawn=lambda: qr(address))
