"""A gallery of 200,000 works: its pages, a jump into the middle, and searches in two languages."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, clocked, percentile, spread
from app.benchmarks.growth import gallery
from app.benchmarks.studio import Studio
from app.models import Revision, Work

WORKS = 200_000
PAGE = {"Accept": "text/html"}
PIECE = PAGE | {"HX-Request": "true"}
# Move the slider, and wait until the tile is there and every cover in sight is a picture: milliseconds.
JUMP = """(goal) => new Promise((resolve) => {
  const range = document.querySelector(".rail input");
  const began = performance.now();
  range.value = goal;
  range.dispatchEvent(new Event("input", { bubbles: true }));
  const inSight = (image) => { const box = image.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight; };
  requestAnimationFrame(function look() {
    const covers = [...document.querySelectorAll("#wall img")].filter(inSight);
    const there = document.querySelector(`[data-at="${goal}"]`) && covers.length && covers.every((image) => image.complete);
    if (there) requestAnimationFrame(() => resolve(performance.now() - began));
    else requestAnimationFrame(look);
  });
})"""


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Fill a project, ask for any page, look for words, and jump."""
    studio, count = bench.studio, bench.times(WORKS, WORKS // 10)
    project = fill(studio, count)
    pages = any_page(studio, project, count, bench.times(40, 4))
    every = [taken for kind in pages.values() for taken in kind]
    by_kind = {kind: percentile(values, 95) for kind, values in pages.items()}
    yield "pages", Figure(percentile(every, 95), spread(every) | {"works": count} | by_kind)
    searches: dict[str, list[float]] = {"lighthouse": [], "灯塔": []}
    for word, taken in searches.items():
        for _turn in range(bench.times(15, 2)):
            with clocked(taken):
                studio.http.get(f"/projects/{project}/wall", params={"q": word}, headers=PIECE).raise_for_status()
    every = [taken for kind in searches.values() for taken in kind]
    yield "search", Figure(percentile(every, 95), spread(every) | {k: percentile(v, 95) for k, v in searches.items()})
    with bench.windows.page(studio.url) as page:
        jumps = []
        for turn in range(bench.times(7, 2)):
            page.goto(f"/projects/{project}")
            page.wait_for_selector("#wall.live .tile")
            jumps.append(float(page.evaluate(JUMP, count // 2 + 997 * turn)) / 1000)
    yield "jump", Figure(percentile(jumps, 50), spread(jumps))


def fill(studio: Studio, count: int) -> str:
    """The id of a project of `count` works, their covers drawn from 300 revisions."""
    work = studio.work("Covers")
    assets = [asset for _id, asset in studio.pictures(work, 24)]
    with studio.database.writing() as session:
        first = session.scalars(sa.select(Revision).where(Revision.work_id == UUID(work)).limit(1)).one()
        shared: dict[str, Any] = {"work_id": first.work_id, "origin": "import", "created_by_id": first.created_by_id}
        shared |= {"facts": {}, "brief_data": {}, "params": {}}
        rows = [shared | {"number": 100 + n, "asset_id": assets[n % len(assets)]} for n in range(300)]
        session.execute(sa.insert(Revision), rows)
        session.execute(sa.update(Work).where(Work.id == first.work_id).values(last_number=400))
        covers = session.scalars(sa.select(Revision.id).where(Revision.work_id == first.work_id)).all()
        return str(gallery(session, count, covers))


def any_page(studio: Studio, project: str, count: int, times: int) -> dict[str, list[float]]:
    """Milliseconds of the project's page, of pieces of its wall and of a program's pages, at random places."""
    dice, address = random.Random(7), f"/projects/{project}"
    taken: dict[str, list[float]] = {"page": [], "piece": [], "program": []}
    last = studio.http.get(f"{address}/works").json()["next"]
    for turn in range(times + 1):
        if turn == 1:  # the first of each read the tables from disk
            taken = {name: [] for name in taken}
        at = dice.randrange(count)
        with clocked(taken["page"]):
            studio.http.get(address, params={"at": at}, headers=PAGE).raise_for_status()
        with clocked(taken["piece"]):
            studio.http.get(f"{address}/wall", params={"at": at, "limit": 42}, headers=PIECE).raise_for_status()
        with clocked(taken["program"]):
            last = studio.http.get(f"{address}/works", params={"cursor": last}).raise_for_status().json()["next"]
    return taken
