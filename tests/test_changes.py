"""A reader hears of what others write to a file at once, and need not look in vain."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from app import changes
from app.changes import Changes


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
