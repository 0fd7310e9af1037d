"""A text on its way to the page: from Generate to the first words, and from every token made to the screen."""

from __future__ import annotations

from collections.abc import Iterator

from app.bench.bench import Bench
from app.bench.figures import Figure, percentile, spread
from app.bench.preview import DONE, MARKS
from app.bench.texts_alone import COUNT, INTENT

TOKENS = 12  # enough for several words of progress a run


def on_page(bench: Bench, prefill: float) -> Iterator[tuple[str, Figure]]:
    """Press the button, again and again; `prefill` is what the bare model takes to read the same prompt, in seconds."""
    bench.windows.need()
    studio = bench.studio
    studio.need_worker()
    work = studio.work(medium="text")
    draft = {"version": 1, "brief": {"intent": INTENT}, "engine": "smollm", "params": {"tokens": TOKENS}}
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    with bench.windows.page(studio.url) as page:
        page.set_default_timeout(180_000)  # the engine is loaded behind the house's pictures
        page.goto(f"/works/{work}")
        for number in range(bench.times(15, 2) + 1):
            page.get_by_role("button", name="Generate", exact=True).click()
            page.wait_for_function(DONE, arg=number + 1)
            page.wait_for_timeout(150)
        marks = page.evaluate(MARKS)
    first = [(shown - press) / 1000 - prefill for press, shown in zip(marks["pressed"], marks["previews"], strict=True)][1:]
    read = {"name": "bare prefill", "value": round(prefill, 3), "unit": "s"}
    yield "first_token_page", Figure(percentile(first, 95), {**spread(first), "streams": COUNT}, read)
    yield "token_page", Figure(percentile(marks["steps"], 95), spread(marks["steps"]))
