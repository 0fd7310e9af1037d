"""Faults of the machine: a full disk, a locked database, damaged weights. Clear answers, and nothing half done."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from PIL import Image

from app.engines.image.house import FOLDER, House
from app.engines.shared.weights import NAME
from app.errors import DiskFullError, InvalidError, StemmaError
from app.models import Asset, Revision
from app.settings import Settings
from app.storage import db
from app.storage.db import Database
from app.web.main import create_app
from app.worker import main
from tests.hands import hands


def files(folder: Path) -> list[Path]:
    """Every file below `folder`, but for the store's identity and the locks of those who write."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name not in {"identity", "lock"}]


@pytest.fixture
def small_disk(config: Settings) -> Iterator[Path]:
    """The studio's store and incoming folder on a disk of 256 KB (a tmpfs where this machine lets us mount one)."""
    disk = config.data / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here; the fsync that fails covers the same answer")
    for name in ("store", "incoming"):
        if (config.data / name).exists():
            shutil.copytree(config.data / name, disk / name)
            shutil.rmtree(config.data / name)
        (disk / name).mkdir(exist_ok=True)
        (config.data / name).symlink_to(disk / name)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)  # the web still holds its lock there


def fill(file: Path) -> None:
    """Write into `file` until its disk is full."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(descriptor, b"x" * 4096):
            pass
    except OSError as error:
        assert error.errno == errno.ENOSPC  # noqa: PT017 (any other error is a fault of this test)
    finally:
        os.close(descriptor)


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on every write to the store finds the disk full; calling it again makes room."""
    real, full = os.fsync, False

    def fsync(descriptor: int) -> None:
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)

    def turn() -> None:
        nonlocal full
        full = not full

    return turn


def ask(web: TestClient, work: str) -> str:
    """A generation of the fake engine; its id."""
    body = {"brief": {"intent": "a fox"}, "engine": "fake-slow", "params": {"steps": 2, "seconds": 0.0}, "count": 2}
    return str(web.post(f"/works/{work}/generations", json=body).json()["id"])


def test_an_upload_onto_a_full_disk_is_told_and_leaves_nothing(
    web: TestClient, database: Database, work: str, picture: Callable[..., bytes], small_disk: Path
) -> None:
    (small_disk / "filler").write_bytes(b"x" * 150_000)
    noise = picture_of_noise()
    answer = web.post(f"/works/{work}/imports", files={"file": ("noise.png", noise)})
    assert answer.status_code == 507
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], "disk is full" in answer.json()["title"]) == ("disk-full", True)
    assert [path.name for path in files(small_disk)] == ["filler"]
    with database.reading() as session:
        assert (session.query(Revision).count(), session.query(Asset).count()) == (0, 0)
    (small_disk / "filler").unlink()
    assert web.post(f"/works/{work}/imports", files={"file": ("noise.png", noise)}).status_code == 201


def picture_of_noise() -> bytes:
    """A PNG of about 200 KB: noise does not compress."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (256, 256), os.urandom(256 * 256 * 3)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_person_reads_that_the_disk_is_full(
    web: TestClient, work: str, picture: Callable[..., bytes], no_room: Callable[[], None]
) -> None:
    no_room()
    answer = web.post(f"/works/{work}/imports", files={"file": ("f.png", picture())}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-retarget"]) == (507, "#problem")
    assert "disk is full" in answer.text


def test_a_result_waits_for_room_and_is_kept_when_there_is_some(
    config: Settings, web: TestClient, work: str, monkeypatch: pytest.MonkeyPatch, no_room: Callable[[], None]
) -> None:
    worker, _told = hands(config, monkeypatch)
    id = ask(web, work)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            no_room()  # somebody made room

    no_room()
    monkeypatch.setattr("app.worker.run.time.sleep", sleep)
    assert worker.make(id) == "done"
    assert len(pauses) >= 3
    made = web.get(f"/generations/{id}").json()
    assert (made["status"], made["attempt"], len(made["variants"])) == ("done", 1, 2)


def test_a_result_that_finds_no_room_fails_with_the_reason_and_leaves_nothing(
    config: Settings,
    web: TestClient,
    work: str,
    monkeypatch: pytest.MonkeyPatch,
    small_disk: Path,
) -> None:
    monkeypatch.setattr(main, "DISK_PATIENCE", 0.3)
    filler = small_disk / "filler"
    fill(filler)
    worker, _told = hands(config, monkeypatch)
    id = ask(web, work)
    assert worker.make(id) == "failed"
    made = web.get(f"/generations/{id}").json()
    assert (made["status"], made["error"]["code"], made["variants"]) == ("failed", "disk-full", [])
    assert [path.name for path in files(small_disk)] == ["filler"]
    filler.unlink()
    again = ask(web, work)
    assert worker.make(again) == "done"


@pytest.fixture
def impatient(config: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A web that waits half a second for the database."""
    monkeypatch.setattr(db, "BUSY_TIMEOUT", 0.5)
    with TestClient(create_app(config), base_url="http://localhost", headers={"Accept": "application/json"}) as client:
        yield client


def test_a_locked_database_says_when_to_come_back_and_is_read_meanwhile(impatient: TestClient, config: Settings) -> None:
    project = impatient.post("/projects", json={"name": "Coast"}).json()["id"]
    work = impatient.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
    holder = sqlite3.connect(config.data / "stemma.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        refused = [
            impatient.put(f"/works/{work}/draft", json={"version": 1, "brief": {"intent": "a fox"}}),
            impatient.post(f"/works/{work}/generations", json={"brief": {"intent": "a fox"}}),
            impatient.post("/projects", json={"name": "Another"}),
        ]
        for answer in refused:
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0
        assert impatient.get(f"/works/{work}/draft").json()["version"] == 1
        assert len(impatient.get("/projects").json()["items"]) == 1
        assert impatient.get("/readyz").status_code == 200
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert impatient.put(f"/works/{work}/draft", json={"version": 1, "brief": {"intent": "a fox"}}).status_code == 200
    assert impatient.get("/generations").json()["items"] == []


def test_a_run_outlasts_a_locked_database(
    config: Settings, web: TestClient, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is stored when the lock is gone, not thrown away."""
    id = ask(web, work)
    monkeypatch.setattr(db, "BUSY_TIMEOUT", 0.2)
    worker, _told = hands(config, monkeypatch)
    holder = sqlite3.connect(config.data / "stemma.sqlite", isolation_level=None, check_same_thread=False)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            holder.execute("ROLLBACK")

    real = main.finish

    def finish(*given: Any) -> None:
        if not pauses:
            holder.execute("BEGIN IMMEDIATE")
            monkeypatch.setattr("app.worker.run.time.sleep", sleep)
            pauses.append(0)
        real(*given)

    monkeypatch.setattr(main, "finish", finish)
    assert worker.make(id) == "done"
    holder.close()
    assert len(pauses) > 1
    assert len(web.get(f"/generations/{id}").json()["variants"]) == 2


def test_a_missing_file_is_not_found_and_the_rest_of_the_page_stands(web: TestClient, config: Settings, revision: str) -> None:
    shutil.rmtree(config.data / "store")
    for path in ("content", "content?w=256", "download"):
        answer = web.get(f"/revisions/{revision}/{path}")
        assert (answer.status_code, "missing from the store" in answer.json()["title"]) == (404, True)
    assert web.get(f"/revisions/{revision}", headers={"Accept": "text/html"}).status_code == 200


class Damaged(House):
    """The house engine over another folder."""

    name = "damaged"


@pytest.mark.model
@pytest.mark.parametrize("damage", ["cut short", "tensors of another shape"])
def test_damaged_weights_fail_the_run_by_name_and_the_worker_goes_on(
    config: Settings,
    web: TestClient,
    database: Database,
    work: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(FOLDER, folder)
    file = folder / "vae" / NAME
    if damage == "cut short":
        file.write_bytes(file.read_bytes()[:-1000])
    else:
        shutil.copy(folder / "unet" / NAME, file)
    worker, _told = hands(config, monkeypatch, Damaged(folder))
    id = ask(web, work)
    with database.writing() as session:
        session.execute(sa.text("update generations set engine = 'damaged', params = '{}'"))
    assert worker.make(id) == "failed"
    error = web.get(f"/generations/{id}").json()["error"]
    assert str(file) in error["message"]
    assert worker.make(ask(web, work)) == "done"


def test_a_message_outlives_its_placeholders() -> None:
    """A translator's slip or a library's percent sign is no second fault."""
    error = StemmaError("%(waiting)d of %(missing)s", waiting="many")
    assert error.message() == "%(waiting)d of %(missing)s"
    assert StemmaError("%(said)s", said="100% wrong").message() == "100% wrong"
    assert StemmaError("50% of %(what)s", what="it").message() == "50% of %(what)s"
    assert StemmaError("100% wrong").message() == "100% wrong"
    assert StemmaError("%(said)s", said="x").message(lambda _text: "%(gesagt)s") == "%(gesagt)s"
    wrong = InvalidError("field", "%(a)s %(b)s", a=1)
    assert wrong.errors() == [{"field": "field", "message": "%(a)s %(b)s"}]
    assert DiskFullError().headers["Retry-After"]
