"""Power cuts: web, worker and both are killed at random moments while artists ask, type and bring files in.

Nothing that was answered is lost, nothing is done twice, nothing is orphaned. `STEMMA_KILLS` says how often (for each of
both databases; `stemma bench kills` takes 150), `STEMMA_KILL_SEED` with which dice.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.models import Generation
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store
from app.worker.orphans import Orphans
from tests.attacks.artists import Ledger, at_rest, at_work
from tests.attacks.walker import faults, settled
from tests.running import Running, until

KILLS = int(os.environ.get("STEMMA_KILLS", "0"))
SEED = int(os.environ.get("STEMMA_KILL_SEED", "0")) or random.SystemRandom().randrange(10**6)
AT_WORK = 0.8  # of the kills fall while artists are answered and something runs, the others whenever they fall
VICTIMS = [("worker",), ("serve",), ("serve", "worker")]
pytestmark = [pytest.mark.kill, pytest.mark.timeout(900 + 60 * KILLS)]


def killed_again_and_again(running: Running, kills: int, dice: random.Random) -> Ledger:
    """Artists at work, and `kills` of web and worker; what the studio promised meanwhile."""
    ledger = Ledger()
    artists = at_work(running, ledger)
    try:
        for number in range(kills):
            if dice.random() < AT_WORK:
                _until_they_work(running, ledger)
            time.sleep(dice.uniform(0, 1.5))
            victims = VICTIMS[number % len(VICTIMS)]
            running.kill(*victims)
            time.sleep(dice.uniform(0, 0.3))
            running.start(*victims)
    finally:
        at_rest(artists)
    return ledger


def _until_they_work(running: Running, ledger: Ledger) -> None:
    """Wait until requests are answered again and a worker has begun something."""
    answered = ledger.requests - ledger.unanswered
    until(lambda: ledger.requests - ledger.unanswered > answered + 5, 120, "answers")
    until(lambda: running.http.get("/generations?status=running").json()["items"], 120, "a run")


def swept(settings: Settings) -> None:
    """What the workers' sweep does after an hour."""
    database, store = Database(settings), Store(settings.data, "test")
    report = Orphans(database, store).tidy(age=0, all_of_them=True)
    assert not report.stopped
    store.sweep_incoming()
    store.sweep_derived(age=0)
    store.incoming.close()
    database.close()


def survives(running: Running, settings: Settings, kills: int) -> None:
    """Kill, wait until all is done, and look at everything."""
    print(f"seed {SEED}, {kills} kills")
    running.start()
    try:
        ledger = killed_again_and_again(running, kills, random.Random(f"{SEED}"))
        until(lambda: settled(settings), 300, "the end of all that was asked for", 1.0)
        swept(settings)
        found = faults(running, settings, ledger)
        print(f"{ledger.requests} requests, {ledger.unanswered} without an answer")
        print(f"{len(ledger.generations)} generations, {_cut(settings)} times cut in the middle; {len(ledger.imports)} files")
        assert found == []
        assert len(ledger.generations) >= min(kills, 3)
        assert ledger.imports
    finally:
        running.stop()


def _cut(settings: Settings) -> int:
    """How often a worker was killed while it had one of the generations."""
    database = Database(settings)
    with database.reading() as session:
        attempts = session.scalars(sa.select(Generation.attempt)).all()
    database.close()
    return sum(attempts) - len(attempts)


def environment(**more: str) -> dict[str, str]:
    return {"STEMMA_FAKE_ENGINES": "1", "STEMMA_ATTEMPTS": "100", "STEMMA_PRELOAD": "0", "STEMMA_JUDGE": ""} | more


def test_on_sqlite(tmp_path: Path) -> None:
    running = Running(tmp_path, environment())
    survives(running, Settings(data=running.data), KILLS or 8)


@pytest.mark.postgres
def test_on_postgresql(tmp_path: Path, postgres: Callable[[], str]) -> None:
    url = postgres()
    running = Running(tmp_path, environment(STEMMA_DATABASE=url))
    survives(running, Settings(data=running.data, database=url), KILLS or 4)
