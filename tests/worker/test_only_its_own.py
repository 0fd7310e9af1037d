"""Every process of the studio deletes only what it made: others' files lie everywhere in its folders, old and in the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.cli import app as commands
from app.engines.text import gguf
from app.settings import ROOT, Settings
from app.storage.store import Store
from tests.running import Running, until

DIGEST = "ab" * 32
# Where somebody may have put something, and what the studio might take for its own leavings there.
INSIDE = (
    "notes.txt",
    "stemma.sqlite.bak",
    "stemma.sqlite-old",
    "engine.sqlite.copy",
    "backups.txt",
    "tmpa1b2c3/letter.txt",
    f"{DIGEST}.1",
    "store/README",
    "store/letters/ab/cd.txt",
    "store/ab/notes.txt",
    "store/ab/ab/notes.txt",
    f"store/ab/ab/{DIGEST}.bak",
    f"store/ab/cd/{DIGEST}",
    f"store/ab/ab/{DIGEST}/letter.txt",
    "store/quarantine/notes.txt",
    "store/quarantine/2020-01-01/notes.txt",
    "store/quarantine/2020-01-01/orphan/letter.txt",
    f"store/quarantine/2020-01-01/damaged/{DIGEST}",
    f"store/quarantine/letters/orphan/{DIGEST}",
    "incoming/photo.jpg",
    f"incoming/{DIGEST}.1",
    f"incoming/holiday/{DIGEST}.1",
    "incoming/holiday/lock",
    "incoming/pid-1/letter.txt",
    "incoming/web-0123abcd/letter.txt",
    "incoming/web-89abcdef/lock",
    f"incoming/web-89abcdef/{DIGEST}.1",
    "derived/letter.webp",
    "derived/ab/notes.1.1234567890",
    f"derived/ab/{DIGEST}.txt",
    "derived/rendered/song.wav",
    "derived/rendered/song.wav.1.1234567890",
    "workers/list.txt",
    "workers/letter.lock",
    "cache/models/letter.txt",
)
BESIDE = (
    ".studio.tar.partial",
    ".stemma-backup-0123abcd/lock",
    ".stemma-backup-0123abcd/rows.1",
    "other.tar",
    "tmpx/letter.txt",
)
# What lies under an address but is not what the address says: it may be moved into the quarantine, and no further.
MOVABLE = f"store/cd/cd/{'cd' * 32}"


def plant(folder: Path, names: tuple[str, ...]) -> dict[Path, str]:
    """Put others' files there, two months old; the digest of each by its path."""
    planted = {}
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"somebody's {name}")
        moment = time.time() - 60 * 86400
        os.utime(path, (moment, moment))
        planted[path] = hashlib.sha256(path.read_bytes()).hexdigest()
    return planted


class Strangers:
    """A studio of processes in whose folders others keep files."""

    def __init__(self, folder: Path) -> None:
        more = {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0", "STEMMA_JUDGE": "", "STEMMA_GRACE": "1"}
        self.running = Running(folder, more | {"STEMMA_CACHE": str(folder / "data" / "cache")})
        self.data, self.beside = self.running.data, folder / "backups"
        self.planted = plant(self.data, INSIDE) | plant(self.beside, BESIDE)
        large = self.data / "derived" / "rendered" / "concert.wav"
        large.touch()
        os.truncate(large, 600 * 2**20)  # more than what is kept of renderings; a hole, it takes no room
        self.planted[large] = ""
        self.movable = plant(self.data, (MOVABLE,))

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command to its end."""
        done = self.running.run(*command)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    @contextlib.contextmanager
    def started(self, *names: str) -> Iterator[Running]:
        """Processes that serve, until they are told to end."""
        with self.running.log.open("ab") as log:
            for name in names:
                line = [sys.executable, "-m", "app.cli", name]
                started = subprocess.Popen(line, env=self.running.environment, cwd=ROOT, stdout=log, stderr=log)
                self.running.processes[name] = started
        try:
            until(lambda: self.running.http.get("/healthz").status_code == 200, 120, f"the web ({self.running.log})")
            yield self.running
        finally:
            self.running.stop()

    def swept(self) -> str:
        """Wait until a worker has swept the store; what it says why nothing was moved."""

        def found() -> str | None:
            with sqlite3.connect(self.data / "stemma.sqlite") as rows:
                return next(
                    iter(rows.execute("select sweep ->> 'at', sweep ->> 'stopped' from identity where sweep not null")), None
                )

        return str(until(found, 120, f"a sweep ({self.running.log})")[1])

    def check(self) -> None:
        """Every planted file is where it was, and what it was."""
        for path, digest in self.planted.items():
            assert path.is_file(), f"{path} is gone"
            assert not digest or hashlib.sha256(path.read_bytes()).hexdigest() == digest, f"{path} was changed"
        ((path, digest),) = self.movable.items()
        aside = [path, *(self.data / "store" / "quarantine").glob(f"*/*/{path.name}*")]
        assert any(one.is_file() and hashlib.sha256(one.read_bytes()).hexdigest() == digest for one in aside)


@pytest.fixture
def strangers(tmp_path: Path) -> Strangers:
    """The studio's tables are made, others' files lie everywhere."""
    return Strangers(tmp_path)


def adopted(strangers: Strangers) -> None:
    """`adopt`: a database that fits nothing (one file lies under an address) is joined with the store."""
    refused = strangers.run("migrate", code=1)
    assert "stemma adopt" in refused
    strangers.check()
    assert "belong together from now on" in strangers.run("adopt")


def migrated(strangers: Strangers) -> None:
    """`migrate`, also over a queue that is damaged."""
    adopted(strangers)
    strangers.run("migrate")
    (strangers.data / "engine.sqlite").write_bytes(b"no database" * 1000)
    strangers.run("migrate")
    assert next(strangers.data.glob("engine.sqlite.damaged-*")).read_bytes() == b"no database" * 1000


def told(strangers: Strangers) -> None:
    """`orphans`, telling and moving."""
    migrated(strangers)
    path = next(iter(strangers.movable))
    assert str(path) in strangers.run("orphans")
    assert "1 files lie in" in strangers.run("orphans", "--set-aside")
    assert not path.exists()
    strangers.check()


def saved(strangers: Strangers) -> None:
    """`backup`: a new one, over an older one, after one that was killed, and not over somebody's file."""
    migrated(strangers)
    target = strangers.beside / "studio.tar"
    strangers.run("backup", str(target))
    half = strangers.beside / ".stemma-backup-89abcdef"
    half.mkdir()
    (half / "lock").write_text(f"stemma {half.name}\n")
    (half / "rows.1").write_bytes(b"half")
    strangers.run("backup", str(target))
    assert not half.exists()
    assert "is no backup" in strangers.run("backup", str(strangers.beside / "other.tar"), code=1)


def brought(strangers: Strangers) -> None:
    """`restore`: into the folder of others' files, which is no studio; not into one that is."""
    adopted(strangers)
    strangers.run("backup", str(strangers.beside / "studio.tar"))
    for tail in ("", "-wal", "-shm"):
        (strangers.data / f"stemma.sqlite{tail}").unlink(missing_ok=True)
    (strangers.data / "store" / "identity").unlink()
    assert "already" in strangers.run("restore", str(strangers.beside / "studio.tar"), code=1)  # a file under an address
    strangers.check()
    path, digest = strangers.movable.popitem()
    strangers.movable[path.rename(strangers.data / "elsewhere")] = digest
    strangers.run("restore", str(strangers.beside / "studio.tar"))


def used(strangers: Strangers, *names: str) -> None:
    """Web and worker (alone, or under `studio`): used, killed, started again, swept."""
    adopted(strangers)
    strangers.run("migrate")
    tune = "X:1\nT:Reel\nM:4/4\nL:1/8\nK:D\n|: DEFA BAFA | d2 e2 f4 :|\n"
    with strangers.started(*names) as studio:
        work, music = studio.work(), studio.work("Reel", medium="music")
        made = studio.make(work, engine="fake-slow", params={"steps": 2, "seconds": 0.0})
        picture = made["variants"][0]["id"]
        heard = studio.http.post(f"/works/{music}/imports", files={"file": ("reel.abc", tune.encode())}).raise_for_status()
        for path in (f"{picture}/content?w=256", f"{heard.json()['id']}/content?as=wav", f"{picture}/download"):
            assert studio.http.get(f"/revisions/{path}").status_code == 200
        studio.http.post(f"/works/{work}/trash").raise_for_status()
        assert "1 of 1 files" in strangers.swept()  # a store that nobody knows is left alone
        running = studio.ask(studio.work("Hare"), engine="fake-slow", params={"steps": 500, "seconds": 0.1})
        until(lambda: studio.generation(running["id"])["status"] == "running", 60, "a run")
        for process in studio.processes.values():
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    strangers.check()
    with strangers.started(*names) as studio:
        studio.http.post(f"/generations/{running['id']}/cancellation").raise_for_status()
        until(lambda: studio.generation(running["id"])["status"] == "cancelled", 60, "the cancellation")


def measured(strangers: Strangers) -> None:
    """`bench`, which has a studio of its own."""
    strangers.run("bench", "web", "--quick")


RUNS: dict[str, Callable[[Strangers], None]] = {
    "studio": lambda strangers: used(strangers, "studio"),
    "serve": lambda strangers: used(strangers, "serve", "worker"),
    "worker": lambda strangers: used(strangers, "serve", "worker"),
    "migrate": migrated,
    "backup": saved,
    "restore": brought,
    "adopt": adopted,
    "orphans": told,
    "bench": measured,
}
ALONE = {
    "example": "a studio, a generation and a backup in a temporary folder: all of them are here",
    "keeper": "a row of the database, and no file",
}


def test_every_command_is_looked_at() -> None:
    """A new command is tried here, or says why it need not be."""
    names = {command.name or command.callback.__name__ for command in commands.registered_commands if command.callback}
    assert names == RUNS.keys() | ALONE.keys()


@pytest.mark.parametrize("name", sorted(RUNS.keys() - {"worker"}))  # web and worker are one run
def test_it_deletes_only_what_it_made(strangers: Strangers, name: str) -> None:
    RUNS[name](strangers)
    strangers.check()


def test_the_web_alone_deletes_only_what_it_made(web: TestClient, config: Settings, revision: str) -> None:
    """Every route that deletes is asked; the files of the store stay all the same: only the sweep moves files."""
    planted = plant(config.data, INSIDE)
    kept = {sha256 for sha256, _age in Store(config.data).addresses()}
    for path, item in web.get("/openapi.json").json()["paths"].items():
        if "delete" in item:
            web.delete(path.replace("{id}", revision))
    for path, digest in planted.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert {sha256 for sha256, _age in Store(config.data).addresses()} >= kept


def test_the_conversion_of_a_model_deletes_only_what_it_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over an interrupted conversion and an outdated one, with others' files in both folders."""
    source, folder = tmp_path / "model.gguf", tmp_path / "cache" / "model"
    source.write_bytes(b"weights")
    planted = plant(tmp_path, ("cache/model/letter.txt", "cache/model.half/letter.txt", "cache/letter.txt"))
    for place in (folder, folder.with_suffix(".half")):
        for name in gguf.MADE:
            (place / name).write_text("old")
    monkeypatch.setattr(gguf, "_write", lambda _source, half: [(half / name).write_text("new") for name in gguf.MADE])
    assert not gguf.finished(source, folder)
    gguf.converted(source, folder)
    assert gguf.finished(source, folder)
    assert [(folder / name).read_text() for name in gguf.MADE[1:]] == ["new"] * 4
    assert [path.name for path in folder.with_suffix(".half").iterdir()] == ["letter.txt"]
    for path, digest in planted.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
