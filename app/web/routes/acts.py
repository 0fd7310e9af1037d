"""Acts: what was done in a project or a work, and whether its record is whole."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.models.act import Act, Place
from app.web.deps import CurrentArtist, OneTurn
from app.web.pages import answer
from app.web.schemas import Listed, paged
from app.web.views.acts import line_of

router = APIRouter(route_class=OneTurn, tags=["acts"])
PAGE = 60
Limit = Annotated[int, Query(ge=1, le=200)]


class ActOut(BaseModel):
    """Something that was done: `position` counts within the work (or, without one, the project), `digest` follows the one
    before it. `details` depend on the kind.
    """

    id: UUID
    at: datetime
    artist: UUID
    kind: str
    project: UUID
    work: UUID | None
    subject: UUID
    details: dict[str, Any]
    position: int
    digest: str = Field(description="SHA-256 over the digest before it and what it tells, in hexadecimal.")

    @classmethod
    def of(cls, act: Act) -> ActOut:
        """From its row."""
        plain = {name: getattr(act, name) for name in ("id", "at", "details", "position", "digest")}
        ids = {name: getattr(act, f"{name}_id") for name in ("artist", "project", "work", "subject")}
        return cls(kind=str(act.kind), **plain, **ids)


class RecordOut(BaseModel):
    """Whether the record of a work's acts is as it was written: `broken_at` is the first position that is not, or null."""

    whole: bool
    broken_at: int | None


@router.get("/projects/{id}/acts", response_model=Listed[ActOut])
def of_project(id: UUID, request: Request, artist: CurrentArtist, cursor: UUID | None = None, limit: Limit = PAGE) -> Response:
    """What was done in a project and in its works, the latest first."""
    project = artist.projects.get(id)
    return _told(request, artist, project.place, cursor, limit, name=project.name, home=f"/projects/{id}", works=True)


@router.get("/works/{id}/acts", response_model=Listed[ActOut])
def of_work(id: UUID, request: Request, artist: CurrentArtist, cursor: UUID | None = None, limit: Limit = PAGE) -> Response:
    """What was done with a work, the latest first."""
    work = artist.works.get(id)
    return _told(request, artist, work.place, cursor, limit, name=work.title, home=f"/works/{id}", works=False)


@router.get("/works/{id}/record")
def record_of(id: UUID, artist: CurrentArtist) -> RecordOut:
    """Whether the acts of a work are all there, in their order and unchanged: each carries a digest of the one before."""
    broken = artist.acts.first_break(artist.works.get(id).place)
    return RecordOut(whole=broken is None, broken_at=broken)


def _told(request: Request, artist: CurrentArtist, place: Place, cursor: UUID | None, limit: int, **page: Any) -> Response:
    found, more = paged(artist.acts.page(place, cursor, limit + 1), limit)
    return answer(
        request,
        lambda: Listed[ActOut](items=[ActOut.of(act) for act in found], next=more),
        "acts/index.html",
        shown=lambda: {"lines": [line_of(act) for act in found], "next": more} | page,
    )
