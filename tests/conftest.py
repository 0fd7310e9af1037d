"""What the tests stand on: the real web on a real database, real studios as processes, PostgreSQL, Chromium.

The application is imported by the fixtures that want it: a test of a tune needs no web, no queue and no migrations.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from app.settings import Settings

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from app.storage.db import Database
    from tests.attacks.atelier import Atelier
    from tests.running import Running


HERE = Path(__file__).parent
# No example of a property is timed: machines are shared and noisy.
hypothesis.settings.register_profile("untimed", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")
# Rooms whose tests start studios, train, attack or run models: bin/test --quick leaves them out.
LONG = {"attacks": "slow", "benchmarks": "slow", "commands": "slow", "training": "slow", "worker": "slow", "engines": "model"}
LONG |= {"browser": "browser", "judging": "model"}


def pytest_configure(config: pytest.Config) -> None:
    """Where slow tests are left out no studio starts: tests.running refuses."""
    if re.search(r"\bnot slow\b", config.option.markexpr):
        os.environ["QUICK_TESTS"] = "1"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Rooms whose tests the given marks leave out are not imported either: bin/test --quick loads no torch."""
    mark = LONG.get(collection_path.name) if collection_path.parent == HERE else None
    return True if mark and re.search(rf"\bnot {mark}\b", config.option.markexpr) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of those rooms, and those that want a whole studio or a database server."""
    for item in items:
        if mark := LONG.get(item.path.relative_to(HERE).parts[0]):
            item.add_marker(mark)
        wanted = getattr(item, "fixturenames", ())
        if "studio" in wanted:
            item.add_marker("slow")
        if "postgres" in wanted:
            item.add_marker("postgres")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that the real migrations made; tests take copies of it."""
    from app.integrity.identity import settle
    from app.storage.db import Database
    from app.storage.migrations import migrate
    from app.storage.queue import migrate_queue
    from app.storage.store import Store

    folder = tmp_path_factory.mktemp("migrated")
    config = Settings(data=folder)
    database = Database(config)
    migrate(database.engine)
    migrate_queue(config)
    settle(database, Store(folder))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder


@pytest.fixture
def config(migrated: Path, tmp_path: Path) -> Settings:
    """Settings of a studio of its own, with engines for tests of faults."""
    shutil.copytree(migrated, tmp_path / "data")
    return Settings(data=tmp_path / "data", fake_engines=True, log_level="WARNING")


@contextlib.contextmanager
def serving(config: Settings) -> Iterator[TestClient]:
    """The web application in this process, as a program sees it. What it answers must be as it describes itself."""
    from fastapi.testclient import TestClient

    from app.web.main import create_app
    from tests import interface

    app = create_app(config)
    interface.learn(app)
    with TestClient(app, base_url="http://localhost", headers={"Accept": "application/json"}) as client:
        client.event_hooks = {"response": [interface.agree]}
        yield client


@pytest.fixture
def web(config: Settings) -> Iterator[TestClient]:
    """The web application on the test's own data folder."""
    with serving(config) as client:
        yield client


@pytest.fixture
def database(config: Settings) -> Iterator[Database]:
    """The same database, from behind."""
    from app.storage.db import Database

    opened = Database(config)
    yield opened
    opened.close()


@pytest.fixture
def atelier(web: TestClient, database: Database, config: Settings, monkeypatch: pytest.MonkeyPatch) -> Atelier:
    """A studio with one project, in which a test can have things of every kind made."""
    from tests.attacks.atelier import Atelier
    from tests.hands import hands

    worker, _told = hands(config, monkeypatch)
    made = Atelier(web, database, worker)
    made.project()
    return made


@pytest.fixture
def project(web: TestClient) -> str:
    """The id of a project."""
    return str(web.post("/projects", json={"name": "Coast"}).json()["id"])


@pytest.fixture
def work(web: TestClient, project: str) -> str:
    """The id of a work of pictures."""
    return str(web.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"])


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Makes the bytes of a picture of one colour."""
    from PIL import Image

    def make(colour: str = "teal", size: tuple[int, int] = (64, 48), kind: str = "PNG", **options: Any) -> bytes:
        with tempfile.SpooledTemporaryFile() as file:
            Image.new("RGB", size, colour).save(file, kind, **options)
            file.seek(0)
            return file.read()

    return make


@pytest.fixture
def revision(web: TestClient, work: str, picture: Callable[..., bytes]) -> str:
    """The id of an imported revision."""
    return str(web.post(f"/works/{work}/imports", files={"file": ("fox.png", picture())}).json()["id"])


@pytest.fixture
def stranger(database: Database) -> dict[str, str]:
    """Another artist's project, work and revision: what the local artist must never see."""
    from app.models import Artist, Project, Revision, Work

    with database.writing() as session:
        other = Artist(name="stranger")
        session.add(other)
        session.flush()
        project = Project(owner_id=other.id, name="Not yours")
        session.add(project)
        session.flush()
        work = Work(project_id=project.id, title="Not yours", medium="image", words="not yours")
        session.add(work)
        session.flush()
        revision = Revision(work_id=work.id, number=1, origin="import", created_by_id=other.id)
        session.add(revision)
        session.flush()
        return {"project": str(project.id), "work": str(work.id), "revision": str(revision.id)}


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """A PostgreSQL server of Debian's package; gives the URL of a new, empty database."""
    import sqlalchemy as sa

    from tests.running import free_port

    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    bin_, port = found[-1].parent, free_port()
    folder = Path(tempfile.mkdtemp(prefix="stemma-pg-"))
    as_postgres: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_postgres = {"user": "postgres", "group": "postgres", "extra_groups": []}
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **as_postgres)

    run(str(bin_ / "initdb"), "-D", str(data), "-U", "stemma", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run(str(bin_ / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    base, count = f"postgresql+psycopg://stemma@127.0.0.1:{port}", 0

    def new() -> str:
        nonlocal count
        count += 1
        admin = sa.create_engine(f"{base}/postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE stemma{count}")
        admin.dispose()
        return f"{base}/stemma{count}"

    try:
        yield new
    finally:
        run(str(bin_ / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A whole studio as a person starts it: web and worker with the house model, on SQLite. Shared by the session."""
    from tests.running import Running

    running = Running(tmp_path_factory.mktemp("studio"), {"STEMMA_FAKE_ENGINES": "1"})
    try:
        running.start()
        running.wait_for_worker()
        yield running
    finally:  # also when it did not come up: no process is left behind
        running.stop()
