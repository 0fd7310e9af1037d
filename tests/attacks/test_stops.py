"""Processes that are stopped for a while (SIGSTOP: a laptop that sleeps, a machine that swaps, a debugger) and go on.

Whoever still runs answers clearly meanwhile; afterwards nothing is lost or done twice, and nobody was taken for dead.
`STEMMA_STOP` says for how many seconds (the promise is about 90).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.models.worker import STALE
from app.settings import Settings
from tests.attacks.artists import Ledger, at_rest, at_work
from tests.attacks.test_kills import environment, swept
from tests.attacks.walker import faults, settled
from tests.running import Running, until

SECONDS = float(os.environ.get("STEMMA_STOP", "0")) or STALE.total_seconds() + 5
pytestmark = [pytest.mark.kill, pytest.mark.timeout(900 + 4 * int(SECONDS))]


def test_a_worker_and_a_web_that_stand_still_go_on_where_they_were(tmp_path: Path) -> None:
    running = Running(tmp_path, environment())
    go_on(running, Settings(data=running.data))


@pytest.mark.postgres
def test_the_same_on_postgresql(tmp_path: Path, postgres: Callable[[], str]) -> None:
    """Whose server ends a session that stands still in the middle of a transaction for longer than a minute."""
    url = postgres()
    running = Running(tmp_path, environment(STEMMA_DATABASE=url))
    go_on(running, Settings(data=running.data, database=url))


def go_on(running: Running, settings: Settings) -> None:
    """Stop the worker, then the web, in the middle of work; look at everything."""
    ledger = Ledger()
    running.start()
    try:
        artists = at_work(running, ledger)
        work = running.work()
        long = running.ask(work, engine="fake-slow", params={"steps": 60, "seconds": 0.1}, count=1, seed=3)["id"]
        until(lambda: (running.generation(long)["step"] or 0) > 1, 60, "the run")
        told = _while_the_worker_stands_still(running, work)
        assert {status for status, _body in told} <= {200, 503}
        for status, body in told:
            assert status == 200 or (body["code"] and body["title"]), body
        until(lambda: running.http.get("/workers").json()["items"][0]["state"] in {"idle", "busy"}, 60, "the worker")
        answered = ledger.requests - ledger.unanswered
        os.kill(running.processes["serve"].pid, signal.SIGSTOP)
        time.sleep(SECONDS)
        os.kill(running.processes["serve"].pid, signal.SIGCONT)
        until(lambda: ledger.requests - ledger.unanswered > answered + 5, 120, "answers")
        at_rest(artists)
        made = running.wait(long)
        assert (made["status"], made["attempt"], len(made["variants"])) == ("done", 1, 1)
        ledger.generations[long], ledger.keys = {"key": None}, ledger.keys | {None}  # type: ignore[arg-type]  # asked without one
        until(lambda: settled(settings), 300, "the end of all that was asked for", 1.0)
        swept(settings)
        assert faults(running, settings, ledger) == []
        assert [worker["state"] for worker in running.http.get("/workers").json()["items"]] == ["idle"]
    finally:
        running.stop()


def _while_the_worker_stands_still(running: Running, work: str) -> list[tuple[int, dict[str, Any]]]:
    """What the web answers meanwhile, to one who reads and saves."""
    told: list[tuple[int, dict[str, Any]]] = []
    process, version = running.processes["worker"], 1
    os.kill(process.pid, signal.SIGSTOP)
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            saved = running.http.put(f"/works/{work}/draft", json={"version": version, "brief": {"intent": "a fox"}})
            version = saved.json().get("version", version)
            told += [(one.status_code, one.json()) for one in (saved, running.http.get(f"/works/{work}"))]
            time.sleep(1)
        states = [worker["state"] for worker in running.http.get("/workers").json()["items"]]
        assert states == ["lost"], "the engine room says that it is not heard of"
    finally:
        os.kill(process.pid, signal.SIGCONT)
    return told
