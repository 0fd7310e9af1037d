"""Workers that die, are asked to end, or are told to stop what they do. (Random moments: tests/attacks/test_kills.py.)"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.running import ENDED, Running, until

pytestmark = [pytest.mark.kill, pytest.mark.timeout(300)]


def slow(running: Running, work: str, seed: int) -> dict[str, Any]:
    """A generation of the fake engine whose steps take a known time, so that a kill can hit any moment of it."""
    return running.ask(work, engine="fake-slow", params={"steps": 12, "seconds": 0.05}, seed=seed, count=3)


def test_a_request_that_kills_its_worker_is_given_up_and_the_queue_goes_on(tmp_path: Path) -> None:
    """Poison: three workers die on it, then it fails with the reason; what waits behind it is done."""
    running = Running(tmp_path, {"STEMMA_FAKE_ENGINES": "1", "STEMMA_ATTEMPTS": "3", "STEMMA_PRELOAD": "0"})
    running.start()
    try:
        work = running.work()
        poison = running.ask(work, engine="fake-crash", params={})["id"]
        behind = slow(running, work, 5)["id"]

        def revive() -> bool:
            if running.processes["worker"].poll() is not None:
                running.start("worker")
            return running.generation(poison)["status"] in ENDED and running.generation(behind)["status"] in ENDED

        until(revive, 120, "the poison to be given up")
        failed = running.generation(poison)
        assert (failed["status"], failed["error"]["code"], failed["attempt"]) == ("failed", "worker-died", 3)
        assert "3 times" in failed["error"]["message"]
        assert running.generation(behind)["status"] == "done"
    finally:
        running.stop()


def test_a_worker_that_is_asked_to_end_gives_its_run_back_unharmed(tmp_path: Path) -> None:
    """SIGTERM in the middle of a long run: it is no death, so no attempt is counted, and the next worker does it."""
    running = Running(tmp_path, {"STEMMA_FAKE_ENGINES": "1", "STEMMA_GRACE": "0.2", "STEMMA_PRELOAD": "0"})
    running.start()
    try:
        asked = running.ask(running.work(), engine="fake-slow", params={"steps": 40, "seconds": 0.1}, count=1)["id"]
        until(lambda: running.generation(asked)["status"] == "running", 60, "the run")
        running.processes["worker"].terminate()
        running.processes["worker"].wait(20)
        given_back = running.generation(asked)
        assert (given_back["status"], given_back["attempt"]) == ("queued", 0)
        running.start("worker")
        made = running.wait(asked)
        assert (made["status"], made["attempt"]) == ("done", 1)
    finally:
        running.stop()


def test_cancelling_stops_a_run_and_what_waits(tmp_path: Path) -> None:
    """A worker makes one such picture at a time: whatever is made afterwards shows that the cancelled run has ended."""
    running = Running(tmp_path, {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0"})
    running.start()
    try:
        work = running.work()
        hours = {"steps": 1000, "seconds": 10.0}
        long = {"steps": 1000, "seconds": 0.5}  # more than eight minutes, longer than this test may take
        first, second = (running.ask(work, engine="fake-slow", params=params)["id"] for params in (long, hours))
        until(lambda: (running.generation(first)["step"] or 0) > 1, 60, "steps")
        third = slow(running, work, 1)["id"]  # waits behind both
        assert running.http.post(f"/generations/{second}/cancellation").status_code == 202
        assert running.http.post(f"/generations/{first}/cancellation").status_code == 202
        assert running.http.post(f"/generations/{first}/cancellation").status_code == 409
        assert running.wait(third, 180)["status"] == "done"
        assert [running.generation(id)["variants"] for id in (first, second)] == [[], []]
        assert running.generation(second)["attempt"] == 0, "what waited was never begun"
    finally:
        running.stop()
