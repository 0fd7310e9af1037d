"""A data folder with something of everything in it: made once, by the real web and worker; each test has a copy of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from app.storage.db import Database
from tests.attacks.atelier import Atelier, music, pictures, texts
from tests.conftest import serving
from tests.hands import hands

Grown = tuple[Path, dict[str, list[str]]]


def folder_like(source: Path, target: Path) -> Settings:
    """Settings of a studio on a copy of a data folder that nobody has open."""
    shutil.copytree(source, target)
    return Settings(data=target, fake_engines=True, log_level="WARNING")


@pytest.fixture(scope="session")
def grown(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Grown:
    """The folder of a project with works of every medium, and the ids of what is in it; closed, so that it can be copied."""
    config = folder_like(migrated, tmp_path_factory.mktemp("grown") / "data")
    database = Database(config)
    with serving(config) as web, pytest.MonkeyPatch.context() as monkeypatch:
        worker, _told = hands(config, monkeypatch)
        atelier = Atelier(web, database, worker)
        atelier.project()
        pictures(atelier)
        texts(atelier)
        music(atelier)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    worker.database.close()
    database.close()
    return config.data, atelier.ids


@pytest.fixture
def config(request: pytest.FixtureRequest, migrated: Path, tmp_path: Path) -> Settings:
    """Settings of a studio of its own: with something of everything for the tests that ask for it, else empty."""
    source: Path = request.getfixturevalue("grown")[0] if "everything" in request.fixturenames else migrated
    return folder_like(source, tmp_path / "data")


@pytest.fixture
def everything(grown: Grown, web: TestClient, database: Database, config: Settings, monkeypatch: pytest.MonkeyPatch) -> Atelier:
    """A project with works of every medium."""
    worker, _told = hands(config, monkeypatch)
    atelier = Atelier(web, database, worker)
    for noun, ids in grown[1].items():
        atelier.ids[noun] = [*ids]
    return atelier
