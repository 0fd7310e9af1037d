"""A text of many characters in the writing room: how it opens, what a key costs, and what the room's scripts weigh."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, percentile, spread
from app.benchmarks.page import FILES
from app.benchmarks.studio import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPEN = "size => document.querySelector('.editor')?.editor?.length === size && performance.now()"
READY = "() => { const { editor } = document.querySelector('.editor'); editor.select(editor.length / 2); editor.focus(); }"
# From a key (the moment of the hand) until what it changed was painted: a message comes after the frame.
WATCH = """() => {
  bench.keys = [];
  addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => bench.keys.push(performance.now() - timeStamp);
    port2.postMessage(0);
  }), true);
}"""
PACE = 60  # ms between two keys: a quick hand
OWN = ("/writing/", "codemirror")  # in the address of a script that only texts need


def in_room(bench: Bench, text: str) -> Iterator[tuple[str, Figure]]:
    """Open `text`, whose every twenty characters are by somebody else, and write in its middle."""
    bench.windows.need()
    studio = bench.studio
    work, picture = studio.work(medium="text"), studio.work()
    who = ("hand", "engine", "paste")
    spans = [{"start": at, "end": min(at + 20, len(text)), "by": who[at // 20 % 3]} for at in range(0, len(text), 20)]
    studio.http.put(f"/works/{work}/draft", json={"version": 1, "text": text, "origins": spans}).raise_for_status()
    opened = []
    with bench.windows.page(studio.url) as page:
        for _turn in range(bench.times(5, 1) + 1):
            page.goto(f"/works/{work}")
            opened.append(float(page.wait_for_function(OPEN, arg=len(text)).json_value()) / 1000)
        room = set(page.evaluate(FILES))
        keys, busy = typed(page, "abcdefgh " * bench.times(6, 1))
        page.goto(f"/works/{picture}")
        until(lambda: page.evaluate("document.readyState") == "complete", "a picture's bench")
        elsewhere = [name for name in page.evaluate(FILES) if any(own in name for own in OWN)]
    yield "opens", Figure(median(opened[1:]), {"characters": len(text), "first": opened[0], "max": max(opened)})
    facts = {"processor_p50": percentile(busy, 50), "processor_p95": percentile(busy, 95)}
    yield "typing", Figure(percentile(keys, 95), {**spread(keys), **facts})
    sizes = {}
    for address in sorted(name for name in room if ".js" in name):
        body = studio.http.get(address, headers={"Accept-Encoding": "identity"}).raise_for_status().content
        sizes[address.rsplit("/", 1)[1]] = len(gzip.compress(body, 9))
    yield "scripts", Figure(sum(sizes.values()) / 1000, dict(sorted(sizes.items(), key=lambda one: -one[1])[:8]))
    yield "elsewhere", Figure(len(elsewhere), {"files": elsewhere[:5]})


def typed(page: Page, keys: str) -> tuple[list[float], list[float]]:
    """Press `keys` in the middle of the text. Milliseconds of each until what it changed was painted, and those that the
    page's main thread worked for it.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        told = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in told if one["name"] == "TaskDuration"))

    busy = []
    page.evaluate(READY)
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    for key in keys:
        before = spent()
        page.keyboard.press(key)
        page.wait_for_timeout(PACE)
        busy.append((spent() - before) * 1000)
    painted: list[float] = page.evaluate("bench.keys")
    return painted, busy
