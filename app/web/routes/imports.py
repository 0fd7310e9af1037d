"""Imports: an uploaded picture, text, tune or recording becomes a root of the lineage."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Request, Response, UploadFile
from pydantic import BaseModel, ConfigDict

from app.bounded import LIMITS
from app.errors import ConflictError, InvalidError, UnsupportedError, _, raises
from app.gate import Name
from app.lineage.tune_facts import facts_beside
from app.media.text.documents.encodings import again
from app.media.text.documents.reading import lines
from app.media.text.rules import unix_line_ends
from app.models import Artist, Work
from app.models.asset import keep_asset
from app.models.draft import draft_of
from app.web import admit
from app.web.deps import CurrentArtist, OneTurn, Parts, Session, TransactionsOf, body
from app.web.media import pages_of
from app.web.pages import answer, wants_html
from app.web.schemas import RevisionOut

router = APIRouter(route_class=OneTurn, tags=["imports"])
FILES = (
    "a picture: PNG, JPEG, WebP, GIF, AVIF, TIFF, BMP; a text: .txt, .md, .docx, .html; a tune: .abc, .musicxml, .mxl, .mid; "
    "a recording: .wav, .flac, .mp3, .ogg"
)


@router.post("/works/{id}/imports", status_code=201, response_model=RevisionOut)
@raises(ConflictError, UnsupportedError, *LIMITS)
def create(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    file: Annotated[UploadFile, File(description=FILES)],
) -> Response:
    """Upload a picture, a text, a tune or a recording, kept as a root that everything can be made from.

    A picture is decoded and encoded anew without metadata. A text is read as UTF-8, by its mark, or in the likeliest old
    encoding, which is told; its line ends become `\n`; Markdown stays source; a DOCX or a web page becomes Markdown
    where it has a structure; a file of Stemma's own becomes the text that it was made from. Of notes (ABC, MusicXML,
    MIDI) one tune is kept in ABC, further tunes of a book of ABC become works of their own beside it, and what was made
    simpler is told among its facts. A recording is decoded and encoded anew as FLAC.
    """
    with transactions.reading() as (_session, artist):
        pages = pages_of(_open_work(artist, id).medium)
    root = pages.admit(parts, admit.upload(file, parts.settings.max_upload))  # seconds, and nobody waits for it
    if root.told is not None:
        with transactions.reading() as (session, artist):
            for one in (root, *root.others):
                if one.told is not None:
                    one.facts.update(facts_beside(session, artist, artist.works.get(id), one.told))
    with transactions.writing() as (session, artist):
        work = _open_work(artist, id)
        asset = keep_asset(session, root.asset) if root.asset is not None else None
        revision = artist.revisions.add_import(work, asset, root.facts, root.text)
        for other in root.others:
            beside = artist.works.create(work.project, other.title or f"{work.title} {other.facts['at']}", work.medium)
            artist.revisions.add_import(beside, None, other.facts, other.text)
        if wants_html(request):  # an artist who brings a work wants to go on from it
            draft_of(session, work, artist, write=True).go_on_from(revision)
        headers = {"Location": f"/revisions/{revision.id}"}
        return answer(request, lambda: RevisionOut.of(revision), status=201, location=f"/works/{id}", headers=headers)


class Meant(BaseModel):
    """The encoding that the file of an imported text was in: one of those that its facts name in `encodings`."""

    model_config = ConfigDict(extra="ignore")
    revision: UUID
    encoding: Name


@router.post("/works/{id}/encodings", status_code=201, response_model=RevisionOut)
@raises(ConflictError)
def read_again(
    id: UUID, request: Request, artist: CurrentArtist, session: Session, meant: Annotated[Meant, Depends(body(Meant))]
) -> Response:
    """Read an imported text in another encoding than was guessed: a further root; the first one stays as it is."""
    work = _open_work(artist, id)
    first = artist.revisions.get(meant.revision)
    facts = first.facts
    if first.work_id != work.id:
        raise InvalidError("revision", _("is of another work"))
    text = again(first.text or "", facts.encoding or "", meant.encoding) if meant.encoding in facts.encodings else None
    if text is None or not facts.encoding:
        raise InvalidError("encoding", _("allowed here: %(kinds)s"), kinds=", ".join(facts.encodings) or "—")
    may_be = [facts.encoding, *(one for one in facts.encodings if one != meant.encoding)]
    told = {**first.facts_data, "encoding": meant.encoding, "encodings": may_be}
    revision = artist.revisions.add_import(work, None, told, unix_line_ends(lines(text)))
    if wants_html(request):
        draft_of(session, work, artist, write=True).go_on_from(revision)
    headers = {"Location": f"/revisions/{revision.id}"}
    return answer(request, lambda: RevisionOut.of(revision), status=201, location=f"/works/{id}", headers=headers)


def _open_work(artist: Artist, id: UUID) -> Work:
    """The work. Raises NotFoundError, and ConflictError for one in the trash."""
    work = artist.works.get(id)
    work.insist_on_place()
    return work
