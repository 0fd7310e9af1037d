"""The engine room: engines, workers, the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, SkipValidation

from app.errors import NotFoundError, raises
from app.models.artist import Artist
from app.models.generation import OPEN, Generation, Status
from app.models.worker import Worker
from app.models.worker import workers as known_workers
from app.web.deps import CurrentArtist, OneTurn, Parts, Session, Studio
from app.web.pages import answer
from app.web.routes.works import engine_view
from app.web.schemas import Listed

router = APIRouter(route_class=OneTurn, tags=["engine room"])
Reason = Annotated[str | None, SkipValidation]  # as it was told, so that a page can say it in the reader's language
SHOWN = 40


class EngineOut(BaseModel):
    """An engine: what it can do, and whether it can do it here and now; of a workflow, what is filled in where."""

    name: str
    title: str
    medium: str
    verbs: list[str]
    params: dict[str, Any]
    licence: str
    ready: bool
    reason: Reason
    fills: dict[str, str]


class JudgeOut(BaseModel):
    """The studio's judge: whether its weights are there, and the version that judged last (null: none did yet)."""

    name: str
    title: str
    ready: bool
    reason: Reason
    version: str | None


class WorkerOut(BaseModel):
    """A worker; `state` is starting, idle, busy or lost; `generation` is what it makes, where that is yours to see."""

    id: str
    name: str
    device: str
    state: str
    generation: UUID | None
    facts: dict[str, Any]
    seen_at: datetime


def engines_out(parts: Studio) -> list[EngineOut]:
    """The catalogue as programs read it."""
    out = []
    for engine in parts.engines.values():
        view = engine_view(engine)
        shared = {name: view[name] for name in ("name", "title", "medium", "verbs", "licence")}
        state = {"ready": view["unready"] is None, "reason": view["unready"], "fills": dict(engine.fills)}
        out.append(EngineOut(**shared, params=view["schema"], **state))
    return out


def judge_out(parts: Studio, session: Session) -> JudgeOut | None:
    """The judge as programs read it; None where it is switched off."""
    judge, present = parts.index.judge, parts.index.present(session)
    if judge is None:
        return None
    reason, version = judge.unready(), present.version if present else None
    return JudgeOut(name=judge.name, title=judge.title, ready=reason is None, reason=reason, version=version)


def workers_out(artist: Artist, session: Session) -> list[WorkerOut]:
    """The workers as `artist` may know them: what one makes for somebody else is not told."""
    found = known_workers(session)
    making = [worker.generation_id for worker in found if worker.generation_id]
    theirs = artist.generations.query().where(Generation.id.in_(making)).with_only_columns(Generation.id)
    seen = set(session.scalars(theirs))
    return [worker_out(worker, worker.generation_id if worker.generation_id in seen else None) for worker in found]


def worker_out(worker: Worker, generation: UUID | None) -> WorkerOut:
    """A worker's row, with the generation that is told of it; one that was not heard of lately is lost."""
    return WorkerOut(
        id=worker.id,
        name=worker.name,
        device=worker.device,
        state=worker.state if worker.alive else "lost",
        generation=generation,
        facts=worker.facts,
        seen_at=worker.seen_at,
    )


@router.get("/engines", response_model=Listed[EngineOut])
def engines(request: Request, parts: Parts) -> Response:
    """The engines of this studio."""
    return answer(request, lambda: Listed[EngineOut](items=engines_out(parts)), location="/engine-room")


@router.get("/judge", response_model=JudgeOut)
@raises(NotFoundError)
def judge(request: Request, session: Session, parts: Parts) -> Response:
    """The judge of this studio. 404 where it is switched off."""
    if (out := judge_out(parts, session)) is None:
        raise NotFoundError
    return answer(request, out, location="/engine-room")


@router.get("/workers", response_model=Listed[WorkerOut])
def workers(request: Request, artist: CurrentArtist, session: Session) -> Response:
    """The workers that live, and those lost lately."""
    return answer(request, lambda: Listed[WorkerOut](items=workers_out(artist, session)), location="/engine-room")


@router.get("/engine-room", response_model=Listed[WorkerOut])
def room(request: Request, artist: CurrentArtist, session: Session, parts: Parts) -> Response:
    """What runs, what waits, who works."""
    going = artist.generations.page(status=[str(s) for s in OPEN], limit=SHOWN)
    ended = artist.generations.page(status=[Status.DONE, Status.FAILED, Status.CANCELLED], limit=12)
    found = workers_out(artist, session)
    return answer(
        request,
        lambda: Listed[WorkerOut](items=found),
        "engine_room/show.html",
        partial="engine_room/_room.html",
        going=[(one, parts.queue.latest(one.id) if one.status == Status.RUNNING else {}) for one in reversed(going)],
        ended=ended,
        waiting=artist.generations.waiting(),
        workers=found,
        engines=engines_out(parts),
        judge=judge_out(parts, session),
    )
