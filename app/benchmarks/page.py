"""The bench page: what it weighs, that nothing leaves the studio, and that nothing moves when variants arrive."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure
from app.benchmarks.preview import DONE

FILES = """() => performance.getEntriesByType("resource").map((entry) => entry.name)
  .filter((name) => /\\.(js|css)(\\?|$)/.test(name))"""


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Open a bench, generate twice, and look what came and what moved."""
    studio, windows = bench.studio, bench.windows
    windows.need()
    studio.need_worker()
    work = studio.work()
    draft = {"version": 1, "brief": {"intent": "a quiet harbour at dawn"}, "engine": "house", "params": {"steps": 8}}
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    with windows.page(studio.url) as page:
        page.goto(f"/works/{work}")
        page.wait_for_timeout(500)
        files = sorted(set(page.evaluate(FILES)))
        for number in range(2):
            page.get_by_role("button", name="Generate", exact=True).click()
            page.wait_for_function(DONE, arg=number + 1)
            page.wait_for_timeout(700)
        pressed, shifts = page.evaluate("() => [bench.pressed[0], bench.shifts]")
    sizes = {}
    for address in files:
        body = studio.http.get(address, headers={"Accept-Encoding": "identity"}).raise_for_status().content
        sizes[address.rsplit("/", 1)[1]] = len(gzip.compress(body, 9))
    yield "weight", Figure(sum(sizes.values()) / 1000, dict(sorted(sizes.items(), key=lambda one: -one[1])))
    yield "foreign", Figure(len(windows.foreign), {"requests": windows.asked, "to": windows.foreign[:5]})
    # What follows a hand within half a second is no shift (Layout Instability, 2.3): a new run takes its room then.
    yield "shift", Figure(sum(value for at, value, by_hand in shifts if at >= pressed and not by_hand), {"seen": len(shifts)})
