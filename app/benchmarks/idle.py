"""What a studio costs that nobody uses, and how soon it is awake: processor time at rest, from a request to its begin."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, UnmeasuredError, percentile, spread
from app.benchmarks.studio import Studio

SETTLED = 90.0  # seconds until what is done once after a start (models loaded, pictures judged) is done
APART = 0.3  # seconds between two requests
NAMES = {"serve": "web", "worker": "worker"}


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Ask for sketches one after another, then do nothing for a minute."""
    studio = bench.studio
    studio.need_worker()
    time.sleep(bench.times(int(SETTLED), 1))
    begun = [asked_to_begun(studio) for _turn in range(bench.times(100, 2))]
    yield "begun", Figure(percentile(begun, 95), spread(begun))
    time.sleep(bench.times(int(SETTLED), 1))
    seconds = float(bench.times(60, 2))
    before = {name: processor_seconds(studio, name) for name in NAMES}
    time.sleep(seconds)
    used = {word: 100 * (processor_seconds(studio, name) - before[name]) / seconds for name, word in NAMES.items()}
    yield "processor", Figure(sum(used.values()), used | {"seconds": seconds})


def asked_to_begun(studio: Studio) -> float:
    """Milliseconds from a request's row to a worker's begin, as the rows tell."""
    work = studio.work()
    wish = {"brief": {"intent": "a quiet harbour"}, "params": {"pace": "sketch"}, "count": 1, "seed": 7}
    made = studio.wait(str(studio.post(f"/works/{work}/generations", json=wish)["id"]))
    time.sleep(APART)
    asked, began = (datetime.fromisoformat(made[name]) for name in ("created_at", "started_at"))
    return (began - asked).total_seconds() * 1000


def processor_seconds(studio: Studio, name: str) -> float:
    """What a process of the studio and its threads used so far: utime and stime of /proc/PID/stat, proc(5)."""
    stat = Path(f"/proc/{studio.processes[name].pid}/stat")
    if not stat.exists():
        raise UnmeasuredError("processor time is read from /proc, which this system does not have")
    fields = stat.read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
