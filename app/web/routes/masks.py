"""Masks: what of a picture is to change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from pydantic import BaseModel

from app.bounded import LIMITS
from app.errors import ConflictError, InvalidError, UnsupportedError, _, raises
from app.media.image.masks import admit_mask
from app.models import Artist, Asset, Mask, Revision
from app.models.asset import keep_asset
from app.requests.starts import DRAWING
from app.web.admit import Upload, upload
from app.web.deps import CurrentArtist, OneTurn, Parts, Studio, TransactionsOf
from app.web.files import FOR_EVER
from app.web.files import File as Sent
from app.web.pages import answer
from app.web.routes.interface import files

router = APIRouter(route_class=OneTurn, tags=["generations"])


class MaskOut(BaseModel):
    """A mask; `share` is how much of the picture it covers, 0 to 1."""

    id: UUID
    revision: UUID
    width: int
    height: int
    share: float
    created_at: datetime

    @classmethod
    def of(cls, mask: Mask) -> MaskOut:
        """From its row."""
        size = {"width": mask.asset.width, "height": mask.asset.height}
        return cls(id=mask.id, revision=mask.revision_id, share=mask.share, created_at=mask.created_at, **size)


@router.post("/works/{id}/masks", status_code=201, response_model=MaskOut)
@raises(ConflictError, UnsupportedError, *LIMITS)
def paint(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    file: Annotated[UploadFile, File(description="A PNG in 8-bit grey, as large as the picture: white is to change.")],
    revision: Annotated[UUID, Form(description="Whose picture it lies over.")],
) -> Response:
    """Keep a mask over a revision's picture, for `inpaint`. White is to change, black stays to the byte, grey in part."""
    with transactions.reading() as (_session, artist):
        picture = _picture(artist, id, revision).asset
        size = (picture.width or 0, picture.height or 0) if picture else (0, 0)
    asset, share = _kept(parts, upload(file, parts.settings.max_upload), *size)
    with transactions.writing() as (session, artist):
        mask = artist.masks.add(_picture(artist, id, revision), keep_asset(session, asset), share)
        headers = {"Location": f"/masks/{mask.id}/content"}
        return answer(request, lambda: MaskOut.of(mask), status=201, location=f"/works/{id}", headers=headers)


def _picture(artist: Artist, id: UUID, of: UUID) -> Revision:
    """The revision, which a mask can lie over. Raises NotFoundError, ConflictError, InvalidError."""
    work = artist.works.get(id)
    work.insist_on_place()
    revision = artist.revisions.get(of)
    if revision.work_id != work.id:
        raise InvalidError("revision", _("is of another work"))
    if revision.asset is None or not revision.asset.width:
        raise InvalidError("revision", _("This revision has no picture."))
    if revision.asset.media_type == DRAWING:
        raise InvalidError("revision", _("this is a drawing already; start from the picture it came from"))
    return revision


def _kept(parts: Studio, file: Upload, width: int, height: int) -> tuple[Asset, float]:
    """The mask's bytes in the store, their row unwritten, and its share. Raises what `admit_mask` does, DiskFullError."""
    to = parts.store.new_file()
    try:
        admitted = admit_mask(file.data, width, height, to)
        sha256 = parts.store.adopt(to)
    finally:
        to.unlink(missing_ok=True)
    grey = f"#{round(admitted.share * 255):02x}" + f"{round(admitted.share * 255):02x}" * 2
    asset = Asset(sha256=sha256, media_type="image/png", bytes=admitted.bytes, width=width, height=height, colour=grey)
    return asset, admitted.share


@router.get("/masks/{id}/content", **files("image/png"))
def content(id: UUID, artist: CurrentArtist, parts: Parts) -> Response:
    """The mask, a PNG in 8-bit grey, cacheable for ever."""
    asset = artist.masks.get(id).asset
    return Sent(parts.store.find(asset.sha256, asset.bytes), media_type="image/png", headers=FOR_EVER)
