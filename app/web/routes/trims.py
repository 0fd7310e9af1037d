"""Trims: a part of a recording, kept as a revision by hand."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.bounded import LIMITS
from app.errors import ConflictError, raises
from app.gate import Second
from app.lineage.trim import add_trim, check_trimmable, cut_section
from app.models.draft import draft_of
from app.models.membership import Right
from app.web.deps import OneTurn, Parts, TransactionsOf, body
from app.web.pages import answer, wants_html
from app.web.schemas import RevisionOut

router = APIRouter(route_class=OneTurn, tags=["music"])


class Trim(BaseModel):
    """Which recording, and what of it is to stay."""

    model_config = ConfigDict(extra="ignore")
    revision: UUID
    start: Second = Field(description="Seconds.")
    end: Second = Field(description="Seconds; what lies from here on is left out.")


@router.post("/works/{id}/trims", status_code=201, response_model=RevisionOut)
@raises(ConflictError, *LIMITS)
def create(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    trim: Annotated[Trim, Depends(body(Trim))],
) -> Response:
    """Keep what sounds between two moments, to the sample; the recording stays, and is the parent."""
    with transactions.reading() as (_session, artist):
        work, revision = artist.works.get(id), artist.revisions.get(trim.revision, to=Right.SEE)
        check_trimmable(work, revision)
    part = cut_section(parts.store, revision, trim.start, trim.end)  # seconds, and nobody waits for it
    with transactions.writing() as (session, artist):
        work = artist.works.get(id)
        made = add_trim(session, artist, work, artist.revisions.get(trim.revision, to=Right.SEE), part)
        if wants_html(request):  # who cuts goes on with what is left
            draft_of(session, work, artist, write=True).go_on_from(made)
        headers = {"Location": f"/revisions/{made.id}"}
        return answer(request, lambda: RevisionOut.of(made), status=201, location=f"/works/{id}", headers=headers)
