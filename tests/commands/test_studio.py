"""`stemma studio`: one command starts everything, starts again what dies, and ends all of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import ROOT
from tests.running import Running, until


def children(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """The supervisor's children by the command they run (proc(5))."""
    found: dict[str, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            words = (stat.parent / "cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue  # it ended while we looked
        if parent == process.pid and b"app.cli" in words:
            found[words[words.index(b"app.cli") + 1].decode()] = int(stat.parent.name)
    return found


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[tuple[Running, subprocess.Popen[bytes]]]:
    """A new studio, started as a person starts it."""
    running = Running(tmp_path, {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0", "STEMMA_EXAMPLE": "1", "STEMMA_GRACE": "1"})
    with running.log.open("ab") as log:
        line = [sys.executable, "-m", "app.cli", "studio"]
        process = subprocess.Popen(line, env=running.environment, cwd=ROOT, stdout=log, stderr=log)
    running.processes["studio"] = process
    yield running, process
    running.stop()


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_one_command_starts_all_heals_it_and_ends_it(supervised: tuple[Running, subprocess.Popen[bytes]]) -> None:
    running, process = supervised
    until(lambda: running.http.get("/healthz").status_code == 200, 90, f"the web ({running.log})")
    if (ROOT / "app" / "example" / "studio.tar").exists():
        (example,) = running.http.get("/projects").json()["items"]
        works = running.http.get(f"/projects/{example['id']}/works").json()["items"]
        assert works
        assert all(work["revisions"] > 0 for work in works)
        assert running.http.get(f"/revisions/{works[0]['cover']}/content").status_code == 200
    running.wait_for_worker()
    first = children(process)
    assert set(first) == {"serve", "worker"}
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(found := children(process)) == 2 and not set(found.values()) & set(first.values()), 60, "new children")
    until(lambda: running.http.get("/healthz").status_code == 200, 90, "the web again")
    work = running.work()
    made = running.ask(work, engine="fake-slow", params={"steps": 2, "seconds": 0.0})
    assert running.wait(made["id"])["status"] == "done"
    second = children(process)
    process.terminate()
    assert process.wait(40) == 0
    assert not any(alive(pid) for pid in second.values())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "studio.example"])  # noqa: S104 (what is refused)
def test_an_address_that_others_reach_is_refused(tmp_path: Path, host: str) -> None:
    running = Running(tmp_path, {"STEMMA_HOST": host})
    running.environment.pop("STEMMA_EXPOSE", None)
    refused = running.run("studio")
    assert refused.returncode == 1
    assert "STEMMA_EXPOSE" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (running.data / "stemma.sqlite").exists()
