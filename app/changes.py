"""Whether others wrote to a file of SQLite: asking takes microseconds, so that a reader asks often and reads seldom."""

from __future__ import annotations

import asyncio
import sqlite3
import time

import sqlalchemy as sa

GLANCE = 0.01  # seconds between two questions
SURE = 0.5  # seconds after which a reader looks whatever was said


class Changes:
    """Of one file; of any other kind of database nothing is known, and readers look at their own pace."""

    def __init__(self, url: str) -> None:
        parsed = sa.make_url(url)
        self._file = parsed.database if parsed.get_backend_name() == "sqlite" else None
        self._connection: sqlite3.Connection | None = None

    def version(self) -> int | None:
        """Another number after every commit (https://www.sqlite.org/pragma.html#pragma_data_version); None: not known."""
        if not self._file:
            return None
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._file, timeout=0, isolation_level=None, check_same_thread=False)
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return None

    async def after(self, seen: int | None, pace: float) -> None:
        """Wait until there is something newer than version `seen`, or for `pace` seconds where nobody can tell."""
        if seen is None:
            await asyncio.sleep(pace)
            return
        end = time.monotonic() + SURE
        while self.version() == seen and time.monotonic() < end:  # noqa: ASYNC110 (another process writes)
            await asyncio.sleep(GLANCE)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
