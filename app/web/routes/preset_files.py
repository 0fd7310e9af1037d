"""The presets of a project as a file, and presets out of one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile

from app.errors import ConflictError, InvalidError, raises
from app.requests.preset_files import MOST_BYTES, read, written
from app.web.admit import upload
from app.web.deps import CurrentArtist, OneTurn, Parts, TransactionsOf
from app.web.files import called
from app.web.pages import answer
from app.web.routes.interface import files
from app.web.routes.presets import PresetOut
from app.web.schemas import Listed

router = APIRouter(route_class=OneTurn, tags=["presets"])
JSON = "application/json"


@router.get("/projects/{id}/presets/file", **files(JSON))
def show(id: UUID, artist: CurrentArtist) -> Response:
    """A project's presets as one file, which any project takes in."""
    project = artist.projects.get(id)
    headers = {"Content-Disposition": called("presets", project.name, "presets.json"), "Cache-Control": "no-store"}
    return Response(written(artist.presets.of(id)), media_type=JSON, headers=headers)


@router.post("/projects/{id}/presets/imports", status_code=201, response_model=Listed[PresetOut])
@raises(ConflictError, InvalidError)
def take_in(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    file: Annotated[UploadFile, File(description="presets of Stemma, or a styles.csv of AUTOMATIC1111's")],
) -> Response:
    """Keep the presets of a file, those that are not here already: all of them or, where one cannot be read, none."""
    with transactions.reading() as (_session, artist):
        artist.projects.get(id)
    given = read(upload(file, min(MOST_BYTES, parts.settings.max_upload)).data.read())
    with transactions.writing() as (_session, artist):
        made = artist.presets.take_in(artist.projects.get(id), [one.columns for one in given])
        listed = lambda: Listed[PresetOut](items=[PresetOut.of(one) for one in made])  # noqa: E731 (for a program)
        return answer(request, listed, status=201, location=f"/projects/{id}/presets")
