"""One generation, from its row to its revisions."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container, Iterator
from uuid import UUID

import sqlalchemy as sa

from app.engines.engine import Content, Engine, Parent, Part, Request, Step, Strength, Verb
from app.engines.music.tunes import ABC
from app.errors import DiskFullError, EngineError, StemmaError, UnavailableError, _
from app.media.text.prosody.asked import form_of
from app.models import Asset, Generation, GenerationParent, Medium, Role, Status
from app.models.generation import OPEN
from app.storage.db import Database, now
from app.storage.store import Store
from app.worker.progress import Progress
from app.worker.save_results import PNG, TEXT

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
        session.refresh(generation, ["parents"])  # with their revisions and assets: the session ends here
        for parent in generation.parents:
            session.refresh(parent.revision, ["work"])
        return generation


def waiting_for(database: Database, id: UUID) -> str | None:
    """The engine that the open generation `id` waits for."""
    query = sa.select(Generation.engine).where(Generation.id == id, Generation.status.in_(OPEN))
    with database.reading() as session:
        return session.scalar(query)


def request_for(generation: Generation, engine: Engine, store: Store, stopped: Container[int] = ()) -> Request:
    """What the engine is asked: the row's wishes with the parents' bytes."""
    place = generation.place or {}
    return Request(
        Verb(generation.verb),
        generation.brief,
        engine.Params.model_validate(generation.params),
        generation.seeds,
        tuple(_parent(parent, store) for parent in generation.parents),
        Strength(generation.strength) if generation.strength else None,
        selection=tuple(place["selection"]) if place.get("selection") else None,
        at=place.get("at"),
        choice=place.get("choice") or "",
        instruction=place.get("instruction") or "",
        leave_out=frozenset(Part(part) for part in place.get("leave_out") or ()),
        form=form_of(generation.form) if generation.form else None,
        bars=tuple(place["bars"]) if place.get("bars") else None,
        semitones=place.get("semitones"),
        section=tuple(place["section"]) if place.get("section") else None,
        stopped=stopped,
    )


def _parent(parent: GenerationParent, store: Store) -> Parent:
    revision = parent.revision
    data = store.get(revision.asset.pixels) if revision.asset else None
    media_type = _media_type(revision.asset)
    if revision.text is not None:
        data, media_type = revision.text.encode(), ABC if revision.work.medium == Medium.MUSIC else TEXT
    words = revision.brief.prompt().positive
    if not words and parent.role == Role.INSPIRE:
        words = revision.work.title
    return Parent(parent.role, data, media_type, revision.seed, revision.engine, revision.params, words)


def _media_type(asset: Asset | None) -> str | None:
    return None if asset is None else PNG if asset.raster else asset.media_type


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
