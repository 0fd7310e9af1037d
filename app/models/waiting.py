"""What generations wait for: their turn, a worker, or one that starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from app.lanes import Lane
from app.models.generation import OPEN, Generation, Status
from app.models.work import Work
from app.models.worker import workers


@dataclass(frozen=True, slots=True)
class Wait:
    """What a generation waits for.

    `position` is how many of its lane are before it in the queue. `reason` is worker (none is running), start (one starts)
    or turn. `going` is what runs in its lane now: nothing, a run of the same work, of the same project, or of another;
    `title` is its work's, where that is in the same project: whoever sees the one may see the other.
    """

    position: int = 0
    reason: str = "turn"
    going: str = ""
    title: str = ""

    @property
    def told(self) -> dict[str, str]:
        """As a stream tells it, beside the position."""
        return {"waits": self.reason, "going": self.going, "title": self.title}


def waits(session: Session) -> dict[UUID, Wait]:
    """What each generation that waits is waiting for."""
    columns = (Generation.id, Generation.priority, Generation.status, Generation.work_id, Work.project_id, Work.title)
    query = sa.select(*columns).join(Work, Work.id == Generation.work_id).where(Generation.status.in_(OPEN))
    rows = session.execute(query.order_by(Generation.started_at, Generation.id)).all()
    if all(row.status != Status.QUEUED for row in rows):
        return {}
    states = {worker.state for worker in workers(session) if worker.alive}
    reason = "turn" if states - {"starting"} else "start" if states else "worker"
    places, found = Counter[Lane](), dict[UUID, Wait]()
    for row in sorted((row for row in rows if row.status == Status.QUEUED), key=lambda row: (row.priority, row.id)):
        lane = Lane.of(row.priority)
        going, title = _going(row, [one for one in rows if one.status == Status.RUNNING and Lane.of(one.priority) is lane])
        found[row.id] = Wait(places[lane], reason, going, title)
        places[lane] += 1
    return found


def wait_of(generation: Generation) -> Wait:
    """What `generation` waits for; of one that waits no more, or is not asked for yet, nothing but its turn."""
    session: Session | None = object_session(generation) if isinstance(generation, Generation) else None
    return waits(session).get(generation.id, Wait()) if session is not None and generation.status == Status.QUEUED else Wait()


def _going(row: Any, running: Iterable[Any]) -> tuple[str, str]:
    """Of what runs in a lane, that which began first: how near it is to the one that waits, and its work's title."""
    first = next(iter(running), None)
    if first is None:
        return "", ""
    if first.work_id == row.work_id:
        return "work", ""
    return ("project", first.title) if first.project_id == row.project_id else ("other", "")
