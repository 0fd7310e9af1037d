"""Health: is the process there, can it work, what does it count."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from app.errors import DiskFullError, UnavailableError, raises
from app.integrity.identity import explained, together
from app.models import Generation, Identity, Worker
from app.models.worker import workers
from app.storage.migrations import migrated
from app.storage.store.quarantine import DAMAGED, ORPHAN
from app.web.deps import OneTurn, Parts, somebody
from app.web.observe import GENERATIONS, ORPHANS, QUARANTINE, REGISTRY, STOPPED, STORED, WORKERS
from app.web.routes.interface import files

router = APIRouter(route_class=OneTurn, tags=["health"])


class Ready(BaseModel):
    """What was looked at: `ok`, or what is wrong with it; what somebody should look at; and how many workers live."""

    status: Literal["ok", "unready"]
    checks: dict[str, str]
    notes: dict[str, str]
    workers: int


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_model=Ready, responses={503: {"model": Ready, "description": "Something is not right"}})
def readyz(request: Request, parts: Parts) -> Response:
    """Database, migrations and store are there; workers are told of, but a studio without one is still ready."""
    checks: dict[str, str] = {}
    notes: dict[str, str] = {}  # what somebody should look at while all goes on
    alive = 0
    try:
        checks["migrations"] = "ok" if migrated(parts.database.engine) else "pending: run `stemma migrate`"
        with parts.database.reading() as session:
            alive = sum(worker.alive for worker in workers(session))
            checks["identity"] = "ok" if together(session, parts.store) else explained(parts.store)
            if stopped := (session.scalar(sa.select(Identity.sweep)) or {}).get("stopped"):
                notes["sweep"] = stopped
        checks["database"] = "ok"
    except (sa.exc.SQLAlchemyError, UnavailableError) as error:
        checks["database"] = type(error).__name__
    if damage := request.app.state.damage.found():
        checks["database"] = damage
    refusal = parts.store.refusal()
    checks["store"] = f"not writable: {refusal}" if refusal else "ok"
    ready = all(said == "ok" for said in checks.values())
    told = {"status": "ok" if ready else "unready", "checks": checks, "notes": notes, "workers": alive}
    return JSONResponse(told, 200 if ready else 503)


@router.get("/metrics", dependencies=[Depends(somebody)], **files("text/plain"))
@raises(UnavailableError, DiskFullError)
def metrics(parts: Parts) -> Response:
    """Counts for Prometheus."""
    with parts.database.reading() as session:
        GENERATIONS.clear()
        for status, count in session.execute(sa.select(Generation.status, sa.func.count()).group_by(Generation.status)):
            GENERATIONS.labels(str(status)).set(count)
        WORKERS.clear()
        living = [worker for worker in session.scalars(sa.select(Worker).where(Worker.state != "gone")) if worker.alive]
        for worker in living:
            WORKERS.labels(worker.state).inc()
        swept = session.scalar(sa.select(Identity.sweep)) or {}
    STORED.set(swept.get("files", 0))
    ORPHANS.set(swept.get("orphans", 0))
    STOPPED.set(bool(swept.get("stopped")))
    for reason in (ORPHAN, DAMAGED):
        QUARANTINE.labels(reason).set(sum(1 for _path in parts.store.quarantine.files(reason)))
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
