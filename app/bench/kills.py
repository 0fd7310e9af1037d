"""kill -9 at random moments: the test that does it, tests/test_kill.py, run with as many kills as were promised."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator

from app.bench.bench import Bench
from app.bench.figures import Figure, UnmeasuredError
from app.settings import ROOT

TEST = "tests/test_kill.py"
VICTIMS = 3  # worker, web, both


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Thirty kills of each; the test fails at the first loss."""
    if not (ROOT / TEST).exists() or importlib.util.find_spec("pytest") is None:
        raise UnmeasuredError("it runs %(test)s, which wants a checkout with pip install -e '.[dev]'", test=TEST)
    kills = bench.times(30, 1)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")}
    line = [sys.executable, "-m", "pytest", TEST, "-k", "killed_at_random_moments", "-p", "no:randomly"]
    environment |= {"STEMMA_KILLS": str(kills)}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    said = done.stdout.strip().splitlines()[-1:] or [done.stderr[-300:]]
    yield "survived", Figure(VICTIMS * kills if done.returncode == 0 else 0, {"each": kills, "pytest": said[0]})
