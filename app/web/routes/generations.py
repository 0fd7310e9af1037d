"""Generations: asked for, looked at, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from app.bounded import LIMITS
from app.brief import Brief
from app.engines.catalog import able
from app.engines.engine import Engine
from app.errors import ConflictError, EngineError, InvalidError, NotFoundError, QueueFullError, _, raises
from app.gate import Words
from app.models.generation import Generation, Status
from app.requests.build import RequestBuilder
from app.requests.engine_choice import Best
from app.requests.request import GenerationRequest
from app.web.deps import CurrentArtist, OneTurn, Parts, Studio, TransactionsOf, body
from app.web.pages import answer
from app.web.schemas import GenerationOut, Listed, paged
from app.web.token_budget import OverlongError, refuse_overlong

router = APIRouter(route_class=OneTurn, tags=["generations"])


def _pick_engine(parts: Studio) -> Best:
    """The best ready engine; when none is ready, one that could do it once it is: the request is kept."""

    def pick(medium: str, verb: str, brief: Brief, texts: Sequence[str] = (), kinds: Sequence[str] = (), /) -> Engine:
        if not any(engine.medium == medium for engine in parts.engines.values()):
            raise InvalidError("engine", _("this studio has no engine for %(medium)s yet"), medium=medium)
        willing = able(parts.engines, medium, verb, brief, texts, kinds)  # raises what each of them lacks when there is none
        return next((engine for engine in willing if engine.unready() is None), willing[0])

    return pick


def generation_out(
    generation: Generation, parts: Studio, order: str = "made", word: dict[str, Any] | None = None
) -> GenerationOut:
    """The generation with how far it is; its variants as they were made, or those first that fit the brief best.

    `word` is the queue's last of it, where somebody has asked for that already.
    """
    if word is None:
        word = parts.queue.latest(generation.id) if generation.status == Status.RUNNING else {}
    steps = (word.get("step"), word.get("steps"))
    if generation.status == Status.DONE and generation.variants:
        taken = generation.variants[0].facts.steps_taken
        steps = (generation.params.get("steps") if taken is None else taken,) * 2
    out = GenerationOut.of(generation, *(step if isinstance(step, int) else None for step in steps))
    if order == "fit":
        places = [variant.id for variant in generation.best_first]
        out.variants.sort(key=lambda variant: places.index(variant.id))
    return out


@router.post("/works/{id}/generations", status_code=202, response_model=GenerationOut)
@raises(ConflictError, QueueFullError, OverlongError, EngineError, *LIMITS)
def ask(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    asked: Annotated[GenerationRequest, Depends(body(GenerationRequest))],
    idempotency_key: Annotated[Words | None, Header()] = None,
) -> Response:
    """Ask an engine for variants. 202: it is kept, and waits for a worker; the same Idempotency-Key is the same request.

    422 with code `overlong` when a text's engine cannot read all of it: `tokens`, the `most` it reads, and the `parts` that
    can be left out (`leave_out`), each with how many tokens fewer are read then.
    """
    how: dict[str, Any] = {"key": idempotency_key, "limit": parts.settings.queue_limit}
    with transactions.reading() as (session, artist):
        wish = RequestBuilder(session, artist, artist.works.get(id), parts.engines, _pick_engine(parts)).wish(asked, **how)
        if wish is not None:
            refuse_overlong(parts.engines[wish.engine], wish)
    with transactions.writing() as (session, artist):
        asking = RequestBuilder(session, artist, artist.works.get(id), parts.engines, _pick_engine(parts))
        generation = asking.keep(asked, wish, **how)
        made = _accepted(request, parts, generation, headers={"Location": f"/generations/{generation.id}"})
        row, priority = generation.id, generation.priority
    # Accepted from here on: if the queue cannot hear it now, the sweep tells it later.
    parts.queue.promptly(lambda: parts.queue.enqueue(row, priority), f"generation {row} waits")
    parts.live.poke()
    return made


def _accepted(request: Request, parts: Studio, generation: Generation, headers: dict[str, str] | None = None) -> Response:
    return answer(
        request,
        lambda: generation_out(generation, parts),
        partial="generations/_generation.html",
        status=202,
        location=f"/works/{generation.work_id}",
        headers=headers,
        generation=generation,
        work=generation.work,
    )


@router.get("/generations")
@raises(NotFoundError)
def index(
    artist: CurrentArtist,
    parts: Parts,
    status: Annotated[list[Status] | None, Query(max_length=len(Status))] = None,
    work: UUID | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Listed[GenerationOut]:
    """The generations you may see, the newest first."""
    within = artist.works.get(work) if work else None
    wanted = artist.generations.page(work=within, status=[str(s) for s in status or ()], cursor=cursor, limit=limit + 1)
    found, more = paged(wanted, limit)
    return Listed[GenerationOut](items=[generation_out(one, parts) for one in found], next=more)


@router.get("/works/{id}/generations", response_model=Listed[GenerationOut])
def of_work(
    id: UUID,
    request: Request,
    artist: CurrentArtist,
    parts: Parts,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 12,
) -> Response:
    """A work's generations, the newest first; htmx gets them as runs to put below those it has."""
    work = artist.works.get(id)
    found, more = paged(artist.generations.page(work=work, cursor=cursor, limit=limit + 1), limit)
    return answer(
        request,
        lambda: Listed[GenerationOut](items=[generation_out(one, parts) for one in found], next=more),
        partial="generations/_list.html",
        location=f"/works/{id}",
        generations=found,
        more=more,
        work=work,
    )


@router.get("/generations/{id}", response_model=GenerationOut)
def show(
    id: UUID,
    request: Request,
    artist: CurrentArtist,
    parts: Parts,
    order: Annotated[Literal["made", "fit"], Query(description="of the variants: as made, or best fit first")] = "made",
) -> Response:
    """A generation, how far it is, and its variants."""
    generation = artist.generations.get(id)
    return answer(
        request,
        lambda: generation_out(generation, parts, order),
        partial="generations/_generation.html",
        location=f"/works/{generation.work_id}",
        order=order,
        generation=generation,
        work=generation.work,
    )


@router.post("/generations/{id}/cancellation", status_code=202, response_model=GenerationOut)
@raises(ConflictError)
def cancel(id: UUID, request: Request, transactions: TransactionsOf, parts: Parts) -> Response:
    """Stop a generation; 409 when it has ended already. What was made before stays."""
    with transactions.writing() as (_session, artist):
        generation = artist.generations.get(id)
        generation.cancel(artist)
        made = _accepted(request, parts, generation)
    parts.queue.promptly(lambda: parts.queue.cancel(id), f"generation {id} is cancelled")
    parts.live.poke()
    return made
