"""Health: is the process there, can it work, what does it count."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.db import migrated
from app.models import Generation, Worker
from app.models.worker import workers
from app.observe import GENERATIONS, REGISTRY, WORKERS
from app.routes.deps import OneTurn, Parts

router = APIRouter(route_class=OneTurn, tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(parts: Parts) -> Response:
    """Database, migrations and store are there; workers are told of, but a studio without one is still ready."""
    checks: dict[str, str] = {}
    alive = 0
    try:
        checks["migrations"] = "ok" if migrated(parts.database.engine) else "pending: run `stemma migrate`"
        with parts.database.reading() as session:
            alive = sum(worker.alive for worker in workers(session))
        checks["database"] = "ok"
    except sa.exc.SQLAlchemyError as error:
        checks["database"] = type(error).__name__
    checks["store"] = "ok" if parts.store.writable() else "not writable"
    ready = all(said == "ok" for said in checks.values())
    return JSONResponse({"status": "ok" if ready else "unready", "checks": checks, "workers": alive}, 200 if ready else 503)


@router.get("/metrics")
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
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
