"""Rows and queue brought together: what was accepted is queued, what was cancelled is not.

A request is answered once its row is committed; if the process dies before the queue heard of it, this finds it.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from app.models.generation import OPEN, Generation, Status
from app.storage.db import Database, now
from app.storage.queue import OPEN as OPEN_WORKFLOW
from app.storage.queue import Queue

SETTLING = timedelta(seconds=2)  # younger rows are on their way to the queue by themselves
PRESENCE = timedelta(minutes=10)  # how long an ended generation's progress stays readable


def anything_open(database: Database) -> bool:
    """Whether any generation waits or runs."""
    with database.reading() as session:
        return bool(session.scalar(sa.select(sa.exists().where(Generation.status.in_(OPEN)))))


def reconcile(database: Database, queue: Queue) -> int:
    """Enqueue open generations that the queue does not have, and cancel there what is cancelled here.

    Returns how many were enqueued. Safe at any time and in any process: enqueuing twice is once.
    """
    with database.reading() as session:
        settling = Generation.created_at.between(now() - SETTLING, now())  # later ones come from before the clock was put back
        rows = sa.select(Generation.id, Generation.priority).where(Generation.status.in_(OPEN), ~settling)
        open_rows = session.execute(rows).all()
        recent = Generation.finished_at > now() - PRESENCE
        cancelled = session.scalars(sa.select(Generation.id).where(Generation.status == Status.CANCELLED, recent)).all()
    states = queue.known([*(row.id for row in open_rows), *cancelled])
    lost = [row for row in open_rows if states.get(row.id) not in OPEN_WORKFLOW]
    # A workflow that ended while its row is open (a database away at the wrong moment) runs again from the start.
    queue.forget(row.id for row in lost if row.id in states)
    for row in lost:
        queue.enqueue(row.id, row.priority)
    for id in cancelled:
        if states.get(id) in OPEN_WORKFLOW:
            queue.cancel(id)
    return len(lost)
