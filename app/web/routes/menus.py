"""What can be done with a tile: a page of its own without script, with it a dialog on the wall."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.models import Project, Work
from app.models.membership import Right
from app.web.deps import CurrentArtist, OneTurn
from app.web.pages import answer
from app.web.schemas import ProjectOut, WorkOut

router = APIRouter(route_class=OneTurn, tags=["projects"])
PLACES = 200  # projects that a work can be moved to, the newest first


@router.get("/works/{id}/menu", response_model=WorkOut)
def of_work(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """The menu of a work: open, rename, move to another project, duplicate, trash."""
    work = artist.works.get(id)
    return answer(
        request,
        lambda: WorkOut.of(work),
        "menus/show.html",
        partial="menus/_work.html",
        shown=lambda: {"places": _places(artist, work)},
        kind="_work",
        thing=work,
        name=work.title,
    )


def _places(artist: CurrentArtist, work: Work) -> list[Project]:
    """The projects that the artist can move `work` to."""
    if not work.project.owned:
        return []
    return [one for one in artist.projects.page(limit=PLACES, to=Right.EDIT) if one.id != work.project_id]


@router.get("/projects/{id}/menu", response_model=ProjectOut)
def of_project(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """The menu of a project: open, rename, trash."""
    project = artist.projects.get(id)
    return answer(
        request,
        lambda: ProjectOut.of(project),
        "menus/show.html",
        partial="menus/_project.html",
        kind="_project",
        thing=project,
        name=project.name,
    )
