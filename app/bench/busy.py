"""Other people's requests while the worker computes: a project, its works, a draft saved, thumbnails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx2

from app.bench.bench import Bench
from app.bench.figures import Figure, clocked, percentile, spread

PAUSE = 0.02  # seconds between requests: a person's studio, not a load test


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Keep the worker busy with long runs, a page following them, and ask."""
    studio = bench.studio
    studio.need_worker()
    work = studio.work()
    project = studio.http.get(f"/works/{work}").json()["project"]
    thumbnails = [f"/revisions/{id}/content?w=256" for id, _asset in studio.pictures(work, 8)]
    threading.Thread(target=_follow, args=(f"{studio.url}/works/{work}/events",), daemon=True).start()
    taken: dict[str, list[float]] = {"project": [], "works": [], "draft": [], "thumbnail": []}
    times, version, running = bench.times(75, 8), 1, studio.ask(work, 60)
    for turn in range(times + 1):
        if turn == 1:  # the first round made the thumbnails
            taken = {name: [] for name in taken}
        if studio.http.get(f"/generations/{running}").json()["status"] not in {"queued", "running"}:
            running = studio.ask(work, 60)
        with clocked(taken["project"]):
            studio.http.get(f"/projects/{project}").raise_for_status()
        time.sleep(PAUSE)
        with clocked(taken["works"]):
            studio.http.get(f"/projects/{project}/works").raise_for_status()
        time.sleep(PAUSE)
        with clocked(taken["draft"]):
            draft = {"version": version, "brief": {"intent": f"draft {turn}"}}
            version = studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status().json()["version"]
        time.sleep(PAUSE)
        with clocked(taken["thumbnail"]):
            studio.http.get(thumbnails[turn % len(thumbnails)]).raise_for_status()
        time.sleep(PAUSE)
    studio.http.post(f"/generations/{running}/cancellation")
    every = [milliseconds for kind in taken.values() for milliseconds in kind]
    yield "requests", Figure(percentile(every, 95), spread(every) | {k: round(percentile(v, 95), 1) for k, v in taken.items()})


def _follow(url: str) -> None:
    """What an open bench does: hold the stream."""
    with suppress(httpx2.HTTPError), httpx2.stream("GET", url, timeout=60) as stream:
        for _line in stream.iter_lines():
            pass
