"""The sweep: dead workers' generations go to the living, leavings are cleared, nothing accepted is forgotten."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import sqlalchemy as sa

from app.db import Database, now
from app.models import Asset, Worker
from app.models.generation import OPEN, Generation
from app.outbox import PRESENCE, reconcile
from app.queue import Queue
from app.store import Store
from app.worker.liveness import Liveness

log = logging.getLogger(__name__)
SWEEPER = "sweeper"
ORPHAN_AGE = 3600.0  # seconds; a younger file may belong to a transaction that is about to commit
TIDY_EVERY = 600.0  # seconds


class Sweep:
    """One pass at a time, by one worker at a time."""

    def __init__(self, me: str, database: Database, queue: Queue, store: Store, liveness: Liveness) -> None:
        self.me, self.database, self.queue, self.store, self.liveness = me, database, queue, store, liveness
        self.leads = False  # whether this worker sweeps for all
        self._tidied = 0.0

    def once(self) -> None:
        """A whole pass. Safe in every worker at once: DBOS fences the old owner, and enqueuing twice is once."""
        self.liveness.hold(self.me)
        self.leads = self.liveness.hold(SWEEPER)
        if not self.leads:
            return
        self.take_over()
        reconcile(self.database, self.queue)
        if time.monotonic() - self._tidied > TIDY_EVERY:
            self._tidied = time.monotonic()
            self.forget_ended()
            self.discard_orphans()

    def take_over(self) -> list[str]:
        """Give dead workers' generations to whoever is free, and clear what they were writing."""
        resumed, verdicts = [], {self.me: False}
        for workflow, executor in self.queue.pending():
            if executor not in verdicts:
                verdicts[executor] = self.liveness.dead(executor)
            if verdicts[executor]:
                log.warning("worker %s died; generation %s goes back to the queue", executor, workflow)
                self.queue.resume(workflow)
                resumed.append(workflow)
        with self.database.writing() as session:
            for worker in session.scalars(sa.select(Worker).where(Worker.state != "gone", Worker.id != self.me)):
                if verdicts.get(worker.id) or self.liveness.dead(worker.id):
                    worker.state, worker.generation_id = "gone", None
                    self.store.sweep_incoming(worker.id)
                    self.liveness.bury(worker.id)
        return resumed

    def forget_ended(self) -> None:
        """Delete from the queue what it keeps of generations that ended a while ago: the rows tell all of it."""
        with self.database.reading() as session:
            ended = sa.select(Generation.id).where(Generation.status.not_in(OPEN), Generation.finished_at < now() - PRESENCE)
            recent = ended.where(Generation.finished_at > now() - timedelta(days=2)).limit(2000)
            ids = list(session.scalars(recent))
        self.queue.forget(self.queue.known(ids))

    def discard_orphans(self, age: float = ORPHAN_AGE) -> int:
        """Delete files that no row knows: a worker died between writing them and its commit, and was given up."""
        old = [sha256 for sha256, since in self.store.addresses() if since > age]
        gone = 0
        for start in range(0, len(old), 500):
            some = old[start : start + 500]
            with self.database.reading() as session:
                kept = set(session.scalars(sa.select(Asset.sha256).where(Asset.sha256.in_(some))))
            for sha256 in set(some) - kept:
                self.store.discard(sha256)
                gone += 1
        return gone
