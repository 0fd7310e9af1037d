"""What the studio tells of itself: structured logs with a request id, and metrics for Prometheus."""

from __future__ import annotations

import json
import logging
import sys
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import Settings
from app.storage.db import HELD, WAITED, uuid7

request_id: ContextVar[str] = ContextVar("request_id", default="")
log = logging.getLogger("app.access")
LEFT = 499  # what is counted where the client was gone before there was an answer
_PLAIN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

REGISTRY = CollectorRegistry()
SECONDS = Histogram(
    "stemma_request_seconds",
    "Time to answer a request",
    ["method", "route"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
ANSWERS = Counter("stemma_answers_total", "Answers by status", ["status"], registry=REGISTRY)
GENERATIONS = Gauge("stemma_generations", "Generations by state", ["status"], registry=REGISTRY)
WORKERS = Gauge("stemma_workers", "Workers by state", ["state"], registry=REGISTRY)
for histogram in (HELD, WAITED):
    REGISTRY.register(histogram)
STORED = Gauge("stemma_store_files", "Files in the store when the sweep last looked", registry=REGISTRY)
ORPHANS = Gauge("stemma_store_orphans", "Files of these that no row of the database knows", registry=REGISTRY)
STOPPED = Gauge("stemma_sweep_stopped", "1 while the sweep moves nothing, because something is wrong", registry=REGISTRY)
QUARANTINE = Gauge("stemma_quarantine_files", "Files set aside, by reason", ["reason"], registry=REGISTRY)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request id, and what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            entry["request"] = request_id.get()
        entry |= {k: v for k, v in record.__dict__.items() if k not in _PLAIN}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def worth_telling(record: logging.LogRecord) -> bool:
    """False for the traceback that the queue's library prints whenever an artist cancels a run: that is no fault."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__name__ not in {"DBOSAwaitedWorkflowCancelledError", "DBOSWorkflowCancelledError"}


def set_up_logging(settings: Settings) -> None:
    """Log to standard error: text for a person at a terminal, JSON otherwise (or as the settings say)."""
    handler = logging.StreamHandler(sys.stderr)
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    handler.setFormatter(JsonFormatter() if as_json else logging.Formatter("%(asctime)s %(levelname)-7s %(name)s  %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for noisy in ("alembic", "httpx2", "dbos", "uvicorn.access", "PIL"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("dbos").addFilter(worth_telling)
    for own in ("uvicorn", "uvicorn.error"):  # through our handler, not beside it
        logging.getLogger(own).handlers.clear()
        logging.getLogger(own).propagate = True


class Observe:
    """ASGI middleware: a request id, the time each request took, and a line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        id, began, status = uuid7().hex[-12:], time.perf_counter(), LEFT
        token = request_id.set(id)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = id
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except BaseException:
            status = 500 if status == LEFT else status
            raise
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "other")
            ANSWERS.labels(status).inc()
            if not route.endswith("/events"):
                SECONDS.labels(scope["method"], route).observe(seconds)
            quiet = route in {"/healthz", "/readyz", "/metrics"} or scope["path"].startswith(
                f"{scope.get('root_path', '')}/static/"
            )
            level = logging.DEBUG if quiet and status < 400 else logging.INFO  # noqa: PLR2004 (a status)
            said = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(seconds * 1000, 1)}
            log.log(level, "%s %s %d", scope["method"], scope["path"], status, extra=said)
            request_id.reset(token)
