"""Archives: a whole project as one file, to be kept or taken into another studio (docs/project-archive.md)."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from app.archive.writing import Archive
from app.errors import DiskFullError, UnavailableError, raises
from app.web.deps import CurrentArtist, OneTurn, Parts, Session
from app.web.files import called
from app.web.routes.interface import files

router = APIRouter(route_class=OneTurn, tags=["projects"])
ZIP = "application/zip"


@router.get("/projects/{id}/archive", **files(ZIP))
@raises(DiskFullError, UnavailableError)
def show(id: UUID, artist: CurrentArtist, session: Session, parts: Parts) -> Response:
    """The whole project as a zip: works with lineage, bytes and briefs, lists, what was done, and one's own drafts.

    What is not in the project is not in it: of what a revision came from elsewhere, title, number and SHA-256 are told.
    """
    project = artist.projects.get(id)
    archive = Archive(session, parts.store, artist, [project])
    headers = {
        "Content-Length": str(archive.length),
        "Content-Disposition": called(f"stemma-{str(id)[-6:]}", project.name, "stemma.zip"),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(archive.stream(), media_type=ZIP, headers=headers)
