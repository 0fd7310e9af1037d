"""The durable queue (DBOS): enqueue, cancel, progress.

A generation's row is the truth; the queue carries its id (which is the workflow's id, so enqueuing twice is once) and
the stream of its progress. The queue's tables are a file of their own beside the database, or schema `dbos` in
PostgreSQL.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from dbos._error import DBOSNonExistentWorkflowError, DBOSStreamTimeoutError
from sqlalchemy import event

from app.lanes import Lane
from app.settings import Settings
from app.storage.changes import QUEUE, Changes, announce

log = logging.getLogger(__name__)
APPLICATION = "stemma"
VERSION = "1"  # pinned: by default it is a hash of the source, and every upgrade would strand what waits
WORKFLOW = "generate"
PROGRESS = "progress"
HEARING = 2.0  # seconds that a request waits until the queue has heard of it
REMEMBERED = 200  # generations whose last word is kept at hand
OPEN = ["PENDING", "ENQUEUED", "DELAYED"]
NET = 10.0  # seconds between looks at a queue of which nobody said that something waits there
# The table is documented (docs.dbos.dev, "DBOS System Tables"); that both states are named lets SQLite use DBOS's index.
WAITING = "SELECT DISTINCT queue_name FROM workflow_status WHERE status IN ('ENQUEUED', 'PENDING') AND status = 'ENQUEUED'"


def queue_engine(settings: Settings) -> sa.Engine | None:
    """The queue's own SQLAlchemy engine on SQLite; None on PostgreSQL, where DBOS makes a good one itself.

    WAL lets the web read while the worker writes. NORMAL is enough: what a power cut may take back of the queue is
    found again from the generations' rows, which are written with FULL.
    """
    if not settings.sqlite:
        return None
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(settings.queue_url, connect_args={"timeout": 30}, pool_size=20, max_overflow=20)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"  # as DBOS does: two writers wait for one another instead of failing
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):  # with a run goes what it told
            connection.execute(f"PRAGMA {pragma}")

    return engine


def migrate_queue(settings: Settings) -> None:
    """Make or update the queue's tables and register the queues."""
    engine = queue_engine(settings)
    if engine is not None:
        with engine.connect():
            pass  # the first connection turns WAL on, for good
    DBOS.migrate(settings.queue_url)
    if engine is not None:
        _forget_what_was_left(engine)
    queue = Queue(settings)
    for lane in Lane:
        queue.client.register_queue(lane.queue, **registered(lane))
    queue.close()


def _forget_what_was_left(engine: sa.Engine) -> None:
    """Delete what the queue still holds of runs that it has forgotten: earlier versions left their words and previews there."""
    with engine.begin() as connection:
        left = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        for table in {row[0] for row in left}:
            rows = [(row[1],) for row in left if row[0] == table and row[1] is not None]
            connection.exec_driver_sql(f'DELETE FROM "{table}" WHERE rowid = ?', rows)  # noqa: S608 (a table that SQLite named)
    if left:
        log.info("%d entries of forgotten runs left the queue", len(left))


def registered(lane: Lane) -> dict[str, Any]:
    """What DBOS is told of a lane's queue: its workers are woken (app.worker.taking), and look by themselves only seldom."""
    return {"worker_concurrency": lane.at_once, "polling_interval_sec": NET, "on_conflict": "always_update"}


class Queue:
    """The web's side of the queue. Its client connects when it is first used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._client: DBOSClient | None = None
        self._engine: sa.Engine | None = None
        self._bell: sa.Engine | None = None
        self._lock = threading.Lock()
        self._changes = Changes(settings.queue_url)
        self._heard: dict[UUID, tuple[int, dict[str, Any]]] = {}  # by generation: entries read, and the last of them

    @property
    def client(self) -> DBOSClient:
        """The one client of this process."""
        with self._lock:
            if self._client is None:
                self._engine = queue_engine(self.settings)
                source: dict[str, Any] = (
                    {"system_database_engine": self._engine}
                    if self._engine is not None
                    else {"system_database_url": self.settings.queue_url}
                )
                self._client = DBOSClient(
                    **source,
                    application_name=APPLICATION,
                    serializer=DBOSPortableJSONSerializer(),
                    system_database_pool_size=20,
                    lazy=True,
                    retry_connection_errors=False,
                )
            return self._client

    def enqueue(self, id: UUID, priority: int) -> None:
        """Let a worker take the generation `id`, in the lane of its priority; lower ones first. Twice is once."""
        self.client.enqueue(
            {
                "workflow_name": WORKFLOW,
                "queue_name": Lane.of(priority).queue,
                "workflow_id": str(id),
                "priority": priority,
                "app_version": VERSION,
            },
            str(id),
        )
        self.ring()

    def ring(self) -> None:
        """Wake the workers: something waits, or one of them has room. A file of SQLite tells by itself that it changed, and a
        worker itself that it has room.
        """
        if self.settings.sqlite:
            return
        with self._lock:
            self._bell = self._bell or sa.create_engine(self.settings.queue_url, pool_size=1, pool_pre_ping=True)
        try:
            with self._bell.begin() as connection:
                announce(connection, QUEUE)
        except sa.exc.SQLAlchemyError as error:
            log.warning("the workers were not woken, and look by themselves within %.0f s: %s", NET, error)

    def cancel(self, id: UUID) -> None:
        """Take it out of the queue, or stop the run at its next sign of progress."""
        self.client.cancel_workflow(str(id))

    def promptly(self, do: Callable[[], None], what: str) -> None:
        """Do it, but wait for no more than HEARING: who asked is answered while the queue is locked or away.

        Nothing is raised; what did not reach the queue is told to it by the sweep (app.requests.outbox).
        """

        def attempt() -> None:
            try:
                do()
            except Exception:
                log.exception("the queue did not hear: %s", what)

        thread = threading.Thread(target=attempt, daemon=True)
        thread.start()
        thread.join(HEARING)

    def resume(self, id: str) -> None:
        """Give a dead worker's generation to the next worker; the old one is fenced off."""
        lane = self.client.retrieve_workflow(id).get_status().queue_name
        self.client.resume_workflow(id, queue_name=lane)
        self.ring()

    def known(self, ids: Iterable[UUID]) -> dict[UUID, str]:
        """The state the queue has each of `ids` in; those it never heard of are missing."""
        wanted = [str(id) for id in ids]
        if not wanted:
            return {}
        found = self.client.list_workflows(workflow_ids=wanted, load_input=False, load_output=False)
        return {UUID(w.workflow_id): w.status for w in found}

    def pending(self) -> list[tuple[str, str]]:
        """(workflow id, executor id) of everything that some worker took and has not ended."""
        found = self.client.list_workflows(status="PENDING", load_input=False, load_output=False)
        return [(w.workflow_id, w.executor_id or "") for w in found]

    def forget(self, ids: Iterable[UUID]) -> None:
        """Delete what the queue keeps of ended generations."""
        wanted = [str(id) for id in ids]
        if wanted:
            self.client.delete_workflows(wanted)

    def latest(self, id: UUID) -> dict[str, Any]:
        """The worker's last word about `id` so far; empty when there is none.

        What was read before is not read again: a long text has thousands of words.
        """
        offset, last = self._heard.get(id, (0, {}))
        words, _over = self.told(id, offset)
        if not words and offset:  # nothing new, or a stream that began anew
            offset, (words, _over) = 0, self.told(id)
        with self._lock:
            self._heard.pop(id, None)
            self._heard[id] = (offset + len(words), words[-1] if words else last)
            while len(self._heard) > REMEMBERED:
                self._heard.pop(next(iter(self._heard)))
        return words[-1] if words else last

    def told(self, id: UUID, offset: int = 0) -> tuple[list[dict[str, Any]], bool]:
        """What the worker has told so far, from entry `offset` on; and whether that is the end."""
        words: list[dict[str, Any]] = []
        try:
            words.extend(self.client.read_stream(str(id), PROGRESS, offset=offset, timeout_seconds=0))
        except (DBOSStreamTimeoutError, DBOSNonExistentWorkflowError):  # no more for now, or the queue did not hear of it yet
            return words, False
        return words, True

    async def progress(self, id: UUID, offset: int = 0) -> AsyncIterator[list[dict[str, Any]]]:
        """What the worker tells, from entry `offset` on, until the workflow ends: whatever is new, all at once."""
        over = False
        while not over:
            seen = self._changes.version()
            words, over = await asyncio.to_thread(self.told, id, offset)
            offset += len(words)
            if words:
                yield words
            if not over:
                await self._changes.after(seen, self.settings.poll)

    def close(self) -> None:
        """Give the connections back."""
        self._changes.close()
        if self._client is not None:
            self._client.destroy()
            self._client = None
        if self._engine is not None:  # DBOS leaves us an engine that it was given
            self._engine.dispose()
            self._engine = None
        if self._bell is not None:
            self._bell.dispose()
            self._bell = None
