"""Texts: streams at once against one after another, our loop against a bare one, the first token, long differences."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from app.benchmarks.bench import Bench
from app.benchmarks.engine_process import answer_of
from app.benchmarks.figures import Figure, percentile, spread
from app.benchmarks.texts_alone import COUNT
from app.benchmarks.texts_long import in_room
from app.benchmarks.texts_page import on_page
from app.diff.text import text_diff

TOKENS, QUICK_TOKENS = 48, 6
CHARACTERS, EDITS = 200_000, 2_000
PATIENCE = 900  # seconds, a conversion of the weights included
SYLLABLES = "ka lo mi ren sal tor ve and el dor mar i nu pel qua sti"


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """What needs no model first: it is measured everywhere."""
    yield from differences(bench.times(5, 1))
    if bench.windows.missing() is None:
        yield from in_room(bench, prose(random.Random(7), CHARACTERS))
    answer = engine_measurements(bench.times(7, 1), QUICK_TOKENS if bench.quick else TOKENS)
    yield from engine_figures(answer)
    yield from on_page(bench, median(wall for wall, _spent in answer["taken"]["prefill"]))


def differences(times: int) -> Iterator[tuple[str, Figure]]:
    """Of a text that was edited all over, and of two that have nothing but their words in common."""
    chance = random.Random(7)
    old = prose(chance, CHARACTERS)
    for name, new in (("diff", edited(chance, old, EDITS)), ("diff_rewritten", prose(chance, CHARACTERS))):
        clock, spent = [], []
        for _turn in range(times):
            began, at = time.perf_counter(), time.process_time()
            passages = text_diff(old, new)
            clock.append(time.perf_counter() - began)
            spent.append(time.process_time() - at)
        facts = {"characters": len(old), "passages": len(passages), "processor_seconds": median(spent), "max": max(clock)}
        yield name, Figure(median(clock), facts)


def prose(chance: random.Random, size: int) -> str:
    """`size` characters of words, sentences and paragraphs."""
    parts, length = [], 0
    syllables = SYLLABLES.split()
    while length < size:
        words = ["".join(chance.choices(syllables, k=chance.randint(1, 3))) for _word in range(chance.randint(5, 14))]
        parts.append(" ".join(words).capitalize() + chance.choice([". ", ". ", ". ", "? ", ".\n\n"]))
        length += len(parts[-1])
    return "".join(parts)[:size]


def edited(chance: random.Random, text: str, edits: int) -> str:
    """`text` with words put in, taken away and put in another's place, at `edits` places all over."""
    words = text.split(" ")
    for at in sorted(chance.sample(range(len(words)), edits), reverse=True):
        gone, come = chance.choice([(0, ["new"]), (1, []), (1, ["another"])])
        words[at : at + gone] = come
    return " ".join(words)


def engine_measurements(rounds: int, tokens: int) -> dict[str, Any]:
    """What the process of the engine measured. Raises UnmeasuredError."""
    return answer_of("texts_alone", rounds, tokens, who="the English engine", patience=PATIENCE)


def engine_figures(answer: dict[str, Any]) -> Iterator[tuple[str, Figure]]:
    """The figures of the engine. By processor time they are told as well: a busy machine distorts them less."""
    facts, taken = answer["facts"], answer["taken"]
    clock = {name: [wall for wall, _spent in rows] for name, rows in taken.items()}
    typical = {name: median(walls) for name, walls in clock.items()}

    def ratio(over: str, under: str, times: float = 1.0) -> tuple[float, float]:
        """Median of the rounds, each compared with itself: what else the machine did then fell on both."""
        pairs = list(zip(taken[over], taken[under], strict=True))
        return times * median(a[0] / b[0] for a, b in pairs), times * median(a[1] / b[1] for a, b in pairs)

    written = COUNT * facts["tokens"]
    batch, processor = ratio("singles", "four")
    values = facts | {
        "tokens_per_second": written / typical["four"],
        "by_processor": processor,
        "rounds": len(clock["four"]),
    }
    values["over_bare_singles"] = ratio("bare_one", "four", COUNT)[0]  # a lone row of ours carries a twin, a bare one does not
    singles = {"name": "the engine, four single runs after one another", "unit": "tokens/s"}
    yield "batch", Figure(batch, values, singles | {"value": round(written / typical["singles"], 2)})
    for name, ours, bare, each in (("overhead", "four", "bare_four", 1.0), ("overhead_one", "singles", "bare_one", 1 / COUNT)):
        over, processor = ratio(ours, bare, each)
        loop = {"name": "bare transformers loop with KV cache", "value": round(typical[bare], 3), "unit": "s"}
        yield name, Figure(over, {"seconds": each * typical[ours], "by_processor": processor}, loop)
    later = [first - bare for first, bare in zip(clock["first"], clock["prefill"], strict=True)]
    read = {"name": "bare prefill", "value": round(typical["prefill"], 3), "unit": "s"}
    yield "first_token", Figure(percentile(later, 95), spread(later), read)
