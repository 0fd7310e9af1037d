"""Power cuts: worker, web and both are killed at random moments, and nothing accepted is lost or done twice."""

from __future__ import annotations

import hashlib
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.db import Database
from app.models import Asset, Generation, Revision
from app.settings import Settings
from app.store.workplace import LOCK
from tests.running import ENDED, Running, until

# Three each in every run; STEMMA_KILLS=30 gives the thirty of the promise.
KILLS = int(os.environ.get("STEMMA_KILLS", "3"))
SEED = int(os.environ.get("STEMMA_KILL_SEED", "0")) or random.SystemRandom().randrange(10**6)
pytestmark = [pytest.mark.kill, pytest.mark.timeout(300 + 60 * KILLS)]


def slow(running: Running, work: str, seed: int) -> dict[str, Any]:
    """A generation of the fake engine whose steps take a known time, so that a kill can hit any moment of it."""
    return running.ask(work, engine="fake-slow", params={"steps": 12, "seconds": 0.05}, seed=seed, count=3)


def store_and_rows(data: Path, url: str = "") -> tuple[set[str], set[str]]:
    """The addresses in the store, and those that rows know."""
    database = Database(Settings(data=data, database=url))
    with database.reading() as session:
        known = set(session.scalars(sa.select(Asset.sha256)))
    database.close()
    files = {path.name for path in (data / "store").glob("??/??/*")}
    return files, known


def check(running: Running, ids: list[str], url: str = "") -> None:
    """Every accepted generation ended done, exactly once, with all its variants; the store holds just what rows know."""
    for id in ids:
        made = running.wait(id, 90)
        assert made["status"] == "done", made
        assert [v["seed"] for v in made["variants"]] == [made["seed"] + i for i in range(made["count"])]
    database = Database(Settings(data=running.data, database=url))
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Generation.id))) == len(ids)
        assert session.scalar(sa.select(sa.func.count(Revision.id))) == 3 * len(ids)
        numbers = session.scalars(sa.select(Revision.number).order_by(Revision.number)).all()
        assert list(numbers) == list(range(1, 3 * len(ids) + 1))
    database.close()
    files, known = store_and_rows(running.data, url)
    assert files == known
    for path in (running.data / "store").glob("??/??/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    left = [path for path in (running.data / "incoming").rglob("*") if path.is_file() and path.name != LOCK]
    assert left == []


@pytest.mark.parametrize("victims", [("worker",), ("serve",), ("serve", "worker")], ids=["worker", "web", "both"])
def test_killed_at_random_moments(tmp_path: Path, victims: tuple[str, ...]) -> None:
    """kill -9, started again, over and over, with work in the queue and a draft being written."""
    dice = random.Random(f"{SEED} {victims}")
    print(f"seed {SEED}, {KILLS} kills of {victims}")
    environment = {"STEMMA_FAKE_ENGINES": "1", "STEMMA_ATTEMPTS": "100", "STEMMA_DEVICE": "cpu", "STEMMA_PRELOAD": "0"}
    running = Running(tmp_path, environment)
    running.start()
    try:
        work, ids, version, words = running.work(), [], 1, ""
        for turn in range(KILLS):
            running.wait_for_web()
            ids += [slow(running, work, 1000 * turn + i)["id"] for i in (0, 100)]
            words = f"turn {turn}"
            saved = running.http.put(f"/works/{work}/draft", json={"version": version, "brief": {"intent": words}})
            assert saved.status_code == 200, saved.text
            version = saved.json()["version"]
            if "serve" not in victims:  # let the run begin, then cut it anywhere
                until(lambda: any(running.generation(id)["status"] != "queued" for id in ids[-2:]), 60, "a run")
            time.sleep(dice.uniform(0, 1.2))
            running.kill(*victims)
            running.start(*victims)
        draft = running.http.get(f"/works/{work}/draft").json()
        assert (draft["version"], draft["brief"]["intent"]) == (version, words)
        check(running, ids)
    finally:
        running.stop()


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
    running = Running(tmp_path, {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0"})
    running.start()
    try:
        work = running.work()
        first, second = (running.ask(work, engine="fake-slow", params={"steps": 60, "seconds": 0.1})["id"] for _ in range(2))
        until(lambda: (running.generation(first)["step"] or 0) > 1, 60, "steps")
        assert running.http.post(f"/generations/{second}/cancellation").status_code == 202
        assert running.http.post(f"/generations/{first}/cancellation").status_code == 202
        assert running.http.post(f"/generations/{first}/cancellation").status_code == 409
        third = slow(running, work, 1)["id"]
        began = time.monotonic()
        assert running.wait(third)["status"] == "done"
        assert time.monotonic() - began < 5  # the cancelled ones did not run on for their twelve seconds
        assert [running.generation(id)["variants"] for id in (first, second)] == [[], []]
    finally:
        running.stop()


@pytest.mark.postgres
def test_the_same_on_postgresql(tmp_path: Path, postgres: Any) -> None:
    """Worker and web killed on PostgreSQL, where dead workers are found by advisory locks."""
    url = postgres()
    running = Running(
        tmp_path, {"STEMMA_FAKE_ENGINES": "1", "STEMMA_DATABASE": url, "STEMMA_ATTEMPTS": "100", "STEMMA_PRELOAD": "0"}
    )
    running.start()
    try:
        work = running.work()
        ids = []
        for turn in range(2):
            ids += [slow(running, work, 1000 * turn + i)["id"] for i in (0, 100)]
            until(lambda: any(running.generation(id)["status"] == "running" for id in ids), 60, "a run")
            running.kill("serve", "worker")
            running.start("serve", "worker")
        check(running, ids, url)
    finally:
        running.stop()
