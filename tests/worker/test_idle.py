"""A studio that nobody uses rests: no thread of web or worker asks a database more often than the worker says it lives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import ROOT
from app.storage.queue import NET
from app.worker.main import TOLD_EVERY
from app.worker.pace import NET as LOOK_NET
from tests.running import Running, until

WATCHED = 2.5 * TOLD_EVERY  # seconds
LANES = 3  # each looks by itself once in NET
ROUNDS = 2 * (1 + WATCHED / min(TOLD_EVERY, NET, LOOK_NET))  # of whatever a thread asks when it looks: by itself, and woken
COUNTING = """
import collections, json, os, signal, sys
import sqlalchemy as sa
seen = collections.Counter()
sa.event.listen(sa.Engine, "before_cursor_execute", lambda _c, _k, said, *_rest: seen.update([said]))
def tell(*_signal):
    with open(os.environ["TOLD"] + ".half", "w") as file:
        json.dump(seen, file)
    os.rename(os.environ["TOLD"] + ".half", os.environ["TOLD"])
signal.signal(signal.SIGUSR1, tell)
sys.argv = ["stemma", sys.argv[1]]
from app.cli import main
main()
"""


class Counted:
    """A process of the studio that counts its statements."""

    def __init__(self, running: Running, name: str, folder: Path) -> None:
        self.told = folder / f"{name}.json"
        line = [sys.executable, "-c", COUNTING, name]
        with running.log.open("ab") as log:
            self.process = subprocess.Popen(
                line, env=running.environment | {"TOLD": str(self.told)}, cwd=ROOT, stdout=log, stderr=log
            )
        running.processes[name] = self.process

    def statements(self) -> Counter[str]:
        """How often each was sent so far."""
        self.told.unlink(missing_ok=True)
        os.kill(self.process.pid, signal.SIGUSR1)
        until(self.told.exists, 30, "the count")
        return Counter(json.loads(self.told.read_text("utf-8")))


def rests(running: Running, folder: Path) -> None:
    """Use it once, leave it alone, and count."""
    assert running.run("migrate").returncode == 0
    processes = {name: Counted(running, name, folder) for name in ("serve", "worker")}
    running.wait_for_web()
    try:
        work = running.work()
        running.make(work, engine="fake-slow", params={"steps": 3, "seconds": 0.0}, count=1)
        time.sleep(TOLD_EVERY)  # until it has looked for more
        before = {name: process.statements() for name, process in processes.items()}
        time.sleep(WATCHED)
        during = {name: process.statements() - before[name] for name, process in processes.items()}
    finally:
        running.stop()
    assert during["serve"] == {}
    kept = {said for said in during["worker"] if said.startswith(("BEGIN", "select 1"))}
    often = {said: count for said, count in during["worker"].items() if said not in kept and count > ROUNDS * LANES}
    assert often == {}
    assert during["worker"], "it says that it lives"


@pytest.mark.timeout(300)
def test_on_sqlite(tmp_path: Path) -> None:
    rests(Running(tmp_path, {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0"}), tmp_path)


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_on_postgresql(tmp_path: Path, postgres: Callable[[], str]) -> None:
    environment = {"STEMMA_DATABASE": postgres(), "STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0", "STEMMA_JUDGE": ""}
    rests(Running(tmp_path, environment), tmp_path)
