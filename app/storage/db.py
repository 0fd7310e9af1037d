"""The database: one engine, one naming convention, reading and writing sessions.

SQLite runs in WAL with synchronous FULL. A transaction that will write begins with BEGIN IMMEDIATE there: a deferred
one that reads first and then writes fails at once when another wrote between, in spite of busy_timeout
(https://www.sqlite.org/isolation.html).
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from prometheus_client import Histogram
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from app.settings import Settings, settings
from app.storage.changes import announced
from app.storage.columns import Damaged, Moment, Whole, loads
from app.storage.faults import DamagedError

log = logging.getLogger(__name__)
BUSY_TIMEOUT = 15  # seconds a writer waits for another before the person is told
LONG = 0.05  # seconds from the beginning of a write to its commit that are worth a line in the log
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15)
HELD = Histogram(
    "stemma_write_seconds", "From the beginning of a write to its commit", ["what"], registry=None, buckets=BUCKETS
)
WAITED = Histogram("stemma_write_wait_seconds", "Waiting for other writes before one's own", registry=None, buckets=BUCKETS)


JSON = sa.JSON().with_variant(JSONB(), "postgresql")
NULLABLE_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")  # None is NULL, not JSON's null


class Base(DeclarativeBase):
    """All tables; constraints are named so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Moment(), int: Whole(), UUID: sa.Uuid()}  # noqa: RUF012 (SQLAlchemy's declaration)

    @property
    def damaged(self) -> list[str]:
        """The columns, of those that were read, whose value does not fit: a stand-in is shown in its place (see columns)."""
        names = sa.inspect(type(self)).column_attrs.keys()
        return [name.removesuffix("_data") for name in names if isinstance(self.__dict__.get(name), Damaged)]


_last = 0  # of the ids made here: milliseconds × 4096
_ahead = (0, 0)  # a moment in nanoseconds that ids have reached, and the monotonic clock then
_clock = threading.Lock()


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562, 5.7) that sorts after every one this process made before, and after those that
    `ids_go_on_from` told of, also when the clock was put back: then ids go on from there at the pace of time.

    48 bits of milliseconds, 12 bits of sub-millisecond time, 62 random bits.
    """
    global _last, _ahead  # noqa: PLW0603 (the clock of the process: two in one instant must still sort)
    with _clock:
        pace = time.monotonic_ns()
        _ahead = (max(time.time_ns(), _ahead[0] + pace - _ahead[1]), pace)
        _last = max(_last + 1, _ahead[0] * 4096 // 1_000_000)
        stamp = _last
    return uuid7_at(stamp)


def uuid7_at(stamp: int) -> UUID:
    """A UUIDv7 of the moment `stamp`, in 4096ths of a millisecond since 1970; two of one moment differ by chance alone."""
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | int.from_bytes(os.urandom(8)) >> 2
    return UUID(int=value)


def ids_go_on_from(latest: UUID) -> None:
    """Let new ids sort after `latest`, which another process made, perhaps by a clock that was put back since."""
    global _ahead  # noqa: PLW0603 (as above)
    reached = ((latest.int >> 80) + 1) * 1_000_000
    with _clock:
        pace = time.monotonic_ns()
        _ahead = (max(reached, _ahead[0] + pace - _ahead[1]), pace)


def latest_id(session: Session) -> UUID | None:
    """The highest id of any row."""
    keyed = (table.c.id for table in Base.metadata.sorted_tables if _by_time(table))
    found = (session.scalar(sa.select(id).order_by(id.desc()).limit(1)) for id in keyed)
    return max((id for id in found if id is not None), default=None)


def _by_time(table: sa.Table) -> bool:
    key = table.c.get("id")
    return key is not None and key.primary_key and isinstance(key.type, sa.Uuid)


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def make_engine(config: Settings) -> sa.Engine:
    """An engine for `config.database_url`, with SQLite set up as the house wants it."""
    if not config.sqlite:
        given = sa.make_url(config.database_url).query.get("options", "")
        waits = {"options": f"-c lock_timeout={int(BUSY_TIMEOUT * 1000)} {given}"}  # milliseconds; by default for ever
        return sa.create_engine(
            config.database_url, connect_args=waits, pool_pre_ping=True, pool_size=10, max_overflow=20, json_deserializer=loads
        )
    config.data.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        config.database_url,
        connect_args={"timeout": BUSY_TIMEOUT},
        json_deserializer=loads,
        pool_size=20,
        max_overflow=60,
        pool_timeout=BUSY_TIMEOUT,
        pool_use_lifo=True,  # each connection keeps pages of its own in memory: as few as are needed grow
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: `_begin` does
        connection.text_factory = lambda text: text.decode("utf-8", "replace")  # one bad byte must not take a list with it
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-8000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


class Database:
    """The studio's tables: `reading()` and `writing()` give sessions; `writing()` commits at its end."""

    def __init__(self, config: Settings | None = None) -> None:
        self.settings = config or settings()
        self.engine = make_engine(self.settings)
        self._reader = sessionmaker(self.engine, expire_on_commit=False)
        self._writer = sessionmaker(self.engine.execution_options(writes=True), expire_on_commit=False)
        self._turn = threading.Lock()  # SQLite has one writer: here one waits without asking again and again
        self.forbids_writing: Callable[[], bool] = lambda: False  # whether the file is known to be damaged (app.integrity)
        if not self.settings.sqlite:
            announced(self._writer)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reads; what it changed by mistake is rolled back."""
        with self._reader() as session:
            yield session

    @contextmanager
    def writing(self, what: str = "") -> Iterator[Session]:
        """A session that commits at the end and rolls back on an error.

        Nobody else writes meanwhile (SQLite), so whatever waits or computes belongs before it. How long it is held is
        measured, and told to the log when it is LONG, as `what` (by default the function that writes). Raises
        sqlalchemy.exc.TimeoutError or OperationalError when others write for longer than BUSY_TIMEOUT, DamagedError when the
        database is known to be damaged.
        """
        if self.forbids_writing():
            raise DamagedError
        what = what or sys._getframe(2).f_code.co_name  # beyond this generator and contextlib
        asked, began = time.perf_counter(), 0.0
        with self._alone():
            try:
                with self._writer.begin() as session:
                    session.connection()  # it begins here, and waits for writers of other processes
                    began = time.perf_counter()
                    WAITED.observe(began - asked)
                    yield session
            finally:
                if began:
                    _measured(what, time.perf_counter() - began)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The turn among the writers of this process."""
        if not self.settings.sqlite:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_TIMEOUT):
            raise sa.exc.TimeoutError("others write for too long")
        try:
            yield
        finally:
            self._turn.release()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _measured(what: str, seconds: float) -> None:
    HELD.labels(what).observe(seconds)
    if seconds > LONG:
        log.warning("a write took %d ms: %s", seconds * 1000, what, extra={"what": what, "ms": round(seconds * 1000, 1)})
