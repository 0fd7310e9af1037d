"""The sweep: dead workers' generations go to the living, leavings are cleared, nothing accepted is forgotten."""

from __future__ import annotations

import logging
import math
import time
from datetime import timedelta

import sqlalchemy as sa

from app.models import Worker
from app.models.generation import OPEN, Generation
from app.requests.outbox import PRESENCE, anything_open, reconcile
from app.storage.db import Database, now
from app.storage.queue import Queue
from app.storage.store import Store
from app.worker.liveness import Liveness
from app.worker.orphans import Orphans

log = logging.getLogger(__name__)
SWEEPER = "sweeper"
TIDY_EVERY = 600.0  # seconds
LOOK_EVERY = 3600.0  # seconds between two walks through the store


class Sweep:
    """One pass at a time, by one worker at a time."""

    def __init__(self, me: str, database: Database, queue: Queue, store: Store, liveness: Liveness) -> None:
        self.me, self.database, self.queue, self.store, self.liveness = me, database, queue, store, liveness
        self.leads = False  # whether this worker sweeps for all
        self.open = True  # whether any generation is: then it is soon looked again
        self.orphans = Orphans(database, store)
        self._tidied = self._looked = -math.inf

    def once(self) -> None:
        """A whole pass. Safe in every worker at once: DBOS fences the old owner, and enqueuing twice is once."""
        self.liveness.hold(self.me)
        self.leads = self.liveness.hold(SWEEPER)
        self.open = anything_open(self.database)
        if not self.leads:
            return
        self.take_over()
        reconcile(self.database, self.queue)
        if time.monotonic() - self._tidied > TIDY_EVERY:
            self._tidied = time.monotonic()
            self.forget_ended()
            self.store.sweep_incoming()
            self.store.sweep_derived()
        if time.monotonic() - self._looked > LOOK_EVERY:
            self._looked = time.monotonic()
            self.orphans.tidy()

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
        with self.database.reading() as session:
            others = session.scalars(sa.select(Worker.id).where(Worker.state != "gone", Worker.id != self.me)).all()
        buried = [id for id in others if verdicts.get(id) or self.liveness.dead(id)]
        for id in buried:
            self._bury(id)
        if buried:
            self.store.sweep_incoming()
        return resumed

    def _bury(self, id: str) -> None:
        with self.database.writing() as session:
            session.execute(sa.update(Worker).where(Worker.id == id).values(state="gone", generation_id=None))
        self.liveness.bury(id)

    def forget_ended(self) -> None:
        """Delete from the queue what it keeps of generations that ended a while ago: the rows tell all of it."""
        with self.database.reading() as session:
            ended = sa.select(Generation.id).where(Generation.status.not_in(OPEN), Generation.finished_at < now() - PRESENCE)
            recent = ended.where(Generation.finished_at > now() - timedelta(days=2)).limit(2000)
            ids = list(session.scalars(recent))
        self.queue.forget(self.queue.known(ids))
