"""Tunes: how quickly the engine writes them, the page shows, draws and plays them, and a recording is rendered."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from app.benchmarks.bench import Bench
from app.benchmarks.engine_process import answer_of
from app.benchmarks.figures import Figure, percentile, spread
from app.benchmarks.music_page import on_page
from app.media.music.abc.abc import read_tune
from app.media.music.notation.tune import Tune
from app.media.music.sound.audio import RATE, recording, write

PATIENCE = 600  # seconds
BARS = 64
MINUTE = 60.0  # seconds


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """What needs no browser first: it is measured everywhere."""
    yield rendered(bench.times(5, 1))
    yield from engine_figures(engine_measurements(bench.times(7, 1)))
    yield from on_page(bench, long_tune(BARS))


def long_tune(bars: int, seed: int = 7) -> str:
    """ABC of a reel of eighths by chance, in parts of eight bars; two quarters of a second each."""
    chance, written = random.Random(seed), []
    for number in range(bars):
        notes = "".join(chance.choice("DEFGABcdefg") for _note in range(8))
        end = " :|\n|: " if number % 8 == 7 and number + 1 < bars else " |\n" if number % 4 == 3 else " | "  # noqa: PLR2004 (parts of eight bars, lines of four)
        written.append(f"{notes[:4]} {notes[4:]}{end}")
    return "X:1\nT:Sixty-four bars\nR:reel\nM:4/4\nL:1/8\nQ:1/4=120\nK:D\n|: " + "".join(written).rstrip(" |\n") + " :|\n"


def rendered(times: int) -> tuple[str, Figure]:
    """A minute as WAV, from the text to the bytes; beside it as many bare sine waves."""
    text = long_tune(15)  # 15 bars of two seconds, played twice
    clock, bare = [], []
    for _turn in range(times):
        began = time.perf_counter()
        tune = read_tune(text)
        samples = recording(tune)
        out = io.BytesIO()
        write(out, samples, "wav")
        size = len(out.getvalue())
        clock.append((time.perf_counter() - began) * MINUTE * RATE / len(samples))
        bare.append(sines(tune, len(samples)))
    facts = {"seconds_of_sound": len(samples) / RATE, "bytes": size, "notes": len(tune.sounding), "max": max(clock)}
    return "wav", Figure(
        median(clock), facts, {"name": "bare sine waves by numpy", "value": round(median(bare), 3), "unit": "s"}
    )


def sines(tune: Tune, count: int) -> float:
    """Seconds that as many samples of plain sine waves take, a note after another."""
    import numpy as np

    began = time.perf_counter()
    notes = [*tune.sounding, *tune.sounding]
    each = count // len(notes)
    places = np.arange(each, dtype=np.float32) / RATE
    np.concatenate([np.sin(2 * np.pi * 440 * 2 ** ((note.top.midi - 69) / 12) * places) for note in notes])
    return time.perf_counter() - began


def engine_measurements(rounds: int) -> dict[str, Any]:
    """What the process of the engine measured. Raises UnmeasuredError."""
    return answer_of("music_alone", rounds, who="the engine of tunes", patience=PATIENCE)


def engine_figures(answer: dict[str, Any]) -> Iterator[tuple[str, Figure]]:
    """The engine's figures, by the clock; by processor time they are told as well, which a busy machine distorts less."""
    taken = {name: [wall for wall, _spent in rows] for name, rows in answer["taken"].items()}
    spent = {name: median(spent for _wall, spent in rows) for name, rows in answer["taken"].items()}
    loop = {"name": "bare transformers loop, as many tokens, one draft", "value": round(median(taken["bare"]), 3), "unit": "s"}
    facts = answer["facts"] | {"processor_seconds": spent["four"], "max": max(taken["four"]), "rounds": len(taken["four"])}
    yield "four", Figure(median(taken["four"]), facts, loop)
    read_only = {"name": "bare prefill", "value": round(median(taken["prefill"]), 3), "unit": "s"}
    yield (
        "first_bars",
        Figure(percentile(taken["first"], 95), spread(taken["first"]) | {"processor": spent["first"]}, read_only),
    )
