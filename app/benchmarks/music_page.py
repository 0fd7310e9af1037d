"""Tunes on their page: the first bars after the button, a long score drawn, the first sound, and what the scripts weigh."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from statistics import median

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, percentile, spread
from app.benchmarks.music_alone import COUNT, INTENT
from app.benchmarks.page import FILES
from app.benchmarks.preview import DONE
from app.benchmarks.studio import Studio, until

OWN = ("/music/", "abcjs")  # in the address of a script that only tunes need
# When bars first stood on the screen in each run, and when Play was pressed (the moment of the hand).
WATCH = """() => {
  bench.bars = [];
  bench.played = [];
  let coming = false;
  new MutationObserver(() => {
    const drawn = Boolean(document.querySelector(".coming.tune svg"));
    if (drawn && !coming) requestAnimationFrame(() => bench.bars.push(performance.now()));
    coming = drawn;
  }).observe(document.body, { childList: true, subtree: true });
  addEventListener("click", (e) => e.target.closest("[data-play]") && bench.played.push(e.timeStamp), true);
}"""
DRAWN = "() => performance.getEntriesByName('stemma:drawn').map(({ detail }) => detail.ms).filter((ms) => ms > 0)"
SOUNDING = "() => performance.getEntriesByName('stemma:sounding')[0]?.startTime"
# abcjs alone draws the same text into a box as wide.
BARE = """(text) => {
  const box = document.body.appendChild(document.createElement("div"));
  const begun = performance.now();
  ABCJS.renderAbc(box, text, { staffwidth: 700 });
  const took = performance.now() - begun;
  box.remove();
  return took;
}"""


def on_page(bench: Bench, text: str) -> Iterator[tuple[str, Figure]]:
    """The page of a tune; `text` is a long one."""
    bench.windows.need()
    bench.studio.need_worker()
    yield first_bars(bench)
    yield from score_and_sound(bench, text)


def first_bars(bench: Bench) -> tuple[str, Figure]:
    """Press Generate, again and again."""
    studio = bench.studio
    work = studio.work(medium="music")
    draft = {"version": 1, "brief": {"intent": INTENT}, "engine": "tunes"}
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    with bench.windows.page(studio.url) as page:
        page.set_default_timeout(180_000)  # the engine is loaded behind the house's pictures
        page.goto(f"/works/{work}")
        page.evaluate(WATCH)
        for number in range(bench.times(10, 2) + 1):
            page.get_by_role("button", name="Generate", exact=True).click()
            page.wait_for_function(DONE, arg=number + 1)
            page.wait_for_timeout(300)
        pressed, bars = page.evaluate("() => [bench.pressed, bench.bars]")
    first = [(shown - press) / 1000 for press, shown in zip(pressed, bars, strict=False)][1:]
    return "first_bars_page", Figure(percentile(first, 95), {**spread(first), "tunes": COUNT})


def score_and_sound(bench: Bench, text: str) -> Iterator[tuple[str, Figure]]:
    """Open the page with `text` on the sheet, and play it, again and again."""
    studio = bench.studio
    work, picture = studio.work(medium="music"), studio.work()
    studio.http.put(f"/works/{work}/draft", json={"version": 1, "text": text}).raise_for_status()
    drawn, bare, started = [], [], []
    with bench.windows.page(studio.url) as page:
        for _turn in range(bench.times(8, 1) + 1):
            page.goto(f"/works/{work}")
            page.wait_for_function(f"() => ({DRAWN})().length")
            page.evaluate(WATCH)
            page.wait_for_timeout(500)
            drawn.append(float(page.evaluate(DRAWN)[0]))
            bare.append(float(page.evaluate(BARE, text)))
            page.locator("[data-play]").click()
            sounding = float(page.wait_for_function(SOUNDING).json_value())
            started.append(sounding - float(page.evaluate("bench.played[0]")))
        room = set(page.evaluate(FILES))
        page.goto(f"/works/{picture}")
        until(lambda: page.evaluate("document.readyState") == "complete", "a picture's bench")
        elsewhere = [name for name in page.evaluate(FILES) if any(own in name for own in OWN)]
    alone = {"name": "abcjs alone", "value": round(median(bare[1:]), 1), "unit": "ms"}
    yield "score", Figure(median(drawn[1:]), spread(drawn[1:]) | {"first": drawn[0]}, alone)
    yield "playback", Figure(percentile(started[1:], 95), spread(started[1:]) | {"first": started[0]})
    yield weighed(studio, sorted(name for name in room if ".js" in name and any(own in name for own in OWN)))
    yield "elsewhere", Figure(len(elsewhere), {"files": elsewhere[:5]})


def weighed(studio: Studio, addresses: list[str]) -> tuple[str, Figure]:
    """What the page's own scripts weigh, and whether one of them came twice."""
    sizes = {}
    for address in addresses:
        body = studio.http.get(address, headers={"Accept-Encoding": "identity"}).raise_for_status().content
        sizes[address.rsplit("/", 1)[1]] = len(gzip.compress(body, 9))
    largest = dict(sorted(sizes.items(), key=lambda one: -one[1])[:8])
    return "scripts", Figure(sum(sizes.values()) / 1000, largest | {"files": len(sizes)})
