"""Imports: an uploaded picture becomes a root of the lineage."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile

from app.errors import ConflictError, InvalidError, TooLargeError, _
from app.models import Asset
from app.models.asset import keep_asset
from app.models.draft import draft_of
from app.pages import answer, wants_html
from app.pictures import admit
from app.routes.deps import CurrentArtist, Parts, Session
from app.routes.schemas import RevisionOut

router = APIRouter(tags=["imports"])


@router.post("/works/{id}/imports", status_code=201)
def create(
    id: UUID,
    request: Request,
    artist: CurrentArtist,
    session: Session,
    parts: Parts,
    file: Annotated[UploadFile, File(description="PNG, JPEG, WebP, GIF or AVIF")],
) -> Response:
    """Upload a picture: decoded, encoded anew without metadata, and kept as a root that can be varied and refined."""
    work = artist.works.get(id)
    if work.trashed:
        raise ConflictError(_("This work is in the trash. Restore it first."))
    if work.medium != "image":
        raise InvalidError("file", _("only a work of pictures takes pictures"))
    limit = parts.settings.max_upload
    data = file.file.read(limit + 1)
    if len(data) > limit:
        raise TooLargeError(limit=f"{limit // 2**20} MB")
    picture = admit(data, parts.settings.max_pixels)
    row = Asset(
        sha256=parts.store.put(picture.data),
        media_type="image/png",
        bytes=len(picture.data),
        width=picture.width,
        height=picture.height,
        colour=picture.colour,
    )
    facts = {"file": (file.filename or "")[:200], **({"recipe": picture.recipe} if picture.recipe else {})}
    revision = artist.revisions.add_import(work, keep_asset(session, row), facts)
    if wants_html(request):  # an artist who brings a picture wants to go on from it
        draft_of(session, work, artist, write=True).go_on_from(revision)
    headers = {"Location": f"/revisions/{revision.id}"}
    return answer(request, lambda: RevisionOut.of(revision), status=201, location=f"/works/{id}", headers=headers)
