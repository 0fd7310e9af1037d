"""Events: what happens to generations, as server-sent events (WHATWG HTML, 9.2).

A stream holds no thread and no connection of the database while it waits.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from app.errors import DiskFullError, UnavailableError, raises
from app.gate import LAST_SECOND
from app.models import Generation
from app.models.artist import Artist, local_artist
from app.storage.db import now
from app.web.deps import OneTurn, Parts, Studio
from app.web.live.word import Word
from app.web.pages import language_of
from app.web.routes.interface import files
from app.web.templates import render

router = APIRouter(route_class=OneTurn, tags=["events"])
log = logging.getLogger(__name__)
SINCE = timedelta(minutes=10)  # how far back a returning page may ask
SILENT = ": nothing new\n\n"  # a comment: who is gone without a word is found out by it, and proxies stay open
_drawers: RunVar[CapacityLimiter] = RunVar("drawers")
_drawn: dict[
    tuple[UUID, str, str], tuple[Word, asyncio.Task[str]]
] = {}  # the latest partials, for all who follow the same work
DRAWN = 64


def _message(word: Word, data: dict[str, Any]) -> str:
    return f"event: {word.name}\ndata: {json.dumps({'generation': str(word.generation), **data}, ensure_ascii=False)}\n\n"


def _stream(source: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(
        source, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


@router.get("/works/{id}/events", **files("text/event-stream"))
@raises(UnavailableError, DiskFullError)
async def of_work(
    id: UUID,
    request: Request,
    parts: Parts,
    since: Annotated[float | None, Query(ge=0, le=LAST_SECOND, allow_inf_nan=False, description="seconds since 1970")] = None,
) -> StreamingResponse:
    """Everything that happens to a work's generations, for a page: the present state first."""
    await run_in_threadpool(_asked, parts, lambda artist: artist.works.get(id).id)
    begin = datetime.fromtimestamp(since, UTC) if since else now()
    return _stream(_for_page(request, parts, id, max(begin, now() - SINCE)))


async def _for_page(request: Request, parts: Studio, work: UUID, since: datetime) -> AsyncIterator[str]:
    language = language_of(request)
    yield "retry: 1000\n\n"
    async with aclosing(parts.live.words(work=work, since=since)) as words:
        async for word in words:
            if word is None:
                yield SILENT
                continue
            data = dict(word.data)
            if word.name != "step":
                try:
                    data["html"] = await _partial(parts, word, language)
                except Exception:  # the database is away, say: the page comes back, and hears it then
                    log.warning("generation %s could not be drawn", word.generation, exc_info=True)
                    return
            yield _message(word, data)


async def _partial(parts: Studio, word: Word, language: str) -> str:
    """The run as a page shows it: drawn once for all who hear the same word, by a few threads that are no request's."""
    key = (word.generation, language, parts.settings.root)
    known, drawing = _drawn.get(key, (None, None))
    if drawing is None or known != word or drawing.get_loop() is not asyncio.get_running_loop():
        limiter = _drawers.get(None) or CapacityLimiter(2)
        _drawers.set(limiter)
        drawing = asyncio.ensure_future(run_sync(partial(_draw, parts, word.generation, language), limiter=limiter))
        _drawn.pop(key, None)
        _drawn[key] = (word, drawing)
        for old in list(_drawn)[:-DRAWN]:
            del _drawn[old]
    try:
        return await asyncio.shield(drawing)
    except Exception:
        _drawn.pop(key, None)  # whoever asks next tries again
        raise


def _draw(parts: Studio, id: UUID, language: str) -> str:
    """The stream only tells of works whose artist asked for it."""
    with parts.database.reading() as session:
        generation = session.get_one(Generation, id)
        return render(
            "generations/_generation.html", language, parts.settings.root, generation=generation, work=generation.work
        )


def _asked(parts: Studio, look: Any) -> Any:
    with parts.database.reading() as session:
        artist: Artist = local_artist(session)
        return look(artist)


@router.get("/generations/{id}/events", **files("text/event-stream"))
@raises(UnavailableError, DiskFullError)
async def of_generation(id: UUID, parts: Parts) -> StreamingResponse:
    """What happens to one generation, for a program: state, step, then done, failed or cancelled, and the end."""
    begin = await run_in_threadpool(_asked, parts, lambda artist: artist.generations.get(id).created_at)
    return _stream(_for_program(parts, id, begin - timedelta(seconds=1)))


async def _for_program(parts: Studio, id: UUID, since: datetime) -> AsyncIterator[str]:
    async with aclosing(parts.live.words(generation=id, since=since)) as words:
        async for word in words:
            yield SILENT if word is None else _message(word, {k: v for k, v in word.data.items() if k != "previews"})
            if word is not None and word.last:
                return
