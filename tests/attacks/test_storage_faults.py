"""Storage that fails under a running studio: a clear answer, nothing lost, and whole recovery. Every process is real."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.settings import ROOT
from tests.attacks.disks import Clock, Disk, fill, small_disk
from tests.attacks.keeping import QUICKLY, WRITES, Artist, in_both_languages, running_on, said, sound
from tests.running import Running, until

pytestmark = pytest.mark.timeout(600)


def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk, running_on(disk, tmp_path / "studio.log") as running:
        artist = Artist(running)
        artist.works_on()
        artist.finds_everything()
        filler = fill(disk)
        for kind in WRITES:
            for _each in range(200):  # the database has room of its own for a few writes
                if not (answer := artist.writes(kind)).is_success:
                    break
            said(answer, 507, "disk-full")
        in_both_languages(running, "/projects", "The disk is full", "磁盘已满")
        ready = running.http.get("/readyz")
        assert (ready.status_code, "space" in ready.json()["checks"]["store"]) == (503, True)
        assert running.http.get("/healthz").status_code == 200
        artist.reads()
        artist.finds_everything(ended=False)
        filler.unlink()
        until(lambda: running.http.get("/readyz").status_code == 200, 60, "a ready studio")
        artist.works_on()
        ended = {running.wait(id, 120)["status"] for id in artist.generations}
        assert ended <= {"done", "failed"}
        for id in set(artist.generations):
            made = running.generation(id)
            if made["status"] == "failed":  # it found no room for so long that its artist was told
                assert made["error"]["code"] == "disk-full"
                artist.generations.remove(id)
        artist.works_on()
        artist.finds_everything()
        sound(running)


def test_a_disk_that_turns_read_only_and_comes_back(tmp_path: Path) -> None:
    """The kernel does this by itself when it meets an error on a disk; a person has it checked, and starts again."""
    disk = Disk(tmp_path, 64)
    disk.mount()
    try:
        with running_on(disk.place, tmp_path / "studio.log") as running:
            artist = Artist(running)
            artist.works_on()
            artist.finds_everything()
            disk.break_()
            for kind in WRITES:
                answer = artist.writes(kind)
                assert (answer.status_code, answer.json()["code"]) in {(503, "read-only"), (503, "unavailable")}, answer.text
                assert "cannot be written" in answer.json()["title"] or "disk" in answer.json()["title"]
                assert int(answer.headers["retry-after"]) > 0
            ready = running.http.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["checks"]["store"] == "not writable: Read-only file system"
            assert running.http.get("/healthz").status_code == 200
            for id in artist.revisions:
                assert running.http.get(f"/revisions/{id}/content").status_code == 200
        disk.mend()
        disk.mount("ro")
        told = starts_and_says(running, "studio", "Nothing can be written")
        assert "Traceback" not in told
        disk.unmount()
        disk.mount()
        running.start("serve", "worker")
        running.wait_for_worker()
        artist.finds_everything()
        artist.works_on()
        artist.finds_everything()
        sound(running)
        running.stop()
    finally:
        running.stop()
        disk.unmount()


def starts_and_says(running: Running, name: str, words: str, seconds: float = 120) -> str:
    """Start a process that cannot go on, wait until it says why, and end it; all that it said."""
    line = [sys.executable, "-m", "app.cli", name]
    process = subprocess.Popen(
        line, env=running.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    heard = list[str]()
    assert process.stdout is not None
    listening = threading.Thread(target=lambda: heard.extend(iter(process.stdout.readline, "")), daemon=True)  # type: ignore[union-attr]
    listening.start()
    try:
        until(lambda: words in "".join(heard), seconds, f"{words!r} in {heard}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        listening.join(10)
    return "".join(heard)


@contextmanager
def held(url: str) -> Iterator[None]:
    """Another program has the database for itself: no write, on PostgreSQL no read either, until the end."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            names = "projects, works, drafts, generations, revisions, assets"
            connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
        try:
            yield
        finally:
            connection.rollback()
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_database_that_is_locked_for_a_minute(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    """Reads go on, writes are refused with a sentence, a run that ends meanwhile is kept when the lock is gone."""
    more = {} if kind == "sqlite" else {"STEMMA_DATABASE": request.getfixturevalue("postgres")()}
    with running_on(tmp_path, tmp_path / "studio.log", **more) as running:
        url = more.get("STEMMA_DATABASE", f"sqlite:///{running.data / 'stemma.sqlite'}")
        artist = Artist(running)
        artist.works_on()
        artist.finds_everything()
        asked = running.ask(artist.work, engine="fake-slow", params={"steps": 10, "seconds": 1.0}, count=1)["id"]
        until(lambda: running.generation(asked)["status"] == "running", 60, "the run")
        pids = {name: process.pid for name, process in running.processes.items()}
        with held(url):
            began = time.monotonic()
            with ThreadPoolExecutor(len(WRITES)) as pool:  # each waits as long as a person is asked to
                answers = [pool.submit(artist.writes, kind_of_write) for kind_of_write in WRITES]
                while wait(answers, timeout=1).not_done:
                    artist.reads()
            for answer in answers:
                said(answer.result(), 503, "unavailable")
            in_both_languages(running, "/projects", "The database is busy", "数据库")
            assert running.http.get("/healthz").status_code == 200
            time.sleep(max(0.0, 60 - (time.monotonic() - began)))
            artist.reads()
        artist.works_on()
        assert running.wait(asked, 120)["status"] == "done"
        artist.finds_everything()
        assert {name: process.pid for name, process in running.processes.items() if process.poll() is None} == pids


def test_a_start_waits_for_a_locked_database(tmp_path: Path) -> None:
    """A new studio, whose tables cannot be made yet: it says so, waits, and then starts."""
    running = Running(tmp_path, QUICKLY)
    assert running.run("migrate").returncode == 0
    with closing(sqlite3.connect(running.data / "stemma.sqlite")) as rows:
        rows.execute("delete from identity")
        rows.commit()
    with held(f"sqlite:///{running.data / 'stemma.sqlite'}"):
        with running.log.open("ab") as log:
            line = [sys.executable, "-m", "app.cli", "studio"]
            running.processes["studio"] = subprocess.Popen(line, env=running.environment, cwd=ROOT, stdout=log, stderr=log)
        until(lambda: "busy or away" in running.log.read_text(), 120, f"the sentence ({running.log})")
        assert running.processes["studio"].poll() is None
    try:
        until(lambda: running.http.get("/healthz").status_code == 200, 120, f"the web ({running.log})")
        assert "Traceback" not in running.log.read_text()
        Artist(running).works_on()
    finally:
        running.stop()


def holes(file: Path) -> None:
    """Half of every page but the first is lost."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        for page in range(1, size // 4096):
            opened.seek(page * 4096)
            opened.write(os.urandom(2048))


def no_head(file: Path) -> None:
    """It does not begin as a database does."""
    with file.open("r+b") as opened:
        opened.write(b"not a database at all, but something else" * 20)


def cut(file: Path) -> None:
    """Its second half is gone."""
    os.truncate(file, file.stat().st_size // 8192 * 4096)


@pytest.mark.parametrize("damage", [holes, no_head, cut])
def test_a_damaged_database(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """Told while it runs and at the start, with the newest backup and the command, which brings the studio back."""
    backups = tmp_path / "backups"
    with running_on(tmp_path, tmp_path / "studio.log") as running:
        artist = Artist(running)
        artist.works_on()
        artist.finds_everything()
        for name in ("old.tar", "newest.tar", "gone.tar"):
            done = running.run("backup", str(backups / name))
            assert done.returncode == 0, done.stderr
        (backups / "gone.tar").unlink()
        file = running.data / "stemma.sqlite"
        with closing(sqlite3.connect(file)) as rows:
            rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert running.http.get("/readyz").status_code == 200
        damage(file)
        ready = until(lambda: (met := running.http.get("/readyz")).status_code == 503 and met, 120, "damage in /readyz")
        met = ready.json()["checks"]["database"]
        assert met.startswith("damaged")
        assert f"stemma restore {backups / 'newest.tar'} --data" in met
        answers = [artist.writes(kind) for kind in WRITES]
        for answer in answers:
            assert answer.status_code in {201, 202, 200, 503}, answer.text
        if refused := [answer for answer in answers if not answer.is_success]:
            assert refused[0].json()["code"] == "damaged"
    before = {path: path.read_bytes() for path in (running.data / "store").rglob("*") if path.is_file()}
    for name in ("studio", "serve", "worker", "migrate"):
        done = running.run(name)
        assert done.returncode == 1, done.stderr
        assert "is damaged" in done.stderr
        assert "Traceback" not in done.stderr
        command = re.search(r"stemma restore (\S+) --data", done.stderr)
        assert command is not None
        assert command[1] == str(backups / "newest.tar")
    assert running.run("backup", str(backups / "never.tar")).returncode == 1
    assert not (backups / "never.tar").exists()
    assert all(path.read_bytes() == data for path, data in before.items())
    again(running, artist, backups / "newest.tar", tmp_path / "again")


def again(running: Running, artist: Artist, backup: Path, place: Path) -> None:
    """Bring the backup back into a new place, start there, and find everything."""
    done = running.run("restore", str(backup), "--data", str(place))
    assert done.returncode == 0, done.stderr
    running.environment["STEMMA_DATA"], running.data = str(place), place
    running.processes.clear()
    running.start()
    try:
        running.wait_for_worker()
        artist.version = running.http.get(f"/works/{artist.work}/draft").json()["version"]
        artist.words = running.http.get(f"/works/{artist.work}/draft").json()["brief"]["intent"]
        for kept in (artist.projects, artist.works, artist.revisions, artist.generations):
            assert kept
        known = {id for id in artist.projects if running.http.get(f"/projects/{id}").status_code == 200}
        assert artist.project in known
        artist.projects, artist.works = known, {artist.work}
        artist.revisions = {id for id in artist.revisions if running.http.get(f"/revisions/{id}").status_code == 200}
        artist.generations = {id for id in artist.generations if running.http.get(f"/generations/{id}").status_code == 200}
        assert artist.revisions
        assert artist.generations
        artist.works_on()
        artist.finds_everything()
        sound(running)
    finally:
        running.stop()


@pytest.mark.parametrize("damage", [no_head, cut])
def test_a_damaged_queue_is_made_anew_from_the_rows(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """What was accepted and waits is in the studio's own rows; the damaged file lies aside."""
    running = Running(tmp_path, QUICKLY)
    running.start("serve")
    artist = Artist(running)
    artist.works_on()
    running.stop()
    with closing(sqlite3.connect(running.data / "engine.sqlite")) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(running.data / "engine.sqlite")
    running.processes.clear()
    running.start()
    try:
        artist.finds_everything()
        assert list(running.data.glob("engine.sqlite.damaged-*"))
    finally:
        running.stop()


@pytest.mark.parametrize("moment", ["while it runs", "while it is off"])
def test_a_clock_that_is_put_back_by_an_hour(tmp_path: Path, moment: str) -> None:
    """Nothing waits an hour, sorts before what is older, or is taken for gone."""
    clock = Clock(tmp_path)
    running = Running(tmp_path, QUICKLY | clock.environment)
    running.start()
    try:
        running.wait_for_worker()
        artist = Artist(running)
        artist.works_on()
        artist.finds_everything()
        if moment == "while it is off":  # what was accepted just before has not reached the queue
            running.kill("worker")
            artist.writes("generation")
            running.kill("serve")
            for tail in ("", "-wal", "-shm"):
                (running.data / f"engine.sqlite{tail}").unlink(missing_ok=True)
            running.processes.clear()
        clock.put_back(3600)
        if moment == "while it is off":
            running.start()
            running.wait_for_worker()
        artist.works_on()
        artist.finds_everything()
        lists_begin_with_the_newest(running, artist)
        assert running.run("backup", str(tmp_path / "studio.tar")).returncode == 0
        running.kill("worker")  # it was seen an hour later than now: that is no sign of life
        until(lambda: running.http.get("/readyz").json()["workers"] == 0, 60, "the worker to be gone")
        sound(running)
    finally:
        running.stop()


def lists_begin_with_the_newest(running: Running, artist: Artist) -> None:
    """Lists by time, cursors and the last draft go by what came after what."""
    newest = running.project("Newest")
    listed = running.http.get("/projects").json()["items"]
    assert listed[0]["id"] == newest
    seen, cursor = list[str](), ""
    while True:
        asked_for = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page: dict[str, Any] = running.http.get(f"/works/{artist.work}/generations", params=asked_for).json()
        seen += [one["id"] for one in page["items"]]
        if not (cursor := page["next"]):
            break
    assert set(seen) >= artist.generations
    asked = running.ask(artist.work, engine="fake-slow", params={"steps": 2, "seconds": 0.0}, count=1)["id"]
    assert running.wait(asked)["status"] == "done"
    assert running.http.get(f"/works/{artist.work}/generations").json()["items"][0]["id"] == asked
