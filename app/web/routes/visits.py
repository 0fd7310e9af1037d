"""Visits: what is seen by a share link, by whoever has one and without an account (studios with accounts alone).

A visitor has no artist and no scope: these routes alone answer them, each from what the link shows (app.models.share_link). The
code comes in a body and goes back as a cookie of this one visit, so that it stands in no address and no log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.bounded import LIMITS
from app.errors import DiskFullError, InvalidError, NotFoundError, ThrottledError, UnavailableError, _, raises
from app.gate import LINE, Offset
from app.lineage.excerpt import heads as heads_of
from app.models import attempt, passwords
from app.models.artist import Artist
from app.models.share_link import ShareLink
from app.models.sight import see_as
from app.models.visit import Visit, known, ticket
from app.models.work import Work
from app.storage.db import Database
from app.web.deps import OneTurn, Parts, Studio, body
from app.web.files import WRITTEN
from app.web.pages import Reader, answer, page, reader
from app.web.root import root_of
from app.web.routes.interface import files
from app.web.routes.revisions import KEPT, content_of
from app.web.routes.sessions import address_of, again, in_turn, secure
from app.web.views.visits import RevisionsOut, SeenRevision, SeenWork, VisitOut, WorksOut, recipe_of

router = APIRouter(route_class=OneTurn, tags=["visits"])
NOBODY = UUID(int=0)  # no artist has this id
LASTS = 60  # seconds that a visitor's browser keeps what it was shown
SEEN = 1024  # pixels of the larger side, of a picture that a visitor looks at


class Arriving(BaseModel):
    """What a visitor comes with: the code of their link, and its password where it has one."""

    code: Annotated[str, Field(min_length=1, max_length=100), LINE]
    password: str = Field("", max_length=passwords.MOST)


def _cookie(id: UUID) -> str:
    return f"stemma_visit_{id.hex}"


@contextmanager
def _visiting(request: Request, database: Database, id: UUID) -> Iterator[tuple[Session, Visit]]:
    """A session that follows no edge of a lineage, and what is seen in it. Raises NotFoundError."""
    with database.reading() as session:
        see_as(session, Artist(id=NOBODY))
        yield session, Visit(session, id, request.cookies.get(_cookie(id), ""))


@router.get("/visit", response_model=VisitOut)
def arrive(request: Request) -> Response:
    """The page that a share link leads to. Its code stands behind the #, which no server and no log is told of."""
    return answer(request, VisitOut(id=None, password=False), "visits/arrive.html", code="", password=False, problem="")


@router.post("/visits", status_code=201, response_model=VisitOut)
@raises(NotFoundError, ThrottledError, UnavailableError, DiskFullError)
async def begin(request: Request, parts: Parts, given: Annotated[Arriving, Depends(body(Arriving))]) -> Response:
    """Begin to look, by a link's code: this browser is known by a cookie of the visit from now on, until it is closed."""
    try:
        link, shown = await in_turn(partial(_looked, parts.database, request, given))
    except (NotFoundError, InvalidError, ThrottledError) as error:
        asked = not isinstance(error, NotFoundError)
        if asked and not given.password and reader(request) is not Reader.PROGRAM:  # no fault of theirs: nobody told them
            return page(request, "visits/arrive.html", code=given.code, password=True, problem="")
        return again(request, error, "visits/arrive.html", code=given.code, password=asked)
    come = answer(request, VisitOut(id=link, password=False), status=201, location=f"/visits/{link}")
    path = f"{root_of(request)}/visits/{link}"
    come.set_cookie(_cookie(link), shown, path=path, secure=secure(request), httponly=True, samesite="lax")
    return come


def _looked(database: Database, request: Request, given: Arriving) -> tuple[UUID, str]:
    """The link's id, and the ticket of a visitor who knows its password."""
    with database.reading() as session:
        link = known(session, given.code)
        id, kept, shown = link.id, link.password, ticket(link, given.code)
    if kept is None:
        return id, shown
    if not given.password:
        raise InvalidError("password", _("this link asks for a password"))
    key = attempt.key_of(f"the link {id}", address_of(request))
    with database.writing("visit") as session:
        attempt.begin(session, key)
    if not passwords.fits(kept, given.password):
        raise InvalidError("password", _("this is not the link's password"))
    with database.writing("visit") as session:
        attempt.forget(session, key)
    return id, shown


@router.get("/visits/{id}", response_model=WorksOut)
@raises(NotFoundError)
def show(id: UUID, request: Request, parts: Parts) -> Response:
    """What a link shows: of a project its works; of a work, or a revision, that work's revisions."""
    with _visiting(request, parts.database, id) as (session, visit):
        if visit.link.work is not None:
            return _shown_work(request, parts, session, visit, visit.link.work)
        works = visit.works()
        hung = [(work, next(iter(visit.revisions(work, 1)), None)) for work in works]
        out = WorksOut(title=visit.link.title, works=[SeenWork.of(work) for work in works])
        heads = heads_of(session, [revision.id for _each, revision in hung if revision])
        return _page(request, visit.link, out, "visits/project.html", hung=hung, heads=heads)


@router.get("/visits/{id}/works/{work}", response_model=RevisionsOut)
@raises(NotFoundError)
def show_work(id: UUID, work: UUID, request: Request, parts: Parts) -> Response:
    """What a link shows of one work."""
    with _visiting(request, parts.database, id) as (session, visit):
        return _shown_work(request, parts, session, visit, visit.work(work))


def _shown_work(request: Request, parts: Studio, session: Session, visit: Visit, work: Work) -> Response:
    found = visit.revisions(work)
    recipes = [recipe_of(one, parts.engines) if visit.link.recipes else None for one in found]
    out = RevisionsOut(
        title=work.title, revisions=[SeenRevision.of(one, told) for one, told in zip(found, recipes, strict=True)]
    )
    if len(found) == 1:
        return _page(request, visit.link, out, "visits/revision.html", work=work, revision=found[0], recipe=recipes[0])
    heads = heads_of(session, [one.id for one in found])
    return _page(request, visit.link, out, "visits/work.html", work=work, revisions=found, heads=heads)


@router.get("/visits/{id}/revisions/{revision}", response_model=SeenRevision)
@raises(NotFoundError)
def show_revision(id: UUID, revision: UUID, request: Request, parts: Parts) -> Response:
    """One revision that a link shows."""
    with _visiting(request, parts.database, id) as (_session, visit):
        found = visit.revision(revision)
        recipe = recipe_of(found, parts.engines) if visit.link.recipes else None
        out = SeenRevision.of(found, recipe)
        return _page(request, visit.link, out, "visits/revision.html", work=found.work, revision=found, recipe=recipe)


def _page(request: Request, link: ShareLink, out: BaseModel, template: str, **shown: Any) -> Response:
    return answer(request, out, template, link=link, at=f"{root_of(request)}/visits/{link.id}", **shown)


@router.get("/visits/{id}/revisions/{revision}/content", **files(*KEPT, *WRITTEN, "audio/mpeg", cached=True, ranged=True))
@raises(NotFoundError, *LIMITS)
def content(id: UUID, revision: UUID, request: Request, parts: Parts, w: Offset | None = None, sound: bool = False) -> Response:
    """The bytes of a revision that a link shows: a picture at most `w` pixels wide and high, a text, a tune's first bars (with
    `w`) or how it sounds. What is larger, and the file itself, are for links with downloads alone.
    """
    with _visiting(request, parts.database, id) as (_session, visit):
        found = visit.revision(revision)
        if w is None and not sound and not visit.link.downloads:
            raise NotFoundError(_("This link shows pictures of it, and gives no files."))
        given = content_of(request, parts, found, w, "mp3" if sound else None)
    given.headers["Cache-Control"] = f"private, max-age={LASTS}"
    return given
