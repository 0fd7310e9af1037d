"""One generation, from its row to its revisions."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import sqlalchemy as sa

from app.engines.engine import Content, Step
from app.errors import DiskFullError, EngineError, StemmaError, UnavailableError, _
from app.lanes import Lane
from app.models import Generation, Status
from app.models.generation import OPEN
from app.storage.db import Database, now
from app.worker.progress import Progress

log = logging.getLogger(__name__)
Stepping = Callable[[Iterator[Step | Content]], Iterator[Step | Content]]


def begin(database: Database, id: UUID, worker: str, attempts: int) -> Generation | None:
    """Take the generation for this worker; None when there is nothing to do (ended, cancelled, given up)."""
    with database.writing() as session:
        generation = session.get(Generation, id, with_for_update=True)
        if generation is None or not generation.open:
            return None
        if generation.attempt >= attempts:
            said = _("A worker died %(attempts)d times on this request, so it was given up. Brief and seed are kept.")
            generation.fail("worker-died", said, attempts=generation.attempt)
            return None
        generation.attempt += 1
        generation.status, generation.worker_id = Status.RUNNING, worker
        generation.started_at = now()
        session.refresh(generation, ["parents", "mask"])  # with their revisions and assets: the session ends here
        for parent in generation.parents:
            session.refresh(parent.revision, ["work"])
        return generation


def waiting_for(database: Database, id: UUID) -> tuple[str, Lane] | None:
    """The engine and the lane that the generation `id` waits for; None when it is not open."""
    query = sa.select(Generation.engine, Generation.priority).where(Generation.id == id, Generation.status.in_(OPEN))
    with database.reading() as session:
        row = session.execute(query).first()
    return (row.engine, Lane.of(row.priority)) if row else None


def perform(run: Iterator[Step | Content], progress: Progress, stepping: Stepping = iter) -> list[Content]:
    """Make an engine's run, telling its steps; its contents. Closes the run when progress raises (cancelled, taken over).

    `stepping` goes through it, and may wait before each step.
    """
    contents: list[Content] = []
    try:
        for made in stepping(run):
            if isinstance(made, Step):
                progress.step(made)
            else:
                contents.append(made)
        progress.finish()
    finally:
        close = getattr(run, "close", None)
        if close:
            close()
    return contents


def fail(database: Database, generation: Generation, error: StemmaError) -> None:
    """End it with the reason, if it is still this attempt's."""
    with database.writing() as session:
        row = session.get(Generation, generation.id, with_for_update=True)
        if row is not None and row.status == Status.RUNNING and row.attempt == generation.attempt:
            row.fail(error.code, error.title, **error.details)


def unforeseen(error: Exception) -> StemmaError:
    """What a person reads of an error that nobody foresaw; what the database said (SQL, rows) stays in the log."""
    if isinstance(error, sa.exc.SQLAlchemyError):
        return UnavailableError(_("The database is busy or away. Nothing was changed; please try again in a moment."))
    return EngineError(reason=f"{type(error).__name__}: {str(error)[:500]}")


def release(database: Database, generation: Generation) -> None:
    """Give it back unharmed: the worker stops, and that is no fault of the request."""
    with database.writing() as session:
        row = session.get(Generation, generation.id, with_for_update=True)
        if row is not None and row.status == Status.RUNNING and row.attempt == generation.attempt:
            row.status, row.worker_id, row.attempt = Status.QUEUED, None, row.attempt - 1


def patiently(do: Callable[[], None], patience: float = 300.0, room: float = 300.0) -> None:
    """Do it; while the database is locked or away, wait and try again, for `patience` seconds at most.

    On a full disk for `room` seconds: it empties itself seldom, and the artist should hear of it.
    """
    began, pause = time.monotonic(), 0.2
    while True:
        try:
            do()
        except (sa.exc.OperationalError, sa.exc.TimeoutError, DiskFullError) as error:
            if time.monotonic() - began > (room if isinstance(error, DiskFullError) else patience):
                raise
            log.warning("a result waits to be stored: %s", error)
            time.sleep(pause)
            pause = min(pause * 2, 5.0)
        else:
            return
