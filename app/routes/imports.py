"""Imports: an uploaded picture or text becomes a root of the lineage."""

from __future__ import annotations

from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile
from sqlalchemy.orm import Session as Orm

from app.brief import Medium
from app.documents.reading import read
from app.errors import ConflictError, InvalidError, TooLargeError, UnfitError, _
from app.models import Artist, Asset, Revision, Work
from app.models.asset import keep_asset
from app.models.draft import draft_of
from app.models.writing import LONGEST, written
from app.pages import answer, wants_html
from app.pictures import admit
from app.routes.deps import CurrentArtist, Parts, Session, Studio
from app.routes.schemas import RevisionOut

router = APIRouter(tags=["imports"])


@router.post("/works/{id}/imports", status_code=201)
def create(
    id: UUID,
    request: Request,
    artist: CurrentArtist,
    session: Session,
    parts: Parts,
    file: Annotated[UploadFile, File(description="a picture: PNG, JPEG, WebP, GIF, AVIF; a text: .txt, .md, .docx")],
) -> Response:
    """Upload a picture or a text, kept as a root that everything can be made from.

    A picture is decoded and encoded anew without metadata. A text is read as UTF-8, UTF-16 with its mark or GB 18030;
    its line ends become `\n`; Markdown stays source; of a DOCX the words stay.
    """
    work = artist.works.get(id)
    if work.trashed:
        raise ConflictError(_("This work is in the trash. Restore it first."))
    admit_ = {Medium.IMAGE: _picture, Medium.TEXT: _text}.get(work.medium)
    if admit_ is None:
        raise InvalidError("file", _("only works of pictures and of texts take files"))
    limit = parts.settings.max_upload
    data = file.file.read(limit + 1)
    if len(data) > limit:
        raise TooLargeError(limit=f"{limit // 2**20} MB")
    revision = admit_(session, artist, parts, work, Upload((file.filename or "")[:200], data))
    if wants_html(request):  # an artist who brings a work wants to go on from it
        draft_of(session, work, artist, write=True).go_on_from(revision)
    headers = {"Location": f"/revisions/{revision.id}"}
    return answer(request, lambda: RevisionOut.of(revision), status=201, location=f"/works/{id}", headers=headers)


class Upload(NamedTuple):
    """A file as it came."""

    name: str
    data: bytes


def _picture(session: Orm, artist: Artist, parts: Studio, work: Work, file: Upload) -> Revision:
    picture = admit(file.data, parts.settings.max_pixels)
    row = Asset(
        sha256=parts.store.put(picture.data),
        media_type="image/png",
        bytes=len(picture.data),
        width=picture.width,
        height=picture.height,
        colour=picture.colour,
    )
    facts = {"file": file.name, **({"recipe": picture.recipe} if picture.recipe else {})}
    return artist.revisions.add_import(work, keep_asset(session, row), facts)


def _text(_session: Orm, artist: Artist, _parts: Studio, work: Work, file: Upload) -> Revision:
    """Raises InvalidError for a text that is empty or holds what no text may, UnsupportedError, TooLargeError."""
    found = read(file.name, file.data, LONGEST)
    if len(found.text) > LONGEST + found.text.count("\r\n"):
        raise TooLargeError(_("A text has at most %(most)d characters."), most=LONGEST)
    try:
        text = written(found.text)
    except UnfitError as error:
        raise InvalidError("file", error.title, **error.details) from error
    if not text.strip():
        raise InvalidError("file", _("there is no text in this file"))
    facts = {"file": file.name, "format": found.kind, **({"encoding": found.encoding} if found.encoding else {})}
    return artist.revisions.add_import(work, None, facts, text)
