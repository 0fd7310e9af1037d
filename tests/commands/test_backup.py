"""Backups are whole, taken while the studio works, and come back on either database."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.commands.backup import BackupError, backup
from app.commands.restore import restore
from app.settings import Settings
from app.storage.db import Database
from app.storage.migrations import migrate
from app.storage.migrations import migrated as is_migrated
from app.storage.queue import migrate_queue
from app.web.main import create_app


def opened(config: Settings) -> TestClient:
    return TestClient(create_app(config), base_url="http://localhost", headers={"Accept": "application/json"})


def test_what_was_backed_up_comes_back(web: TestClient, config: Settings, work: str, revision: str, tmp_path: Path) -> None:
    web.post(f"/revisions/{revision}/pick")
    web.put(f"/works/{work}/draft", json={"version": 1, "brief": {"intent": "狐狸"}})
    bytes_before = web.get(f"/revisions/{revision}/content").content
    backup(config, tmp_path / "studio.tar")
    web.put(f"/works/{work}/draft", json={"version": 2, "brief": {"intent": "later"}})

    again = Settings(data=tmp_path / "again", fake_engines=True)
    assert restore(again, tmp_path / "studio.tar") == 1
    migrate_queue(again)
    with opened(again) as back:
        assert back.get(f"/revisions/{revision}").json()["picked"] is True
        assert back.get(f"/revisions/{revision}/content").content == bytes_before
        assert back.get(f"/works/{work}/draft").json()["brief"]["intent"] == "狐狸"
        assert back.post(f"/works/{work}/generations", json={"brief": {"intent": "a fox"}}).status_code == 202


def test_nothing_is_restored_over_a_studio(web: TestClient, config: Settings, revision: str, tmp_path: Path) -> None:
    backup(config, tmp_path / "studio.tar")
    with pytest.raises(BackupError, match="already"):
        restore(config, tmp_path / "studio.tar")
    assert web.get(f"/revisions/{revision}").status_code == 200


def test_half_a_backup_is_refused(config: Settings, revision: str, tmp_path: Path) -> None:
    whole = tmp_path / "studio.tar"
    backup(config, whole)
    for name, data in (("half", whole.read_bytes()[:20_000]), ("none", b"not a backup"), ("empty", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BackupError, match="whole backup"):
            restore(Settings(data=tmp_path / f"from-{name}"), tmp_path / name)


def test_a_backup_with_a_changed_file_is_refused(config: Settings, revision: str, tmp_path: Path) -> None:
    backup(config, tmp_path / "studio.tar")
    with tarfile.open(tmp_path / "studio.tar") as archive:
        archive.extractall(tmp_path / "open", filter="data")
    picture = next((tmp_path / "open" / "store").iterdir())
    picture.write_bytes(b"something else")
    with tarfile.open(tmp_path / "changed.tar", "w") as archive:
        archive.add(tmp_path / "open", "")
    with pytest.raises(BackupError, match="damaged"):
        restore(Settings(data=tmp_path / "again"), tmp_path / "changed.tar")


def test_a_damaged_store_is_noticed_while_backing_up(web: TestClient, config: Settings, revision: str, tmp_path: Path) -> None:
    sha256 = web.get(f"/revisions/{revision}").json()["asset"]["sha256"]
    path = config.data / "store" / sha256[:2] / sha256[2:4] / sha256
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupError, match="damaged"):
        backup(config, tmp_path / "studio.tar")
    assert not list(tmp_path.glob("*.tar")) + list(tmp_path.glob(".*"))


@pytest.mark.postgres
def test_from_sqlite_to_postgresql_and_back(
    web: TestClient, config: Settings, revision: str, tmp_path: Path, postgres: Callable[[], str]
) -> None:
    backup(config, tmp_path / "one.tar")
    team = Settings(data=tmp_path / "team", database=postgres())
    restore(team, tmp_path / "one.tar")
    migrate_queue(team)
    with opened(team) as served:
        assert served.get(f"/revisions/{revision}").status_code == 200
    backup(team, tmp_path / "two.tar")
    alone = Settings(data=tmp_path / "alone")
    restore(alone, tmp_path / "two.tar")
    migrate_queue(alone)
    with opened(alone) as served:
        assert served.get(f"/revisions/{revision}/content").status_code == 200


def test_migrating_twice_is_migrating_once(tmp_path: Path) -> None:
    database = Database(Settings(data=tmp_path / "new"))
    migrate(database.engine)
    migrate(database.engine)
    assert is_migrated(database.engine)
    database.close()
