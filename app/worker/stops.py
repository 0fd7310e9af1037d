"""Which variants of a running text the artist has stopped: the row tells, and is asked seldom."""

from __future__ import annotations

import logging
import time
from collections.abc import Container
from uuid import UUID

import sqlalchemy as sa

from app.models import Generation, Status
from app.storage.db import Database
from app.worker.progress import Progress

log = logging.getLogger(__name__)
LOOK_EVERY = 0.2  # seconds: a stop is heard between two tokens, at the latest after this


class Stopped(Container[int]):
    """The variants that end with what is written: those that were stopped, or all once the generation was cancelled."""

    def __init__(self, database: Database, generation: UUID, progress: Progress) -> None:
        self.database, self.generation, self.progress = database, generation, progress
        self.cancelled = False
        self._found: frozenset[int] = frozenset()
        self._looked = 0.0

    def __contains__(self, index: object) -> bool:
        if self.progress.cancelled:  # or taken over: either way it is to end
            return True
        if not self.cancelled and time.monotonic() - self._looked >= LOOK_EVERY:
            self.look()
        return self.cancelled or index in self._found

    def look(self) -> None:
        """Ask the row now."""
        self._looked = time.monotonic()
        query = sa.select(Generation.status, Generation.stopped).where(Generation.id == self.generation)
        try:
            with self.database.reading() as session:
                row = session.execute(query).one()
        except sa.exc.SQLAlchemyError as error:  # busy or away: the next look will tell
            log.warning("whether a variant was stopped is not known: %s", error)
            return
        self.cancelled = row.status == Status.CANCELLED
        self._found = frozenset(row.stopped or ())
