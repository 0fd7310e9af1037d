"""kill -9 at random moments: the test that does it, tests/attacks/test_kills.py, run with as many kills as were promised."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, UnmeasuredError
from app.settings import ROOT

TEST = "tests/attacks/test_kills.py"
DATABASES = {"sqlite": "test_on_sqlite", "postgresql": "test_on_postgresql"}
KILLS = 150  # of each database
TELLING = ("seed ", "E  ", *map(str, range(10)))  # how lines begin that are kept: the dice, what was wrong, what was counted


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Kills with SQLite, then with PostgreSQL; those of a database count when the studio was whole after all of them."""
    if not (ROOT / TEST).exists() or importlib.util.find_spec("pytest") is None:
        raise UnmeasuredError("it runs %(test)s, which wants a checkout with pip install -e '.[dev]'", test=TEST)
    kills = bench.times(KILLS, 1)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")}
    environment |= {"STEMMA_KILLS": str(kills), "CI": "true"}  # there a missing PostgreSQL is no skip
    said, survived = {}, 0
    for database, test in DATABASES.items():
        line = [sys.executable, "-m", "pytest", f"{TEST}::{test}", "-rP"]
        done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        told = done.stdout.strip().splitlines() or [done.stderr[-300:]]
        said[database] = [one[:400] for one in told if one.startswith(TELLING) or one is told[-1]]
        survived += kills if done.returncode == 0 else 0
    yield "survived", Figure(survived, {"each": kills, **said})
