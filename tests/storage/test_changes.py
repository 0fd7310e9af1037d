"""A reader hears of what others write to a file at once, and need not look in vain."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.models import Artist
from app.settings import Settings
from app.storage import changes
from app.storage.changes import QUEUE, STUDIO, Changes, listening
from app.storage.db import Database
from app.storage.migrations import migrate
from app.storage.queue import WAITING, Queue, migrate_queue


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "engine.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE words (word TEXT)")
    return path


def write(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO words VALUES ('rain')")


def test_a_commit_of_another_is_another_version_and_a_look_is_none(file: Path) -> None:
    known = Changes(f"sqlite:///{file}")
    first = known.version()
    with sqlite3.connect(file) as connection:
        connection.execute("SELECT * FROM words").fetchall()
    assert known.version() == first
    write(file)
    assert known.version() not in {first, None}
    known.close()


def test_who_waits_wakes_when_something_was_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "SURE", 60.0)
    known = Changes(f"sqlite:///{file}")
    began, writer = time.monotonic(), threading.Timer(0.05, write, (file,))
    writer.start()
    asyncio.run(known.after(known.version(), 60.0))
    assert time.monotonic() - began < 30
    writer.join()
    known.close()


def test_what_was_written_while_one_read_is_not_waited_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "SURE", 60.0)
    known = Changes(f"sqlite:///{file}")
    seen = known.version()
    write(file)
    began = time.monotonic()
    asyncio.run(known.after(seen, 60.0))
    assert time.monotonic() - began < 30
    known.close()


@pytest.mark.parametrize("url", ["postgresql+psycopg://localhost/stemma", "sqlite:////nowhere/at/all.sqlite"])
def test_where_nobody_can_tell_readers_keep_their_own_pace(url: str) -> None:
    known = Changes(url)
    assert known.version() is None
    asyncio.run(asyncio.wait_for(known.after(None, 0.01), 10))
    known.close()


def write_row(database: Database) -> None:
    with database.writing() as session:
        session.add(Artist(name=str(uuid4())))


def test_a_worker_hears_which_tables_others_wrote_to(config: Settings, database: Database) -> None:
    rung = threading.Event()
    ear, queue = listening(config, rung), Queue(config)
    assert ear.hear(0) == set()
    write_row(database)
    assert ear.hear(30) == {STUDIO}
    threading.Timer(0.1, queue.enqueue, (uuid4(), 1)).start()
    assert ear.hear(30) == {QUEUE}
    assert ear.ask(WAITING) == [("quick",)]
    assert ear.hear(0) == set()
    threading.Timer(0.1, rung.set).start()  # a run was cancelled: nobody writes to the file when it has ended
    assert ear.hear(30) == {QUEUE}
    assert ear.hear(0) == set()
    queue.close()


def test_a_queue_that_cannot_be_asked_is_empty_and_no_error(tmp_path: Path) -> None:
    ear = listening(Settings(data=tmp_path / "nowhere"), threading.Event())
    assert ear.hear(0.01) == set()
    assert ear.ask(WAITING) == []


@pytest.mark.postgres
def test_on_postgresql_a_worker_is_told(postgres: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = Settings(data=tmp_path, database=postgres())
    database = Database(there)
    migrate(database.engine)
    migrate_queue(there)
    ear, queue = listening(there, threading.Event()), Queue(there)
    assert ear.hear(30) == {STUDIO, QUEUE}  # the connection is new: something may have been missed
    assert ear.hear(0) == set()
    write_row(database)
    assert ear.hear(0) == set()  # this process itself did it
    monkeypatch.setattr(changes, "ME", "another")
    write_row(database)
    monkeypatch.undo()
    assert ear.hear(30) == {STUDIO}
    threading.Timer(0.1, queue.enqueue, (uuid4(), 1_000_001)).start()
    assert ear.hear(30) == {QUEUE}
    assert ear.ask(WAITING) == [("local",)]
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as admin:
        others = sa.text(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = :name and pid <> pg_backend_pid()"
        )
        admin.execute(others, {"name": database.engine.url.database})
    assert ear.hear(30) == {STUDIO, QUEUE}  # lost: it looks, and listens anew
    assert ear.hear(30) == {STUDIO, QUEUE}
    queue.ring()
    assert ear.hear(30) == {QUEUE}
    queue.close()
    database.close()
