"""Archives: a whole project as one file, to be kept or taken into another studio (docs/project-archive.md)."""

from __future__ import annotations

import threading
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from app.archive.bringing import taken_in
from app.archive.faults import ArchiveError
from app.archive.writing import Archive
from app.bounded import LIMITS
from app.errors import BusyError, DiskFullError, UnavailableError, raises
from app.web.bodies import ARCHIVES
from app.web.deps import CurrentArtist, OneTurn, Parts, Session, TransactionsOf
from app.web.files import called
from app.web.pages import answer
from app.web.routes.interface import files
from app.web.schemas import ProjectOut

router = APIRouter(route_class=OneTurn, tags=["projects"])
ZIP = "application/zip"
ENDING = "stemma.zip"
_taking_in = threading.BoundedSemaphore(2)  # archives at once: each is read whole, and written into the store


def sent_whole(archive: Archive, disposition: str) -> Response:
    """An archive as an answer, which tells how long it is."""
    headers = {
        "Content-Length": str(archive.length),
        "Content-Disposition": disposition,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(archive.stream(), media_type=ZIP, headers=headers)


@router.get("/projects/{id}/archive", **files(ZIP))
@raises(DiskFullError, UnavailableError)
def show(id: UUID, artist: CurrentArtist, session: Session, parts: Parts) -> Response:
    """The whole project as a zip: works with lineage, bytes and briefs, lists, what was done, and one's own drafts.

    What is not in the project is not in it: of what a revision came from elsewhere, title, number and SHA-256 are told.
    """
    project = artist.projects.get(id)
    return sent_whole(Archive(session, parts.store, artist, [id]), called(f"stemma-{str(id)[-6:]}", project.name, ENDING))


@router.post(ARCHIVES, status_code=201, response_model=ProjectOut)
@raises(ArchiveError, DiskFullError, UnavailableError, *LIMITS)
def bring(
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    file: Annotated[UploadFile, File(description="an archive of a project, as a studio wrote it")],
    mine: Annotated[bool, Form(description="what was made by whoever downloaded it is the asker's own")] = False,
) -> Response:
    """Take in the archive of a project: checked whole before anything is kept, and then a project of one's own.

    Ids are new; lineage, bytes, briefs, picks, parameters and acts are what they were. Who made something elsewhere is named,
    as somebody who is not of this studio.
    """
    if not _taking_in.acquire(blocking=False):
        raise BusyError
    try:
        with taken_in(transactions.writing, parts.store, file.file, parts.settings.max_pixels, mine=mine) as (project, *_more):
            headers = {"Location": f"/projects/{project.id}"}
            return answer(request, lambda: ProjectOut.of(project), status=201, location=headers["Location"], headers=headers)
    finally:
        _taking_in.release()
