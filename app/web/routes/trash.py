"""The trash: what was put away, with the way back."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.lineage.excerpt import covers
from app.web.deps import CurrentArtist, OneTurn, Session
from app.web.pages import answer
from app.web.schemas import ProjectOut, WorkOut, paged

router = APIRouter(route_class=OneTurn, tags=["trash"])
PAGE = 100


class Trash(BaseModel):
    """What lies in the trash; `next` pages through the works."""

    projects: list[ProjectOut]
    items: list[WorkOut]
    next: str | None


@router.get("/trash", response_model=Trash)
def index(request: Request, artist: CurrentArtist, session: Session, cursor: UUID | None = None) -> Response:
    """Trashed projects, and works trashed by themselves, the newest first. Nothing in it is deleted."""
    projects = artist.projects.page(trashed=True)
    works, more = paged(artist.works.trashed(cursor, PAGE + 1), PAGE)
    return answer(
        request,
        lambda: Trash(projects=[ProjectOut.of(p) for p in projects], items=[WorkOut.of(w) for w in works], next=more),
        "trash/index.html",
        projects=projects,
        works=works,
        heads=covers(session, artist, works),
        next=more,
    )
