"""Whether the house's engines hear their briefs, and whether the four variants of one differ (app.benchmarks.hearing_alone)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.benchmarks.bench import Bench
from app.benchmarks.engine_process import answer_of
from app.benchmarks.figures import Figure

PATIENCE = 3600  # seconds
FEW = 2  # of each list, for a quick check that it runs


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Figures of the lists first, then how far variants are apart."""
    answer = engine_measurements(bench.times(0, FEW))
    openings = answer["openings"]
    for name in ("poems", "poems_everyday"):
        poems = answer[name]
        by_chance = poems["by_chance"] * 60 / poems["briefs"]
        yield name, Figure(60 * poems["heard"] / poems["briefs"], poems | {"by_chance": by_chance})
    yield "openings", Figure(openings["most"], openings["by_brief"])
    yield "known", Figure(len(openings["known"]), {"lines": openings["lines"], "known": openings["known"]})
    for name in ("tunes", "drawn", "tunes_everyday", "held", "fresh", "third"):
        yield name, Figure(40 * answer[name]["right"] / answer[name]["briefs"], answer[name])
    for medium, found in answer["apart"].items():
        yield f"{medium}_apart", Figure(found.get("ratio", found.get("least", 0.0)), found)


def engine_measurements(few: int) -> dict[str, Any]:
    """What the process of the engines found. Raises UnmeasuredError."""
    return answer_of("hearing_alone", few, who="the engines", patience=PATIENCE)
