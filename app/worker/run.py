"""One generation, from its row to its revisions."""

from __future__ import annotations

import base64
import io
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from PIL import Image

from app.db import Database, now
from app.engines.engine import Content, Engine, Parent, Request, Step, Strength, Verb
from app.engines.image import svg
from app.errors import DiskFullError, EngineError, StemmaError, UnavailableError, _
from app.models import Asset, Generation, Revision, Status, Work
from app.models.asset import keep_asset
from app.models.revision import Origin, choose_cover, edges
from app.store import Store

log = logging.getLogger(__name__)
PNG = "image/png"
APART = 0.1  # seconds between two words of progress; a step that falls between is not told


class Lost(Exception):  # noqa: N818 (not an error: another worker has it, or the artist cancelled)
    """The generation is no longer this worker's."""


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
        return generation


def request_for(generation: Generation, engine: Engine, store: Store) -> Request:
    """What the engine is asked: the row's wishes with the parents' bytes."""
    parents = tuple(
        Parent(
            role=parent.role,
            data=store.get(parent.revision.asset.pixels) if parent.revision.asset else None,
            media_type=_media_type(parent.revision.asset),
            seed=parent.revision.seed,
            engine=parent.revision.engine,
            params=parent.revision.params,
        )
        for parent in generation.parents
    )
    strength = Strength(generation.strength) if generation.strength else None
    params = engine.Params.model_validate(generation.params)
    return Request(Verb(generation.verb), generation.brief, params, generation.seeds, parents, strength)


def _media_type(asset: Asset | None) -> str | None:
    return None if asset is None else PNG if asset.raster else asset.media_type


class Progress:
    """Tells the stream how far a run is. `write` is the queue's: it raises when the run is not ours any more."""

    def __init__(self, write: Callable[[dict[str, Any]], None], attempt: int) -> None:
        self.write, self.attempt = write, attempt
        self.started = self.told = 0.0
        self.previews: tuple[bytes | None, ...] = ()  # the newest, until they have been told

    def begin(self, count: int) -> None:
        """The first word: a worker has it."""
        self.started = time.monotonic()
        self._tell({"attempt": self.attempt, "step": 0, "steps": 0, "count": count, "at": time.time()})

    def step(self, step: Step) -> None:
        """Tell a step, unless the last word is too fresh; previews go along as data URLs."""
        moment = time.monotonic()
        self.previews = step.previews or self.previews
        if moment - self.told < APART and step.number < step.total:
            return
        self.told = moment
        left = (moment - self.started) / max(step.number, 1) * (step.total - step.number)
        previews, self.previews = [_data_url(preview) for preview in self.previews], ()
        word = {"attempt": self.attempt, "step": step.number, "steps": step.total, "left": round(left, 1), "at": time.time()}
        self._tell(word | ({"previews": previews} if previews else {}))

    def _tell(self, word: dict[str, Any]) -> None:
        try:
            self.write(word)
        except sa.exc.SQLAlchemyError as error:  # a full disk, say: a word that nobody hears is not worth the run
            log.warning("progress could not be told: %s", error)


def _data_url(preview: bytes | None) -> str | None:
    return f"data:image/webp;base64,{base64.b64encode(preview).decode()}" if preview else None


def perform(engine: Engine, request: Request, progress: Progress) -> list[Content]:
    """Run the engine, telling its steps; its contents. Closes the run when progress raises (cancelled, taken over)."""
    run = engine.run(request)
    contents: list[Content] = []
    try:
        for made in run:
            if isinstance(made, Step):
                progress.step(made)
            else:
                contents.append(made)
    finally:
        close = getattr(run, "close", None)
        if close:
            close()
    return contents


def describe(content: Content) -> Asset:
    """What is to be known of a made picture. Raises EngineError when it is none."""
    try:
        with Image.open(io.BytesIO(content.data)) as picture:
            picture.load()
            red, green, blue = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]  # an RGB pixel is three ints
            return Asset(
                media_type=content.media_type,
                bytes=len(content.data),
                width=picture.width,
                height=picture.height,
                colour=f"#{red:02x}{green:02x}{blue:02x}",
            )
    except (OSError, ValueError, SyntaxError) as error:
        raise EngineError(_("The engine made something that is not a picture.")) from error


def keep(store: Store, content: Content) -> list[Asset]:
    """Put what was made into the store; what is to be known of it: of a drawing (SVG) first its raster, last itself.

    Raises EngineError when it is neither a picture nor a drawing of ours; DiskFullError.
    """
    if content.raster is None:
        asset = describe(content)
        asset.sha256 = store.put(content.data)
        return [asset]
    if content.media_type != svg.MEDIA_TYPE or not svg.ours(content.data):
        raise EngineError(_("The engine made something that is not a picture."))
    (shown,) = keep(store, replace(content, data=content.raster, media_type=PNG, raster=None))
    drawing = Asset(
        sha256=store.put(content.data),
        media_type=content.media_type,
        bytes=len(content.data),
        width=content.width,
        height=content.height,
        colour=shown.colour,
        raster=shown.sha256,
    )
    return [shown, drawing]


def finish(database: Database, store: Store, generation: Generation, contents: Iterable[Content]) -> None:
    """Keep the contents, then record the revisions in one transaction, keyed by generation and index.

    Raises Lost when the generation was cancelled or taken over meanwhile; DiskFullError; EngineError.
    """
    kept = [(content, keep(store, content)) for content in contents]
    with database.writing() as session:
        row = session.get(Generation, generation.id, with_for_update=True)
        if row is None or row.status != Status.RUNNING or row.attempt != generation.attempt:
            raise Lost
        work = session.get_one(Work, row.work_id, with_for_update={"of": Work})  # not the project joined to it
        for (content, assets), number in zip(kept, work.numbers(len(kept)), strict=True):
            *_shown, asset = [keep_asset(session, asset) for asset in assets]
            session.add(_revision(row, content, asset, number))
        session.flush()
        if work.cover is None or not work.cover.picked:
            choose_cover(session, work)
        row.end(Status.DONE)


def _revision(generation: Generation, content: Content, asset: Asset, number: int) -> Revision:
    return Revision(
        work_id=generation.work_id,
        number=number,
        origin=Origin.ENGINE,
        verb=generation.verb,
        strength=generation.strength,
        brief_data=generation.brief_data,
        engine=generation.engine,
        params=generation.params,
        seed=content.seed,
        facts=dict(content.facts),
        asset=asset,
        generation_id=generation.id,
        index=content.index,
        created_by_id=generation.artist_id,
        parents=edges([(parent.revision_id, parent.role) for parent in generation.parents]),
    )


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
