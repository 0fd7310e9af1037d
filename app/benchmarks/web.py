"""The web process: how soon it is ready, how much memory it holds, and that torch is not in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, UnmeasuredError, percentile, spread
from app.benchmarks.studio import Studio, until

REQUESTS = 200


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Start it several times; then ask for pages."""
    studio = bench.studio
    seconds = []
    for _turn in range(bench.times(7, 2)):
        studio.stop("serve")
        began = time.perf_counter()
        studio.start("serve")
        until(lambda: studio.http.get("/readyz").status_code == 200, "the web", pause=0.01)  # noqa: PLR2004 (a status)
        seconds.append(time.perf_counter() - began)
    yield "ready", Figure(percentile(seconds, 50), spread(seconds))
    process = Path(f"/proc/{studio.processes['serve'].pid}")
    if not process.exists():
        raise UnmeasuredError("memory is read from /proc, which this system does not have")
    before = resident(process)
    visit(studio, REQUESTS)
    yield "memory", Figure(resident(process), {"after_start": before, "after_requests": resident(process)})
    mapped = {line.split("/")[-1] for line in (process / "maps").read_text("utf-8").splitlines() if "/torch/" in line}
    yield "torch", Figure(len(mapped))


def resident(process: Path) -> float:
    """Megabytes (10^6 bytes) of a process in memory: VmRSS of /proc/PID/status, proc(5)."""
    status = (process / "status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024 / 1e6


def visit(studio: Studio, count: int) -> None:
    """`count` requests as an artist's browser and a program make them."""
    work = studio.work()
    project = studio.http.get(f"/works/{work}").json()["project"]
    studio.pictures(work, 4)
    paths = ["/projects", f"/projects/{project}", f"/works/{work}", f"/works/{work}/lineage", "/engines", "/trash", "/room"]
    for number in range(count):
        accept = "text/html" if number % 2 else "application/json"
        studio.http.get(paths[number % len(paths)], headers={"Accept": accept})
