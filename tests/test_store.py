"""The store: bytes under their digest, whole or not at all, and swept only when nobody knows them."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest

from app.db import Database
from app.errors import DiskFullError, NotFoundError, UnavailableError
from app.models import Asset
from app.queue import Queue
from app.settings import Settings
from app.store import Store
from app.worker.liveness import Liveness
from app.worker.sweep import ORPHAN_AGE, Sweep


def files(root: Path) -> list[str]:
    """Every file below `root`, by its path there."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


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
    assert left[0].startswith("incoming/worker-1/")
    assert store.put(b"a fox") == sha256


def test_the_sweep_of_a_dead_worker_leaves_what_others_are_writing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for owner in ("dead", "alive"):
        (tmp_path / "incoming" / owner).mkdir(parents=True)
        (tmp_path / "incoming" / owner / "half").write_bytes(b"x")
    store.sweep_incoming("dead")
    assert files(tmp_path) == ["incoming/alive/half"]
    store.sweep_incoming("never-was")


def test_orphans_go_when_they_are_old_and_no_row_knows_them(config: Settings, database: Database) -> None:
    store = Store(config.data, "test")
    known, old, young = store.put(b"known"), store.put(b"old"), store.put(b"young")
    for sha256 in (known, old):
        moment = store.path(sha256).stat().st_mtime - ORPHAN_AGE - 60
        os.utime(store.path(sha256), (moment, moment))
    with database.writing() as session:
        session.add(Asset(sha256=known, media_type="image/png", bytes=5))
    queue = Queue(config)
    sweep = Sweep("test", database, queue, store, Liveness(config))
    assert sweep.discard_orphans() == 1
    queue.close()
    assert {sha256 for sha256, _age in store.addresses()} == {known, young}


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "derived").write_bytes(b"in the way")
    store.keep_derived(store.derived("ab" * 32, "64.webp"), b"thumbnail")
    assert files(tmp_path) == ["derived"]


def test_writable_tells_the_truth(tmp_path: Path) -> None:
    assert Store(tmp_path).writable()
    assert files(tmp_path) == []
    (tmp_path / "blocked").write_bytes(b"no folder")
    assert not Store(tmp_path / "blocked").writable()
