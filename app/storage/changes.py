"""Whether others wrote to the studio's tables or to the queue's: who waits for that sleeps, and is woken.

A file of SQLite tells it by its data version, for which asking takes microseconds; PostgreSQL by LISTEN and NOTIFY.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import select
import sqlite3
import threading
import time
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from app.settings import Settings

GLANCE = 0.01  # seconds between two questions to a file, of a reader that follows a run
SURE = 0.5  # seconds after which a reader looks whatever was said
LIVELY, CALM = 0.02, 0.1  # the same of a worker: within AWAKE after the queue changed, and later
AWAKE = 60.0  # seconds
STUDIO, QUEUE = "stemma", "stemma_queue"  # what is listened to, and PostgreSQL's channels
ME = f"{platform.node()}:{os.getpid()}"  # who changed the studio's tables: what a process did itself is no news to it


class Changes:
    """Of one file; of any other kind of database nothing is known, and readers look at their own pace."""

    def __init__(self, url: str) -> None:
        parsed = sa.make_url(url)
        self._file = parsed.database if parsed.get_backend_name() == "sqlite" else None
        self._connection: sqlite3.Connection | None = None

    def version(self) -> int | None:
        """Another number after every commit (https://www.sqlite.org/pragma.html#pragma_data_version); None: not known."""
        found = self.ask("PRAGMA data_version")
        return int(found[0][0]) if found else None

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query that is quick; none where it cannot be asked."""
        if not self._file:
            return []
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._file, timeout=0, isolation_level=None, check_same_thread=False)
            return self._connection.execute(query).fetchall()
        except sqlite3.Error:
            return []

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


class Files:
    """Listens to the studio's file and the queue's, for one thread; what `rung` says is heard as a change of the queue."""

    def __init__(self, settings: Settings, rung: threading.Event) -> None:
        self._rung = rung
        self._changes = {STUDIO: Changes(settings.database_url), QUEUE: Changes(settings.queue_url)}
        self._seen = {name: changes.version() for name, changes in self._changes.items()}
        self._heard = 0.0

    def hear(self, seconds: float) -> set[str]:
        """Which of STUDIO and QUEUE others wrote to since the last call: as soon as there is one, or none after `seconds`."""
        end = time.monotonic() + seconds
        while True:
            versions = {name: changes.version() for name, changes in self._changes.items()}
            changed = {name for name, version in versions.items() if version != self._seen[name]}
            now, self._seen = time.monotonic(), versions
            if self._rung.is_set():
                self._rung.clear()
                changed.add(QUEUE)
            if QUEUE in changed:  # a worker that says that it lives writes to the studio's tables day and night
                self._heard = now
            if changed or now >= end:
                return changed
            self._rung.wait(min(LIVELY if now - self._heard < AWAKE else CALM, end - now))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query to the queue's tables."""
        return self._changes[QUEUE].ask(query)


class Notices:
    """Listens to what others announce in PostgreSQL, for one thread. A lost connection is made again."""

    def __init__(self, settings: Settings) -> None:
        url = sa.make_url(settings.queue_url).set(drivername="postgresql")
        self._url = url.render_as_string(hide_password=False)
        self._connection: psycopg.Connection | None = None

    def hear(self, seconds: float) -> set[str]:
        """Which of STUDIO and QUEUE others announced since the last call; both after a silence that may have hidden some."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._url, autocommit=True, options="-c search_path=dbos", keepalives_idle=5)
                for channel in (STUDIO, QUEUE):
                    self._connection.execute(f"LISTEN {channel}")
                return {STUDIO, QUEUE}
            heard = self._pending(0)
            return heard or self._pending(seconds)
        except psycopg.Error:
            self._lose()
            time.sleep(min(1.0, seconds))
            return {STUDIO, QUEUE}

    def _pending(self, seconds: float) -> set[str]:
        """What came, waiting for at most `seconds` (psycopg itself would wake ten times a second while it waits)."""
        if self._connection is None or not (seconds == 0 or select.select([self._connection], [], [], seconds)[0]):
            return set()
        told = [(notice.channel, notice.payload) for notice in self._connection.notifies(timeout=0)]
        if seconds and not told:
            self._connection.execute("SELECT 1")  # something came that was no notice: a goodbye, which this raises
        return {channel for channel, who in told if (channel, who) != (STUDIO, ME)}

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query to the queue's tables."""
        try:
            return self._connection.execute(query).fetchall() if self._connection is not None else []
        except psycopg.Error:
            self._lose()
            return []

    def _lose(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def listening(settings: Settings, rung: threading.Event) -> Files | Notices:
    """Whatever tells of changes in this studio's kind of database. `rung` is set when the queue is worth a look though
    nobody wrote to its file; in PostgreSQL that is announced (Queue.ring).
    """
    return Files(settings, rung) if settings.sqlite else Notices(settings)


def announced(sessions: sessionmaker[Session]) -> None:
    """Let every commit of `sessions` be heard by the studio's processes (PostgreSQL only)."""

    @event.listens_for(sessions, "before_commit")
    def _announce(session: Session) -> None:
        announce(session.connection(), STUDIO)


def announce(connection: sa.Connection, channel: str) -> None:
    """Tell those who listen in PostgreSQL, with the transaction's commit."""
    connection.execute(sa.text("SELECT pg_notify(:channel, :who)"), {"channel": channel, "who": ME})
