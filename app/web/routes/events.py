"""Events: what happens to generations, as server-sent events (WHATWG HTML, 9.2).

A stream holds no thread and no connection of the database while it waits. It lasts as long as its reader may see what it
tells of: that is asked again every few seconds, and where the answer is no the stream says `gone` and ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from app.errors import DiskFullError, StemmaError, UnavailableError, raises
from app.gate import LAST_SECOND
from app.models.artist import Artist
from app.storage.db import now
from app.web.deps import OneTurn, Parts, Studio, Transactions, TransactionsOf
from app.web.live.word import Word
from app.web.pages import language_of
from app.web.routes.interface import files
from app.web.templates import render

router = APIRouter(route_class=OneTurn, tags=["events"])
log = logging.getLogger(__name__)
SINCE = timedelta(minutes=10)  # how far back a returning page may ask
ASKED_AGAIN = 5.0  # seconds after which a stream that speaks asks again whether its reader may hear; one that is silent, BEAT
GONE = "event: gone\ndata: {}\n\n"  # the last word to a reader who may hear no more
SILENT = ": nothing new\n\n"  # a comment: who is gone without a word is found out by it, and proxies stay open
_drawers: RunVar[CapacityLimiter] = RunVar("drawers")
# The latest partials, for all windows in which the same artist follows the same work.
_drawn: dict[tuple[UUID, UUID, str, str], tuple[Word, asyncio.Task[str]]] = {}
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
    transactions: TransactionsOf,
    since: Annotated[float | None, Query(ge=0, le=LAST_SECOND, allow_inf_nan=False, description="seconds since 1970")] = None,
) -> StreamingResponse:
    """Everything that happens to a work's generations, for a page: the present state first."""

    def may(artist: Artist) -> UUID:
        artist.works.get(id)
        return artist.id

    artist = await run_in_threadpool(_asked, transactions, may)
    begin = max(datetime.fromtimestamp(since, UTC) if since else now(), now() - SINCE)
    words = _while_seen(parts.live.words(work=id, since=begin), transactions, may)
    draw = partial(_partial, parts, transactions, artist, language=language_of(request))
    return _stream(_for_page(words, draw))


async def _while_seen(
    words: AsyncGenerator[Word | None], transactions: Transactions, may: Callable[[Artist], Any]
) -> AsyncGenerator[Word | str | None]:
    """`words`, for as long as whoever asked may hear them; then GONE. Ends without it when the database cannot tell."""
    last = time.monotonic()
    async with aclosing(words):
        async for word in words:
            if word is None or time.monotonic() - last > ASKED_AGAIN:
                try:
                    await run_in_threadpool(_asked, transactions, may)
                except (StemmaError, SQLAlchemyError) as error:
                    if _refused(error):
                        yield GONE
                    return
                last = time.monotonic()
            yield word


def _refused(error: Exception) -> bool:
    """True when `error` says that whoever asked may not see it, not that the studio cannot tell."""
    return isinstance(error, StemmaError) and error.status < HTTPStatus.INTERNAL_SERVER_ERROR


async def _for_page(
    words: AsyncGenerator[Word | str | None], draw: Callable[[Word], Coroutine[Any, Any, str]]
) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    async with aclosing(words):
        async for word in words:
            if not isinstance(word, Word):
                yield word or SILENT
                continue
            data = dict(word.data)
            if word.name != "step":
                try:
                    data["html"] = await draw(word)
                except Exception as error:  # the database is away, say: the page comes back, and hears it then
                    if _refused(error):
                        continue  # whether all of the stream may be heard no more is asked with the next word
                    log.warning("generation %s could not be drawn", word.generation, exc_info=True)
                    return
            yield _message(word, data)


async def _partial(parts: Studio, transactions: Transactions, artist: UUID, word: Word, language: str) -> str:
    """The run as a page shows it: drawn once for all windows of its reader, by a few threads that are no request's."""
    key = (artist, word.generation, language, parts.settings.root)
    known, drawing = _drawn.get(key, (None, None))
    if drawing is None or known != word or drawing.get_loop() is not asyncio.get_running_loop():
        limiter = _drawers.get(None) or CapacityLimiter(2)
        _drawers.set(limiter)
        draw = partial(_draw, parts, transactions, word.generation, language)
        drawing = asyncio.ensure_future(run_sync(draw, limiter=limiter))
        _drawn.pop(key, None)
        _drawn[key] = (word, drawing)
        for old in list(_drawn)[:-DRAWN]:
            del _drawn[old]
    try:
        return await asyncio.shield(drawing)
    except Exception:
        _drawn.pop(key, None)  # whoever asks next tries again
        raise


def _draw(parts: Studio, transactions: Transactions, id: UUID, language: str) -> str:
    with transactions.reading() as (_session, artist):
        generation = artist.generations.get(id)
        return render(
            "generations/_generation.html", language, parts.settings.root, generation=generation, work=generation.work
        )


def _asked(transactions: Transactions, look: Callable[[Artist], Any]) -> Any:
    with transactions.reading() as (_session, artist):
        return look(artist)


@router.get("/generations/{id}/events", **files("text/event-stream"))
@raises(UnavailableError, DiskFullError)
async def of_generation(id: UUID, parts: Parts, transactions: TransactionsOf) -> StreamingResponse:
    """What happens to one generation, for a program: state, step, then done, failed or cancelled, and the end."""

    def may(artist: Artist) -> datetime:
        return artist.generations.get(id).created_at

    begin = await run_in_threadpool(_asked, transactions, may) - timedelta(seconds=1)
    return _stream(_for_program(_while_seen(parts.live.words(generation=id, since=begin), transactions, may)))


async def _for_program(words: AsyncGenerator[Word | str | None]) -> AsyncIterator[str]:
    async with aclosing(words):
        async for word in words:
            if not isinstance(word, Word):
                yield word or SILENT
                continue
            yield _message(word, {k: v for k, v in word.data.items() if k != "previews"})
            if word.last:
                return
