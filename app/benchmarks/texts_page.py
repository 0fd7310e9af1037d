"""A text on its way to the page: from Generate to the first words, and from every token made to the screen."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, percentile, spread
from app.benchmarks.preview import DONE, MARKS
from app.benchmarks.studio import Studio
from app.benchmarks.texts_alone import COUNT, INTENT
from app.models import Generation

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
    facts = {**spread(first), "streams": COUNT, "stages": stages(studio, work, marks)}
    yield "first_token_page", Figure(percentile(first, 95), facts, read)
    yield "token_page", Figure(percentile(marks["steps"], 95), spread(marks["steps"]))


def stages(studio: Studio, work: str, marks: dict[str, Any]) -> dict[str, float]:
    """Where the time until the first words went, medians in seconds: from the hand to the row, from there to a worker that
    took it, from there to the first words made, and from there to the screen.
    """
    query = sa.select(Generation.created_at, Generation.started_at).where(Generation.work_id == UUID(work))
    with studio.database.reading() as session:
        rows = session.execute(query.order_by(Generation.id)).all()
    began = marks["origin"] / 1000
    found: dict[str, list[float]] = {"asked": [], "taken": [], "written": [], "shown": []}
    for row, press, made, shown in list(zip(rows, marks["pressed"], marks["made"], marks["previews"], strict=True))[1:]:
        times = [began + press / 1000, row.created_at.timestamp(), row.started_at.timestamp()]
        times += [began + made / 1000, began + shown / 1000]
        for name, before, after in zip(found, times, times[1:], strict=False):
            found[name].append(after - before)
    return {name: round(median(values), 3) for name, values in found.items()}
