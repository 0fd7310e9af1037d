"""Lineages of a thousand and of ten thousand revisions: on screen, and panned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, percentile, spread
from app.benchmarks.growth import forest

if TYPE_CHECKING:
    from playwright.sync_api import Page

# The mark of static/js/lineage/index.js, in milliseconds since the navigation began; null while it is not drawn.
DRAWN = "() => performance.getEntriesByName('stemma:lineage')[0]?.startTime ?? null"
# Turn a wheel at every frame for some seconds: the intervals between frames, in milliseconds.
PAN = """(seconds) => new Promise((resolve) => {
  const canvas = document.querySelector("#lineage canvas");
  const frames = [];
  const began = performance.now();
  let before = 0;
  requestAnimationFrame(function turn(now) {
    if (before) frames.push(now - before);
    before = now;
    const angle = (now - began) / 700;
    const wheel = { deltaX: 14 * Math.cos(angle), deltaY: 10 * Math.sin(angle), bubbles: true, cancelable: true };
    canvas.dispatchEvent(new WheelEvent("wheel", wheel));
    if (now - began < seconds * 1000) requestAnimationFrame(turn);
    else resolve(frames);
  });
})"""


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Grow both, open each several times, pan the larger."""
    studio = bench.studio
    bench.windows.need()
    for count in (1_000, 10_000):
        work = studio.work(f"Lineage of {count}")
        other = studio.work("Pictures")
        assets = [asset for _id, asset in studio.pictures(other, 24)]
        with studio.database.writing() as session:
            forest(session, UUID(work), count, assets)
        with bench.windows.page(studio.url) as page:
            drawn = [on_screen(page, work) for _turn in range(bench.times(9, 2) + 1)][1:]
            yield f"lineage_{count}", Figure(percentile(drawn, 50), spread(drawn))
            if count == 10_000:  # noqa: PLR2004 (the larger of the two above)
                page.wait_for_timeout(1500)  # until its pictures are there
                frames = page.evaluate(PAN, bench.times(4, 1))
                late = sum(frame > 20 for frame in frames)  # noqa: PLR2004 (milliseconds: a frame of 60 a second was missed)
                yield "panning", Figure(1000 * len(frames) / sum(frames), spread(frames) | {"late": late})


def on_screen(page: Page, work: str) -> float:
    """Milliseconds from the navigation until the lineage is drawn."""
    page.goto("about:blank")
    page.goto(f"/works/{work}/lineage", wait_until="commit")
    return float(page.wait_for_function(DRAWN).json_value())
