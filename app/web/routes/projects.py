"""Projects: folders of works; the wall of a project."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict

from app.brief import Medium
from app.errors import ConflictError, raises
from app.gate import Title, Words
from app.lineage.excerpt import covers
from app.models.membership import Right
from app.models.work import Work
from app.web.deps import CurrentArtist, OneTurn, Parts, Session, Studio, body
from app.web.done import Deed, Done
from app.web.pages import answer
from app.web.schemas import Listed, ProjectOut, WorkOut, paged

router = APIRouter(route_class=OneTurn, tags=["projects"])
PAGE = 60  # tiles that a page without script shows at once
MAX_AT = 10**9
EXAMPLE = "Example:"  # how the name of the project begins that a new studio opens on


class Named(BaseModel):
    """A project's name; `work` begins a first work in it at once, of pictures or of another `medium`."""

    model_config = ConfigDict(extra="ignore")
    name: Title
    work: Title | None = None
    medium: Medium = Medium.IMAGE


class NewWork(BaseModel):
    """A work to begin."""

    model_config = ConfigDict(extra="ignore")
    title: Title
    medium: Medium = Medium.IMAGE


def media(parts: Studio) -> list[str]:
    """The media that some engine here makes."""
    return [str(medium) for medium in Medium if any(e.medium == medium for e in parts.engines.values())]


def last_medium(artist: CurrentArtist) -> Medium:
    """What the artist's newest work is made of: the next one may well be, too."""
    newest: Work | None = next(iter(artist.works.page(artist.works.query(), None, 1)), None)
    return newest.medium if newest else Medium.IMAGE


@router.get("/", status_code=303, response_class=RedirectResponse)
def home() -> Response:
    """The studio opens on its projects."""
    return RedirectResponse("/projects", 303)


@router.get("/projects", response_model=Listed[ProjectOut])
def index(
    request: Request,
    artist: CurrentArtist,
    session: Session,
    parts: Parts,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
) -> Response:
    """The artist's projects, the newest first."""
    found, more = paged(artist.projects.page(cursor, limit + 1), limit)
    shown = [(project, artist.works.newest(project, 4)) for project in found]
    return answer(
        request,
        lambda: Listed[ProjectOut](items=[ProjectOut.of(one) for one in found], next=more),
        "projects/index.html",
        projects=shown,
        heads=covers(session, artist, (work for _, works in shown for work in works)),
        touched=artist.works.touched(found),
        next=more,
        media=media(parts),
        fresh=len(found) == 1 and more is None and cursor is None and found[0].name.startswith(EXAMPLE),
    )


@router.post("/projects", status_code=201, response_model=ProjectOut)
def create(request: Request, artist: CurrentArtist, named: Annotated[Named, Depends(body(Named))]) -> Response:
    """A new project."""
    project = artist.projects.create(named.name)
    location = f"/projects/{project.id}"
    bench = f"/works/{artist.works.create(project, named.work, named.medium).id}" if named.work else location
    return answer(request, lambda: ProjectOut.of(project), status=201, location=bench, headers={"Location": location})


@router.get("/projects/{id}", response_model=ProjectOut)
def show(
    id: UUID,
    request: Request,
    artist: CurrentArtist,
    session: Session,
    parts: Parts,
    q: Words = "",
    medium: Medium | None = None,
    at: Annotated[int, Query(ge=0, le=MAX_AT)] = 0,
) -> Response:
    """A project; in a browser the wall of its works."""
    project = artist.projects.get(id)

    def shown() -> dict[str, Any]:
        wall = _wall(artist, session, id, q, medium, at, PAGE)
        return wall | {"judged": judged(parts, session), "media": media(parts), "last": last_medium(artist)}

    return answer(request, lambda: ProjectOut.of(project), "projects/show.html", shown=shown, project=project)


def judged(parts: Studio, session: Session) -> bool:
    """True when pictures can be compared here."""
    return parts.index.present(session) is not None


def _wall(
    artist: CurrentArtist, session: Session, id: UUID, q: str, medium: Medium | None, at: int, limit: int
) -> dict[str, Any]:
    """`limit` works of a project from the `at`-th on, how those that are texts begin, and how many there are."""
    works = artist.works
    query = works.of(artist.projects.get(id), q=q, medium=medium)
    total = works.count(query)
    found: list[Work] = works.page(query, works.at(query, at), limit) if at < max(total, 1) else []
    return {
        "works": found,
        "heads": covers(session, artist, found),
        "total": total,
        "at": at,
        "limit": limit,
        "q": q,
        "medium": medium,
    }


@router.get("/projects/{id}/wall", response_model=Listed[WorkOut])
def wall(
    id: UUID,
    request: Request,
    artist: CurrentArtist,
    session: Session,
    parts: Parts,
    q: Words = "",
    medium: Medium | None = None,
    at: Annotated[int, Query(ge=0, le=MAX_AT)] = 0,
    limit: Annotated[int, Query(ge=1, le=300)] = PAGE,
) -> Response:
    """A piece of the wall, for the window that scrolls over it."""
    context = _wall(artist, session, id, q, medium, at, limit) | {"judged": judged(parts, session)}
    listed = Listed[WorkOut](items=[WorkOut.of(work) for work in context["works"]], next=None)
    return answer(request, listed, partial="projects/_tiles.html", location=f"/projects/{id}", **context)


@router.get("/projects/{id}/works")
def works_of(
    id: UUID,
    artist: CurrentArtist,
    cursor: UUID | None = None,
    q: Words = "",
    medium: Medium | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
) -> Listed[WorkOut]:
    """A project's works, the newest first; `q` looks in titles, briefs and texts."""
    query = artist.works.of(artist.projects.get(id), q=q, medium=medium)
    found, more = paged(artist.works.page(query, cursor, limit + 1), limit)
    return Listed[WorkOut](items=[WorkOut.of(work) for work in found], next=more)


@router.post("/projects/{id}/works", status_code=201, response_model=WorkOut)
@raises(ConflictError)
def begin(
    id: UUID, request: Request, artist: CurrentArtist, session: Session, given: Annotated[NewWork, Depends(body(NewWork))]
) -> Response:
    """Begin a work; a browser goes to its bench."""
    project = artist.projects.get(id)
    project.insist_on_place()
    work = artist.works.create(project, given.title, given.medium)
    session.flush()
    location = f"/works/{work.id}"
    return answer(request, lambda: WorkOut.of(work), status=201, location=location, headers={"Location": location})


@router.patch("/projects/{id}", response_model=ProjectOut)
def rename(id: UUID, request: Request, artist: CurrentArtist, named: Annotated[Named, Depends(body(Named))]) -> Response:
    """Give a project another name."""
    project = artist.projects.get(id, to=Right.OWN)
    before = project.name
    project.rename(named.name, artist)
    done = Done(Deed.PROJECT_RENAMED, id, named.name, before)
    return answer(request, lambda: ProjectOut.of(project), location=f"/projects/{id}", done=done)


@router.post("/projects/{id}/trash", status_code=201, response_model=ProjectOut)
def trash(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Put a project and all its works into the trash; nothing is deleted."""
    project = artist.projects.get(id, to=Right.OWN)
    project.trash(artist)
    done = Done(Deed.PROJECT_TRASHED, id, project.name)
    return answer(request, lambda: ProjectOut.of(project), status=201, location="/projects", done=done)


@router.delete("/projects/{id}/trash", response_model=ProjectOut)
def restore(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Take a project back from the trash, with its works."""
    project = artist.projects.get(id, to=Right.OWN)
    project.restore(artist)
    done = Done(Deed.PROJECT_RESTORED, id, project.name)
    return answer(request, lambda: ProjectOut.of(project), location=f"/projects/{id}", done=done)
