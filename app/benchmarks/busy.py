"""Other people's requests: while the worker computes, while bodies stall, while somebody brings something large."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx2

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, UnmeasuredError, clocked, percentile, spread
from app.benchmarks.loads import FILES, Upload, stalled
from app.benchmarks.studio import Studio

PAUSE = 0.02  # seconds between requests: a person's studio, not a load test
CREATED = 201
SLOW = 100_000  # bytes a second of a bad line
Taken = dict[str, list[float]]


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Keep the worker busy with long runs, a page following them, and ask; then the same with others who stall and bring."""
    studio = bench.studio
    studio.need_worker()
    desk = Desk(studio)
    threading.Thread(target=_follow, args=(f"{studio.url}/works/{desk.work}/events",), daemon=True).start()
    times, running = bench.times(75, 8), studio.ask(desk.work, 60)
    desk.turn()  # makes the thumbnails
    taken = desk.taken()
    for _turn in range(times):
        if studio.http.get(f"/generations/{running}").json()["status"] not in {"queued", "running"}:
            running = studio.ask(desk.work, 60)
        desk.turn(taken)
    studio.http.post(f"/generations/{running}/cancellation")
    studio.stop("worker")
    every = [milliseconds for kind in taken.values() for milliseconds in kind]
    yield "requests", Figure(percentile(every, 95), spread(every) | {k: round(percentile(v, 95), 1) for k, v in taken.items()})
    yield from _others(bench, desk)


class Desk:
    """Somebody at work: looks at a project and its works, saves a draft, sees thumbnails."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.work = studio, studio.work()
        self.project = studio.http.get(f"/works/{self.work}").json()["project"]
        self.thumbnails = [f"/revisions/{id}/content?w=256" for id, _asset in studio.pictures(self.work, 8)]
        self.version, self.turns = 1, 0

    @staticmethod
    def taken() -> Taken:
        """Nothing yet, by kind of request."""
        return {"project": [], "works": [], "draft": [], "thumbnail": []}

    def turn(self, taken: Taken | None = None) -> None:
        """One of each; how long they took (milliseconds) goes into `taken`."""
        taken = self.taken() if taken is None else taken
        http = self.studio.http
        self.turns += 1
        with clocked(taken["project"]):
            http.get(f"/projects/{self.project}").raise_for_status()
        time.sleep(PAUSE)
        with clocked(taken["works"]):
            http.get(f"/projects/{self.project}/works").raise_for_status()
        time.sleep(PAUSE)
        with clocked(taken["draft"]):
            draft = {"version": self.version, "brief": {"intent": f"draft {self.turns}"}}
            self.version = http.put(f"/works/{self.work}/draft", json=draft).raise_for_status().json()["version"]
        time.sleep(PAUSE)
        with clocked(taken["thumbnail"]):
            http.get(self.thumbnails[self.turns % len(self.thumbnails)]).raise_for_status()
        time.sleep(PAUSE)

    def while_(self, going: Callable[[int], bool]) -> tuple[list[float], list[float]]:
        """Saves and reads (milliseconds each) as long as `going`, which hears how often there was a turn."""
        taken, turns = self.taken(), 0
        while going(turns):
            self.turn(taken)
            turns += 1
        return taken["draft"], [ms for kind, each in taken.items() if kind != "draft" for ms in each]


def _others(bench: Bench, desk: Desk) -> Iterator[tuple[str, Figure]]:
    """Saves and reads in a quiet studio, and beside each of those who would hold them up, all in one run."""
    studio, times = bench.studio, bench.times(60, 6)
    quiet = desk.while_(lambda turns: turns < times)
    slow = Upload(studio, studio.work(), "noise.bin", bytes(32 * 2**20 if not bench.quick else 10**6), SLOW)
    beside = {"slow_upload": desk.while_(lambda turns: turns < times)}
    for name, count in (("stalled", 1), ("stalled_60", 60)):
        with stalled(studio, desk.work, count):
            beside[name] = desk.while_(lambda turns: turns < times)
    took = {}
    for name, (medium, file, made) in FILES.items():
        upload = Upload(studio, studio.work(medium=medium), file, made())
        beside[name] = desk.while_(lambda turns: not turns or (upload.going and turns < times * 10))  # noqa: B023 (called at once)
        if upload.ended() != CREATED:
            raise UnmeasuredError("%(name)s was not taken: %(status)d", name=name, status=upload.status)
        took[f"{name}_seconds"] = upload.seconds
    yield "writes", _compared(quiet[0], {name: saves for name, (saves, _reads) in beside.items()}, took)
    yield "reads", _compared(quiet[1], {name: reads for name, (_saves, reads) in beside.items()}, {})
    # What arrives is no picture, which is said (415) once all of it is there.
    arrived = slow.ended() == 415  # noqa: PLR2004 (a status)
    yield "slow_upload", Figure(float(arrived), {"seconds": slow.seconds, "status": slow.status})


def _compared(quiet: list[float], beside: dict[str, list[float]], more: dict[str, float]) -> Figure:
    """The worst p95; by cause the p95 and how many times that of a quiet studio it is."""
    p95 = {name: percentile(each, 95) for name, each in beside.items()}
    calm = percentile(quiet, 95)
    ratios = {f"{name}_ratio": value / calm for name, value in p95.items()}
    return Figure(max(p95.values()), p95 | ratios | more, {"quiet": spread(quiet)})


def _follow(url: str) -> None:
    """What an open bench does: hold the stream."""
    with suppress(httpx2.HTTPError), httpx2.stream("GET", url, timeout=60) as stream:
        for _line in stream.iter_lines():
            pass
