"""From Generate to the first preview, and from a step in the worker to the page, with a warm worker."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, percentile, spread
from app.benchmarks.studio import Studio

STEPS = 10  # enough for several words of progress a run
DONE = "n => document.querySelectorAll('#runs [data-status=done]').length >= n"
# Marks of static/js/bench/live.js: when the first preview, and each step, were on the screen.
MARKS = """() => ({
  pressed: bench.pressed,
  previews: performance.getEntriesByName("stemma:preview").map((mark) => mark.startTime),
  made: performance.getEntriesByName("stemma:preview").map((mark) => mark.detail.at * 1000 - performance.timeOrigin),
  origin: performance.timeOrigin,
  steps: performance.getEntriesByName("stemma:step").map(({ detail }) => (detail.shown - detail.at) * 1000),
})"""


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """In the browser where there is one, else at the end of the stream."""
    bench.studio.need_worker()
    times = bench.times(30, 2)
    seen = on_page(bench, times) if bench.windows.missing() is None else on_stream(bench.studio, times)
    for name in ("first_preview", "step"):
        yield name, Figure(percentile(seen[name], 95), {**spread(seen[name]), "where": seen["where"]})


def on_page(bench: Bench, times: int) -> dict[str, Any]:
    """Press the button, again and again."""
    studio = bench.studio
    work = studio.work()
    draft = {"version": 1, "brief": {"intent": "a quiet harbour at dawn"}, "engine": "house", "params": {"steps": STEPS}}
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    with bench.windows.page(studio.url) as page:
        page.goto(f"/works/{work}")
        for number in range(times + 1):
            page.get_by_role("button", name="Generate", exact=True).click()
            page.wait_for_function(DONE, arg=number + 1)
            page.wait_for_timeout(150)
        marks = page.evaluate(MARKS)
    first = [preview - press for press, preview in zip(marks["pressed"], marks["previews"], strict=True)]
    return {"first_preview": first[1:], "step": marks["steps"], "where": "browser"}  # the first press warms the page


def on_stream(studio: Studio, times: int) -> dict[str, Any]:
    """What a page would be told, and when."""
    work, heard, ended = studio.work(), list[tuple[float, dict[str, Any]]](), threading.Event()

    def listen() -> None:
        with studio.http.stream("GET", f"/works/{work}/events", timeout=60) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    heard.append((time.time(), json.loads(line[6:])))
                if ended.is_set():
                    return

    threading.Thread(target=listen, daemon=True).start()
    first = []
    for _turn in range(times + 1):
        began = time.time()
        asked = studio.ask(work, STEPS)
        studio.wait(asked)
        seen = [at for at, word in heard if word["generation"] == asked and word.get("previews")]
        if seen:
            first.append((seen[0] - began) * 1000)
    ended.set()
    steps = [(at - word["at"]) * 1000 for at, word in heard if word.get("at")]
    return {"first_preview": first[1:], "step": steps, "where": "stream"}
