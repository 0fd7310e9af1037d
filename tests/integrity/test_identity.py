"""A database is only used with its own store: checked at every start, with a sentence and no start when it is another's."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from fastapi.testclient import TestClient

from app.cli import app as commands
from app.commands import restore as restoring
from app.commands.backup import BackupError, backup
from app.commands.prepare import prepare
from app.commands.restore import restore
from app.errors import UnavailableError
from app.integrity.identity import IdentityError, adopt, examine
from app.integrity.startup import ready
from app.models import Asset, Identity
from app.settings import ROOT, Settings
from app.storage.db import Database
from app.storage.migrations import alembic_config
from app.storage.store import Store
from app.storage.store.mark import Mark, mark_path, read_mark, write_mark
from app.worker.orphans import Orphans

# What no command of these touches: the studio that the settings name. Every other one looks before it touches anything.
ASIDE = {"bench": "measures a studio of its own", "example": "makes a studio of its own", "adopt": "is the way out"}


def files(folder: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def identity(config: Settings) -> UUID | None:
    """What the database carries."""
    database = Database(config)
    with database.reading() as session:
        found = session.scalar(sa.select(Identity.id))
    database.close()
    return found


def plain(data: Path, **fields: object) -> Settings:
    """Settings of a studio without the example."""
    return Settings.model_validate({"data": data, "example": False, "log_level": "CRITICAL", **fields})


def as_before(config: Settings) -> None:
    """Make the studio one of the version before identities."""
    database = Database(config)
    with database.engine.execution_options(writes=True).connect() as connection:
        command.downgrade(alembic_config(connection), "0004")
        connection.commit()
    database.close()
    mark_path(config.data).unlink()


@pytest.fixture
def filled(web: TestClient, config: Settings, revision: str) -> Settings:
    """A studio with a picture in it, whose web has ended."""
    web.post(f"/revisions/{revision}/pick")
    return config


@pytest.fixture
def other(filled: Settings, tmp_path: Path) -> Settings:
    """The filled store with the database of another, as full, studio."""
    prepare(plain(tmp_path / "other"))
    database = Database(plain(tmp_path / "other"))
    with database.writing() as session:
        for number in range(3):
            session.add(Asset(sha256=f"{number:064x}", media_type="image/png", bytes=5))
    database.close()
    return plain(filled.data, database=f"sqlite:///{tmp_path / 'other' / 'stemma.sqlite'}")


def test_a_new_studio_gets_one_identity_and_keeps_it(tmp_path: Path) -> None:
    config = plain(tmp_path / "new")
    prepare(config)
    mark = read_mark(config.data)
    assert mark is not None
    assert identity(config) == mark.id
    prepare(config)
    ready(config)
    assert (identity(config), read_mark(config.data)) == (mark.id, mark)


def test_a_studio_of_the_version_before_opens_and_gets_one(filled: Settings) -> None:
    as_before(filled)
    with pytest.raises(UnavailableError, match="stemma migrate"):
        ready(filled)
    prepare(plain(filled.data))
    mark = read_mark(filled.data)
    assert mark is not None
    assert identity(filled) == mark.id
    ready(filled)


@pytest.mark.parametrize("before", [False, True])
def test_an_empty_database_over_a_filled_store_is_refused(filled: Settings, tmp_path: Path, before: bool) -> None:
    """And not one byte is written, not even that database. `before`: the store is of a version without identities."""
    if before:
        as_before(filled)
    for name in ("stemma.sqlite", "stemma.sqlite-wal", "stemma.sqlite-shm"):
        (filled.data / name).unlink(missing_ok=True)
    there = files(filled.data)
    for start in (prepare, ready, lambda config: backup(config, tmp_path / "studio.tar")):
        with pytest.raises((IdentityError, BackupError)) as refused:
            start(Settings(data=filled.data, log_level="CRITICAL"))
        assert "does not know 1" in str(refused.value) or "no studio" in str(refused.value)
    assert files(filled.data) == there


def test_another_database_over_a_filled_store_is_refused(other: Settings, tmp_path: Path) -> None:
    there = files(other.data)
    for start in (prepare, ready, lambda config: backup(config, tmp_path / "studio.tar")):
        with pytest.raises(IdentityError, match="belongs to another store"):
            start(other)
    assert not (tmp_path / "studio.tar").exists()
    assert files(other.data) == there


def test_another_database_without_an_identity_is_refused_by_what_it_knows(other: Settings) -> None:
    with sqlite3.connect(other.database_file or "") as rows:
        rows.execute("delete from identity")
    with pytest.raises(IdentityError, match="Of 3 files that the database knows, 3 are missing; of 1 files in the store"):
        ready(other)


def test_a_store_that_is_not_mounted_is_refused(filled: Settings) -> None:
    (filled.data / "store").rename(filled.data / "aside")
    with pytest.raises(IdentityError, match="is its disk there"):
        ready(filled)
    assert not (filled.data / "store").exists()
    (filled.data / "aside").rename(filled.data / "store")
    ready(filled)


@pytest.mark.parametrize("half", ["the store's", "the database's"])
def test_a_half_that_was_lost_is_given_again_where_both_fit(filled: Settings, half: str) -> None:
    if half == "the store's":
        mark_path(filled.data).unlink()
    else:
        with sqlite3.connect(filled.database_file or "") as rows:
            rows.execute("delete from identity")
    ready(filled)
    mark = read_mark(filled.data)
    assert mark is not None
    assert identity(filled) == mark.id


def test_adopting_joins_what_a_person_knows_to_belong_together(other: Settings, filled: Settings) -> None:
    assert adopt(other).database
    ready(other)
    with pytest.raises(IdentityError, match="already"):
        adopt(other)
    with pytest.raises(IdentityError):  # the store is not that of the old database any more
        ready(filled)


def test_a_restored_studio_is_another_one(filled: Settings, tmp_path: Path) -> None:
    backup(filled, tmp_path / "studio.tar")
    again = plain(tmp_path / "again")
    restore(again, tmp_path / "studio.tar")
    ready(again)
    assert identity(again) != identity(filled)
    crossed = plain(filled.data, database=again.database_url)
    with pytest.raises(IdentityError, match="belongs to another store"):
        ready(crossed)


@pytest.mark.parametrize("step", ["_bring", "write_mark"])
def test_a_restore_that_died_is_taken_up_again(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Killed before the rows came, or before the store was told that all is there."""
    tar, again = tmp_path / "studio.tar", plain(tmp_path / "again")
    backup(filled, tar)
    real, calls = getattr(restoring, step), []

    def die(*given: object) -> None:
        calls.append(given)
        if step == "_bring" or len(calls) == 2:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(restoring, step, die)
    with pytest.raises(KeyboardInterrupt):
        restore(again, tar)
    monkeypatch.undo()
    if step == "_bring":
        with pytest.raises(IdentityError, match=f"stemma restore {tar}"):
            prepare(again)
        restore(again, tar)
    prepare(again)
    mark = read_mark(again.data)
    assert mark is not None
    assert (identity(again), mark.restoring) == (mark.id, "")
    with Database(again).reading() as session:
        (asset,) = session.scalars(sa.select(Asset))
    assert Store(again.data).find(asset.sha256, asset.bytes).exists()


def test_nothing_is_restored_into_a_filled_store(filled: Settings, tmp_path: Path) -> None:
    """The database is away: the pictures of another studio lie there all the same."""
    backup(filled, tmp_path / "studio.tar")
    lost = plain(tmp_path / "lost")
    shutil.copytree(filled.data / "store", lost.data / "store")
    there = files(lost.data)
    with pytest.raises(BackupError, match="already"):
        restore(lost, tmp_path / "studio.tar")
    assert files(lost.data) == there


@pytest.mark.slow  # it starts every command as a process
def test_every_command_looks_before_it_touches_anything(other: Settings, tmp_path: Path) -> None:
    """Each as a process, on a database and a store that do not belong together: a sentence, and not a byte changed."""
    names = {one.name or one.callback.__name__ for one in commands.registered_commands if one.callback}
    assert ASIDE.keys() <= names
    there = files(other.data)
    given = {"backup": [str(tmp_path / "studio.tar")], "restore": [str(tmp_path / "none.tar")], "orphans": ["--set-aside"]}
    environment = {**os.environ, "STEMMA_DATA": str(other.data), "STEMMA_DATABASE": other.database, "STEMMA_EXAMPLE": "0"}
    running = {
        name: subprocess.Popen(
            [sys.executable, "-m", "app.cli", name, *given.get(name, [])],
            env=environment | {"STEMMA_PORT": "0"},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in sorted(names - ASIDE.keys())
    }
    for name, process in running.items():
        said, _nothing = process.communicate(timeout=240)
        assert process.returncode == 1, (name, said)
        wanted = "already" if name == "restore" else "belongs to another store"
        assert wanted in said, (name, said)
        assert "Traceback" not in said, (name, said)
    assert files(other.data) == there
    assert not (tmp_path / "studio.tar").exists()


@pytest.mark.postgres
def test_on_postgresql_too(filled: Settings, tmp_path: Path, postgres: Callable[[], str]) -> None:
    backup(filled, tmp_path / "studio.tar")
    team = plain(tmp_path / "team", database=postgres())
    restore(team, tmp_path / "studio.tar")
    ready(team)
    assert examine(team).agreed() == identity(team)
    sweeps(team)
    there = files(team.data)
    for start in (prepare, ready):
        with pytest.raises(IdentityError, match="does not know 1"):
            start(team.model_copy(update={"database": postgres()}))
    elsewhere = team.model_copy(update={"data": tmp_path / "elsewhere"})
    with pytest.raises(IdentityError, match="Of 1 files that the database knows, 1 are missing"):
        ready(elsewhere)
    assert files(team.data) == there
    assert not (tmp_path / "elsewhere" / "store").exists()


def sweeps(config: Settings) -> None:
    """An orphan is set aside, told, and comes back; in front of another's store nothing moves."""
    database, store = Database(config), Store(config.data)
    orphans, sha256 = Orphans(database, store), store.put(b"nobody's")
    os.utime(store.path(sha256), (0, 0))
    young = [store.put(f"young {number}".encode()) for number in range(3)]
    assert orphans.tidy().set_aside == 1
    with database.writing() as session:
        assert (session.scalar(sa.select(Identity.sweep)) or {})["set_aside"] == 1
        session.add(Asset(sha256=sha256, media_type="image/png", bytes=8))
    assert orphans.tidy().brought_back == 1
    mark = read_mark(config.data)
    assert mark is not None
    write_mark(store, Mark(uuid4()))
    assert "not the one of this database" in orphans.tidy().stopped
    write_mark(store, mark)
    with database.writing() as session:
        session.execute(sa.delete(Asset).where(Asset.sha256 == sha256))
    for one in (sha256, *young):
        store.path(one).unlink()
    store.incoming.close()
    database.close()
