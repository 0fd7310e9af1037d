"""Events: what happens to generations, as server-sent events (WHATWG HTML, 9.2)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session as OrmSession
from starlette.concurrency import run_in_threadpool

from app.db import now
from app.errors import DiskFullError, UnavailableError, raises
from app.live import Word
from app.models import Generation
from app.models.artist import local_artist
from app.pages import language_of, render
from app.routes.deps import OneTurn, Parts, Studio
from app.routes.interface import files

router = APIRouter(route_class=OneTurn, tags=["events"])
SINCE = timedelta(minutes=10)  # how far back a returning page may ask


def _message(word: Word, data: dict[str, Any]) -> str:
    return f"event: {word.name}\ndata: {json.dumps({'generation': str(word.generation), **data}, ensure_ascii=False)}\n\n"


def _stream(source: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(
        source, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


@router.get("/works/{id}/events", **files("text/event-stream"))
@raises(UnavailableError, DiskFullError)
async def of_work(
    id: UUID, request: Request, parts: Parts, since: Annotated[float | None, Query()] = None
) -> StreamingResponse:
    """Everything that happens to a work's generations, for a page: the present state first."""

    def check(session: OrmSession) -> None:
        local_artist(session).works.get(id)

    await run_in_threadpool(_with_session, parts, check)
    begin = datetime.fromtimestamp(since, UTC) if since else now()
    chosen = Generation.work_id == id
    return _stream(_for_page(request, parts, chosen, max(begin, now() - SINCE)))


async def _for_page(request: Request, parts: Studio, chosen: sa.ColumnElement[bool], since: datetime) -> AsyncIterator[str]:
    language = language_of(request)
    yield "retry: 1000\n\n"
    async for word in parts.live.words(chosen, since):
        data = dict(word.data)
        if word.name != "step":
            data["html"] = await run_in_threadpool(_partial, parts, word.generation, language)
        yield _message(word, data)


def _partial(parts: Studio, id: UUID, language: str) -> str:
    """The run as a page shows it; the stream only tells of works whose artist asked for it."""
    with parts.database.reading() as session:
        generation = session.get_one(Generation, id)
        return render("generations/_generation.html", language, generation=generation, work=generation.work)


def _with_session(parts: Studio, do: Any) -> Any:
    with parts.database.reading() as session:
        return do(session)


@router.get("/generations/{id}/events", **files("text/event-stream"))
@raises(UnavailableError, DiskFullError)
async def of_generation(id: UUID, parts: Parts) -> StreamingResponse:
    """What happens to one generation, for a program: state, step, then done, failed or cancelled, and the end."""

    def created(session: OrmSession) -> datetime:
        return local_artist(session).generations.get(id).created_at

    begin = await run_in_threadpool(_with_session, parts, created)
    return _stream(_for_program(parts, id, begin - timedelta(seconds=1)))


async def _for_program(parts: Studio, id: UUID, since: datetime) -> AsyncIterator[str]:
    async for word in parts.live.words(Generation.id == id, since):
        yield _message(word, {k: v for k, v in word.data.items() if k != "previews"})
        if word.last:
            return
