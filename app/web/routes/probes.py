"""Probes: pictures brought along to search by."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile
from pydantic import BaseModel

from app.bounded import LIMITS
from app.errors import UnsupportedError, raises
from app.media.image.admit import look_at
from app.models import Probe
from app.web.admit import upload
from app.web.deps import CurrentArtist, OneTurn, Parts, TransactionsOf
from app.web.pages import answer
from app.web.routes.interface import files

router = APIRouter(route_class=OneTurn, prefix="/probes", tags=["search"])
SIDE = 512  # pixels that are kept; a judge sees fewer


class ProbeOut(BaseModel):
    """A picture to search by; `ready` once a worker has looked at it. It is forgotten after a day."""

    id: UUID
    ready: bool
    created_at: datetime

    @classmethod
    def of(cls, probe: Probe) -> ProbeOut:
        """From its row."""
        return cls(id=probe.id, ready=probe.vector is not None, created_at=probe.created_at)


@router.post("", status_code=201, response_model=ProbeOut)
@raises(UnsupportedError, *LIMITS)
def bring(
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    file: Annotated[UploadFile, File(description="PNG, JPEG, WebP, GIF, AVIF, TIFF or BMP")],
) -> Response:
    """Bring a picture to search by (`GET /search?probe=…`). It joins no work; a worker looks at it within a second."""
    data = upload(file, parts.settings.max_upload).data
    small = look_at(data, parts.settings.max_pixels, SIDE)  # seconds, and nobody waits for it
    with transactions.writing() as (_session, artist):
        probe = artist.probes.bring(small)
        location = f"/search?probe={probe.id}"
        return answer(request, lambda: ProbeOut.of(probe), status=201, location=location, headers={"Location": location})


@router.get("/{id}/content", **files("image/webp"))
def content(id: UUID, artist: CurrentArtist) -> Response:
    """The picture, small, as WebP."""
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(artist.probes.get(id).picture, media_type="image/webp", headers=headers)
