"""Four variants of 25 steps: our engine alone and in the worker, against the same loop in bare diffusers; and sketches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from statistics import median
from typing import Any, Self

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, UnmeasuredError, spread
from app.benchmarks.studio import Studio
from app.settings import ROOT, Settings

STEPS, COUNT = 25, 4
LONGEST = 90.0  # seconds; at least three rounds are made


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Take turns, so that whatever else the machine does falls on all three alike."""
    studio = bench.studio
    studio.need_worker()
    work = studio.work()
    seconds: dict[str, list[float]] = {"diffusers": [], "engine": [], "sketch": [], "worker": []}
    with Alone() as alone:
        in_worker(studio, work)
        end = time.monotonic() + LONGEST
        for turn in range(bench.times(11, 1)):
            if turn >= 3 and time.monotonic() > end:  # noqa: PLR2004 (a median of three is one)
                break
            for who in ("diffusers", "engine", "sketch"):
                seconds[who].append(alone.run(who))
            seconds["worker"].append(in_worker(studio, work))
        dtype, drawn = alone.dtype, alone.sketch
    bare = median(seconds["diffusers"])
    baseline = {"name": "StableDiffusionPipeline of diffusers", "value": round(bare, 3), "unit": "s", "dtype": dtype}
    values = {f"{who}_seconds": {k: round(v, 3) for k, v in spread(taken).items()} for who, taken in seconds.items()}
    yield "engine_ratio", Figure(median(seconds["engine"]) / bare, values, baseline)
    over = median(seconds["worker"]) / median(seconds["engine"])
    yield "worker_ratio", Figure(median(seconds["worker"]) / bare, {"over_engine_alone": over}, baseline)
    full, sketch = median(seconds["engine"]), median(seconds["sketch"])
    yield "full_seconds", Figure(full)
    yield "sketch_seconds", Figure(sketch, drawn | {"seconds": {k: round(v, 3) for k, v in spread(seconds["sketch"]).items()}})
    yield "sketch_ratio", Figure(sketch / full)


def in_worker(studio: Studio, work: str) -> float:
    """Seconds from running to done, as the rows tell."""
    made = studio.wait(studio.ask(work, STEPS, COUNT))
    began, ended = (datetime.fromisoformat(made[name]) for name in ("started_at", "finished_at"))
    return (ended - began).total_seconds()


class Alone:
    """A process with the house engine and the pipeline (app.benchmarks.alone), set up like a worker."""

    def __init__(self) -> None:
        threads = str(Settings().worker_threads)
        quiet = {"TRANSFORMERS_VERBOSITY": "error", "DIFFUSERS_VERBOSITY": "error", "TQDM_DISABLE": "1"}
        environment = os.environ | quiet | {"OMP_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"}
        line = [sys.executable, "-m", "app.benchmarks.alone", str(STEPS), str(COUNT)]
        self.process = subprocess.Popen(
            line, env=environment, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        told = self._told()
        self.dtype, self.sketch = str(told["dtype"]), dict(told["sketch"])

    def run(self, who: str) -> float:
        """Seconds that one run takes it."""
        if self.process.stdin:
            self.process.stdin.write(f"{who}\n")
            self.process.stdin.flush()
        return float(self._told()["seconds"])

    def _told(self) -> dict[str, Any]:
        for line in self.process.stdout or ():
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                if "error" in answer:
                    raise UnmeasuredError(answer["error"])
                return answer
        raise UnmeasuredError("the engine does not run alone: torch and diffusers are wanted (pip install -e '.[engines]')")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.communicate()
