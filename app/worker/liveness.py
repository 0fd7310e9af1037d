"""Who is alive? A lock that the kernel (one machine) or PostgreSQL (a team's) drops by itself when a process dies.

No clocks and no heartbeat rows decide it: a worker that is slow, or paused in a debugger, is not dead.
"""

from __future__ import annotations

import fcntl
import time
import zlib
from typing import IO

import sqlalchemy as sa

from app.settings import Settings

SPACE = 7766  # the namespace of our advisory locks
SETTLE = 10.0  # seconds after (re)connecting to PostgreSQL in which peers take their locks again


class Liveness:
    """This process's lock under its executor id, and the question whether another's is free."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.data / "workers"
        self._files: dict[str, IO[str]] = {}
        self._held: set[str] = set()
        self._connection: sa.Connection | None = None
        self._since = 0.0
        self._engine: sa.Engine | None = None
        if settings.sqlite:
            self.folder.mkdir(parents=True, exist_ok=True)
            return
        alive = {"keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3}
        self._engine = sa.create_engine(
            settings.database_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", connect_args=alive
        )

    def hold(self, id: str) -> bool:
        """Take, or keep, the lock `id`; False when another process has it. Call it in every sweep: after a restart of
        PostgreSQL it takes the locks again.
        """
        return self._hold_file(id) if self._engine is None else self._hold_advisory(id, self._engine)

    def dead(self, id: str) -> bool:
        """True when no process holds `id`."""
        if self._engine is None:
            path = self.folder / f"{id}.lock"
            if not path.exists():
                return True
            with path.open("r+") as file:
                return _flock(file)
        if time.monotonic() - self._since < SETTLE:
            return False
        with self._engine.connect() as connection:
            return _advisory(connection, id)

    def bury(self, id: str) -> None:
        """Remove a dead worker's lock file."""
        (self.folder / f"{id}.lock").unlink(missing_ok=True)

    def _hold_file(self, id: str) -> bool:
        if id in self._files:
            return True
        file = (self.folder / f"{id}.lock").open("w")
        if not _flock(file):
            file.close()
            return False
        self._files[id] = file
        return True

    def _hold_advisory(self, id: str, engine: sa.Engine) -> bool:
        if self._connection is not None:
            try:
                self._connection.execute(sa.text("select 1"))
            except sa.exc.DBAPIError:
                self._connection.invalidate()
                self._connection, self._held = None, set()
        if self._connection is None:
            self._connection, self._since = engine.connect(), time.monotonic()
        if id not in self._held and _advisory(self._connection, id):
            self._held.add(id)
        return id in self._held


def _flock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _advisory(connection: sa.Connection, id: str) -> bool:
    key = zlib.crc32(f"worker:{id}".encode()) - 2**31
    return bool(connection.scalar(sa.text("select pg_try_advisory_lock(:space, :key)"), {"space": SPACE, "key": key}))
