"""The store: bytes under their digest, whole or not at all, and swept only when nobody knows them."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.errors import DiskFullError, NotFoundError, UnavailableError
from app.models import Asset, Identity
from app.settings import ROOT, Settings
from app.storage.db import Database
from app.storage.store import ORPHAN_AGE, Store
from app.storage.store.mark import Mark, write_mark
from app.storage.store.quarantine import DAMAGED, DAYS, ORPHAN, today
from app.storage.store.workplace import LOCK
from app.worker.orphans import FEW, Orphans


def files(root: Path) -> list[str]:
    """Every file below `root`, by its path there, but for the locks of those who write."""
    found = [path for path in root.rglob("*") if path.is_file() and path.name != LOCK]
    return sorted(str(path.relative_to(root)) for path in found)


def age(path: Path, seconds: float = ORPHAN_AGE + 60) -> None:
    """Make a file as old as that."""
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def test_bytes_lie_under_their_digest_and_twice_is_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    sha256 = store.put(b"a fox")
    assert sha256 == hashlib.sha256(b"a fox").hexdigest()
    written = store.path(sha256).stat()
    assert store.put(b"a fox") == sha256
    assert store.path(sha256).stat().st_ino == written.st_ino
    assert store.get(sha256) == b"a fox"
    assert files(tmp_path) == [f"store/{sha256[:2]}/{sha256[2:4]}/{sha256}"]


def test_many_writers_of_the_same_bytes_leave_one_whole_file(tmp_path: Path) -> None:
    data, store, barrier, found = os.urandom(300_000), Store(tmp_path), threading.Barrier(8), []

    def put() -> None:
        barrier.wait()
        found.append(store.put(data))

    threads = [threading.Thread(target=put) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {hashlib.sha256(data).hexdigest()}
    assert len(found) == 8
    assert store.get(found[0]) == data
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskFullError), (errno.EDQUOT, DiskFullError), (errno.EIO, UnavailableError)]
)
def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(error):
        Store(tmp_path).put(b"a fox")
    assert files(tmp_path) == []


def test_a_power_cut_before_the_rename_leaves_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stops the process between write and rename is no OSError: nothing cleans up, and still nothing is visible."""

    def cut(_self: Path, _target: Path) -> None:
        raise KeyboardInterrupt

    store = Store(tmp_path, "worker-1")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", cut)
        with pytest.raises(KeyboardInterrupt):
            store.put(b"a fox")
    sha256 = hashlib.sha256(b"a fox").hexdigest()
    with pytest.raises(NotFoundError):
        store.get(sha256)
    assert list(store.addresses()) == []
    left = files(tmp_path)
    assert len(left) == 1
    assert left[0].startswith("incoming/worker-1-")
    assert store.put(b"a fox") == sha256


def test_the_sweep_of_the_dead_leaves_what_the_living_write(tmp_path: Path) -> None:
    alive = Store(tmp_path, "alive")
    alive.incoming.file("ab" * 32).write_bytes(b"x")
    code = (
        "import os, pathlib; from app.storage.store import Store;"
        f"Store(pathlib.Path({str(tmp_path)!r}), 'dead').incoming.file('cd' * 32).write_bytes(b'half'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    (dead,) = (tmp_path / "incoming").glob("dead-*")
    assert len(list(dead.iterdir())) == 2
    alive.sweep_incoming()
    assert [path.name for path in (tmp_path / "incoming").iterdir()] == [alive.incoming.folder.name]
    assert len(files(tmp_path)) == 1


def test_what_an_older_version_left_goes_when_it_is_old(tmp_path: Path) -> None:
    left, recent, other = (tmp_path / "incoming" / name / ("ab" * 32 + ".123") for name in ("pid-7", "restore", "photos"))
    for path in (left, recent, other):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    age(left)
    age(other)
    Store(tmp_path).sweep_incoming()
    assert not left.parent.exists()
    assert recent.exists()
    assert other.exists()


def test_half_files_among_what_is_derived_go_when_they_are_old(tmp_path: Path) -> None:
    store, names = Store(tmp_path), ["64.webp", "64.webp.12.1234567890", "64.webp.13.9876543210"]
    whole, old, recent = (store.derived("ab" * 32, name) for name in names)
    for path in (whole, old, recent, whole.with_name("notes.1.1234567890")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        age(path)
    os.utime(recent)
    store.sweep_derived()
    assert files(tmp_path / "derived" / "ab") == sorted([whole.name, recent.name, "notes.1.1234567890"])


@pytest.fixture
def swept(config: Settings, database: Database) -> tuple[Store, Orphans]:
    """A store of 20 files that rows know, and what looks for orphans in it."""
    store = Store(config.data, "test")
    with database.writing() as session:
        for number in range(20):
            sha256 = store.put(str(number).encode())
            age(store.path(sha256))
            session.add(Asset(sha256=sha256, media_type="image/png", bytes=len(str(number))))
    return store, Orphans(database, store)


def orphan(store: Store, data: bytes) -> str:
    """Bytes that no row knows, put there long ago."""
    sha256 = store.put(data)
    age(store.path(sha256))
    return sha256


def test_orphans_are_set_aside_when_they_are_old(swept: tuple[Store, Orphans], database: Database) -> None:
    store, orphans = swept
    old, young = orphan(store, b"old"), store.put(b"young")
    report = orphans.tidy()
    assert (report.files, report.orphans, report.set_aside, report.stopped) == (22, 1, 1, "")
    addresses = {sha256 for sha256, _age in store.addresses()}
    assert (len(addresses), old in addresses, young in addresses) == (21, False, True)
    (aside,) = store.quarantine.files(ORPHAN)
    assert aside.read_bytes() == b"old"
    assert aside.parent.parent.name == today().isoformat()
    with database.reading() as session:
        assert (session.scalar(sa.select(Identity.sweep)) or {})["set_aside"] == 1


def test_what_was_set_aside_is_read_and_comes_back(swept: tuple[Store, Orphans], database: Database) -> None:
    """Whoever wants the bytes again has them: a reader at once, a row that knows them at the next pass, a writer too."""
    store, orphans = swept
    read, known, written = (orphan(store, data) for data in (b"read", b"known", b"written"))
    assert orphans.tidy().set_aside == 3
    assert store.get(read) == b"read"
    assert store.put(b"written") == written
    with database.writing() as session:
        session.add(Asset(sha256=known, media_type="image/png", bytes=5))
    report = orphans.tidy()
    assert (report.brought_back, report.set_aside) == (1, 0)
    assert {read, known, written} <= {sha256 for sha256, _age in store.addresses()}


def test_many_orphans_at_once_stay_and_are_told(swept: tuple[Store, Orphans], web: TestClient) -> None:
    store, orphans = swept
    for number in range(FEW + 1):
        orphan(store, f"orphan {number}".encode())
    report = orphans.tidy()
    assert (report.orphans, report.set_aside) == (FEW + 1, 0)
    assert len(list(store.addresses())) == 20 + FEW + 1
    ready = web.get("/readyz")
    assert ready.status_code == 200  # the studio goes on
    assert f"{FEW + 1} of {20 + FEW + 1} files" in ready.json()["notes"]["sweep"]
    metrics = web.get("/metrics").text
    assert f"stemma_store_orphans {FEW + 1}.0" in metrics
    assert "stemma_sweep_stopped 1.0" in metrics
    assert orphans.tidy(all_of_them=True).set_aside == FEW + 1
    metrics = web.get("/metrics").text
    assert "stemma_sweep_stopped 0.0" in metrics
    assert f'stemma_quarantine_files{{reason="orphan"}} {FEW + 1}.0' in metrics


def test_a_small_store_never_loses_most_of_its_files(config: Settings, database: Database) -> None:
    store = Store(config.data, "test")
    for number in range(3):
        orphan(store, f"picture {number}".encode())
    report = Orphans(database, store).tidy()
    assert (report.files, report.orphans, report.set_aside) == (3, 3, 0)
    assert report.stopped


def test_little_by_little_is_no_way_around_the_share(swept: tuple[Store, Orphans]) -> None:
    store, orphans = swept
    for number in range(FEW):
        orphan(store, f"first {number}".encode())
    assert orphans.tidy().set_aside == FEW
    orphan(store, b"one more")
    report = orphans.tidy()
    assert (report.set_aside, report.orphans) == (0, 1)
    assert str(FEW) in report.stopped


def test_nothing_moves_in_a_store_of_another_database(swept: tuple[Store, Orphans]) -> None:
    store, orphans = swept
    orphan(store, b"old")
    write_mark(store, Mark(uuid4()))
    report = orphans.tidy()
    assert (report.set_aside, report.files) == (0, 0)
    assert "not the one of this database" in report.stopped


def test_the_quarantine_ends_after_thirty_days_for_what_the_studio_made(swept: tuple[Store, Orphans]) -> None:
    store, orphans = swept
    names = [orphan(store, data) for data in (b"older", b"newer", b"changed")]
    orphans.tidy()
    places = {path.name: path for path in store.quarantine.files(ORPHAN)}
    for name, days in zip(names, (DAYS + 1, DAYS, DAYS + 1), strict=True):
        day = store.quarantine.folder / (today() - timedelta(days=days)).isoformat() / ORPHAN
        day.mkdir(parents=True, exist_ok=True)
        places[name].rename(day / name)
        if name == names[2]:
            (day / name).write_bytes(b"other bytes than its name says")
    (store.quarantine.folder / "2020-01-01" / ORPHAN).mkdir(parents=True)
    foreign = store.quarantine.folder / "2020-01-01" / ORPHAN / "letter.txt"
    foreign.write_bytes(b"somebody's")
    assert orphans.tidy().expired == 1
    assert [path.name for path in store.quarantine.files(ORPHAN)] == ["letter.txt", names[1]]
    assert [path.name for path in store.quarantine.files(DAMAGED)] == [names[2]]


def test_an_old_orphan_that_is_kept_again_is_young(tmp_path: Path) -> None:
    store = Store(tmp_path)
    sha256 = orphan(store, b"a fox")
    store.put(b"a fox")
    assert not store.set_aside(sha256)
    assert store.get(sha256) == b"a fox"


def test_the_sweep_that_met_a_writer_between_its_look_and_its_rename_takes_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    sha256 = orphan(store, b"a fox")
    real = Path.rename

    def kept_meanwhile(self: Path, target: Path) -> Path:
        assert store.put(b"a fox") == sha256
        return real(self, target)

    monkeypatch.setattr(Path, "rename", kept_meanwhile)
    assert not store.set_aside(sha256)
    assert store.path(sha256).read_bytes() == b"a fox"
    assert list(store.quarantine.files(ORPHAN)) == []


def test_writers_and_sweepers_at_once_lose_nothing(tmp_path: Path) -> None:
    """What `put` gave back stays where it is for as long as it is young, here a third of a second."""
    store, lost, kept, stop = Store(tmp_path), list[bytes](), list[bytes](), threading.Event()
    contents = [f"content {number}".encode() for number in range(5)]
    addresses, youth, aside = [store.put(data) for data in contents], 0.3, list[bool]()

    def sweeping() -> None:
        while not stop.is_set():
            aside.extend(filter(None, (store.set_aside(sha256, youth) for sha256 in addresses)))

    def writing() -> None:
        for data in contents * 8:
            time.sleep(random.uniform(0, 2 * youth))
            began = time.time()
            path = store.path(store.put(data))
            there = any(path.exists() or time.sleep(0.02) for _look in range(3))  # a sweep may be taking it back
            if time.time() - began < youth:  # on a busy machine it may be old by now
                (kept if there else lost).append(data)

    sweeper, writers = threading.Thread(target=sweeping), [threading.Thread(target=writing) for _each in range(3)]
    for thread in (sweeper, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    sweeper.join()
    assert (lost, bool(kept), bool(aside)) == ([], True, True)


@pytest.mark.parametrize("damage", [b"", b"a f", b"a cat", b"a fox and more"])
def test_damaged_bytes_are_told_and_written_anew(tmp_path: Path, damage: bytes) -> None:
    store = Store(tmp_path)
    sha256 = store.put(b"a fox")
    store.path(sha256).write_bytes(damage)
    with pytest.raises(NotFoundError, match="damaged"):
        store.get(sha256)
    assert store.put(b"a fox") == sha256
    assert store.get(sha256) == b"a fox"
    (aside,) = store.quarantine.files(DAMAGED)
    assert aside.read_bytes() == damage


def test_the_address_of_damaged_bytes_is_no_picture(web: TestClient, config: Settings, revision: str) -> None:
    asset = web.get(f"/revisions/{revision}").json()["asset"]
    path = Store(config.data).path(asset["sha256"])
    path.write_bytes(path.read_bytes()[:-3])
    answer = web.get(f"/revisions/{revision}/content")
    assert (answer.status_code, "damaged" in answer.json()["title"]) == (404, True)


def test_new_folders_reach_the_disk_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder in which a name is new is synced after the name was made, before `put` returns."""
    synced: list[tuple[Path, set[str]]] = []

    def sync(folder: Path) -> None:
        synced.append((folder, {path.name for path in folder.iterdir()}))

    monkeypatch.setattr("app.storage.store.files.sync_folder", sync)
    sha256 = Store(tmp_path / "new").put(b"a fox")
    way = [tmp_path, tmp_path / "new", *(tmp_path / "new" / part for part in ("store", f"store/{sha256[:2]}"))]
    for folder, name in zip(
        [*way, Store(tmp_path / "new").path(sha256).parent], ["new", "store", sha256[:2], sha256[2:4], sha256], strict=True
    ):
        assert any(one == folder and name in names for one, names in synced), folder


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "derived").write_bytes(b"in the way")
    store.keep_derived(store.derived("ab" * 32, "64.webp"), b"thumbnail")
    assert files(tmp_path) == ["derived"]


def test_why_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    assert Store(tmp_path).refusal() is None
    assert files(tmp_path) == []
    (tmp_path / "blocked").write_bytes(b"no folder")
    assert "directory" in (Store(tmp_path / "blocked").refusal() or "")
