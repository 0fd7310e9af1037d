"""Ten artists for a simulated half day: whether memory and open files stay flat once the first tenth is over.

Each artist does something every SECONDS of the simulated time, which runs as much faster as twelve hours do not fit into
the minutes that are given; whoever has asked for variants waits for them, so that the worker's pace bounds the rest.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, UnmeasuredError
from app.benchmarks.soaking import Artist
from app.benchmarks.studio import Studio
from app.benchmarks.web import resident

HOURS, ARTISTS, SECONDS = 12.0, 10, 30.0
TENTHS = 10


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Let them work, and look at the processes ten times."""
    studio = bench.studio
    studio.need_worker()
    if not Path("/proc/self/status").exists():
        raise UnmeasuredError("memory is read from /proc, which this system does not have")
    duration = 60.0 * (1.0 if bench.quick else bench.minutes)
    pause = SECONDS * duration / (HOURS * 3600)
    stop = threading.Event()
    artists = [Artist(studio, stop, pause, random.Random(number)) for number in range(ARTISTS)]
    threads = [threading.Thread(target=artist.work, daemon=True) for artist in artists]
    for thread in threads:
        thread.start()
    looks: list[dict[str, float]] = []
    for _tenth in range(TENTHS):
        time.sleep(duration / TENTHS)
        looks.append(look(studio))
    stop.set()
    for thread in threads:
        thread.join(60)
    done = sum((artist.done for artist in artists), start=type(artists[0].done)())
    facts: dict[str, Any] = {"minutes": round(duration / 60, 1), "done": dict(done), "tenths": looks}
    for name in ("web_memory", "worker_memory"):
        yield name, Figure(100 * (max(one[name] for one in looks[1:]) / looks[0][name] - 1), facts)
    handles = [one["web_handles"] + one["worker_handles"] for one in looks]
    yield "handles", Figure(max(handles[1:]) - handles[0], {"tenths": handles})
    failed = [said for artist in artists for said in artist.failed]
    yield "refused", Figure(len(failed), {"first": failed[:5]})


def look(studio: Studio) -> dict[str, float]:
    """Megabytes and open files of web and worker."""
    found: dict[str, float] = {}
    for name, word in (("serve", "web"), ("worker", "worker")):
        process = Path(f"/proc/{studio.processes[name].pid}")
        found[f"{word}_memory"] = round(resident(process), 1)
        found[f"{word}_handles"] = len(list((process / "fd").iterdir()))
        found[f"{word}_threads"] = len(list((process / "task").iterdir()))
    return found
