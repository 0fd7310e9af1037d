"""The English engine, and the bare loop of transformers over the same weights, in one process that is set up like a worker.

Nothing ends a text before its last token, so all write equally much. The bare loop reads the prompt once, keeps keys and
values, draws each token from the model's own distribution, and tells nobody.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from app.brief import Brief
from app.engines.engine import Request, Step, Verb
from app.engines.text.smollm import SmolLM
from app.errors import StemmaError
from app.settings import Settings

INTENT = "a quiet harbour at dawn"
COUNT = 4
LONGEST = 150.0  # seconds; at least three rounds are made


class Runs:
    """What is timed."""

    def __init__(self, tokens: int) -> None:
        """Load the engine; the first time on a machine its weights are converted, as a worker does. Raises StemmaError."""
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.engine, self.tokens = SmolLM(Settings().cache_folder), tokens
        if self.engine.preparing:
            self.engine.prepare()
        self.engine.load(device)
        self.model = self.engine.model
        self.model.usable[self.model.end_ids] = False
        self.model.ends = frozenset()
        self.request = Request(Verb.CREATE, Brief(intent=INTENT), self.engine.Params(tokens=tokens), tuple(range(COUNT)))
        read = self.engine.context(self.engine.task(self.request))
        self.prompt = torch.tensor([self.engine.encoded(read)], device=device)

    def four(self) -> None:
        """The engine, all streams at once."""
        self._written(tuple(range(COUNT)))

    def singles(self) -> None:
        """The engine, one stream after another."""
        for seed in range(COUNT):
            self._written((seed,))

    def _written(self, seeds: tuple[int, ...]) -> None:
        request = Request(Verb.CREATE, self.request.brief, self.request.params, seeds)
        steps = sum(isinstance(part, Step) for part in self.engine.run(request))
        if steps != self.tokens:
            raise RuntimeError(f"{steps} steps for {self.tokens} tokens")

    def first(self) -> None:
        """The engine, until its first step of four streams."""
        next(iter(self.engine.run(self.request)))

    def bare_four(self) -> None:
        """The bare loop with four rows."""
        self._bare(COUNT, self.tokens)

    def bare_one(self) -> None:
        """The bare loop with one row."""
        self._bare(1, self.tokens)

    def prefill(self) -> None:
        """The bare model reads the prompt, and no more."""
        self._bare(1, 0)

    def _bare(self, rows: int, tokens: int) -> None:
        import torch
        from transformers import DynamicCache

        inner: Any = self.model.model
        with torch.inference_mode():
            cache: Any = DynamicCache(config=inner.config)
            given: dict[str, Any] = {"past_key_values": cache, "use_cache": True, "logits_to_keep": 1}
            logits = inner(input_ids=self.prompt, **given).logits[:, -1]
            if rows > 1:
                cache.batch_repeat_interleave(rows)
                logits = logits.expand(rows, -1)
            for left in reversed(range(tokens)):
                drawn = torch.multinomial(logits.float().softmax(-1), 1)
                if left:
                    logits = inner(input_ids=drawn, **given).logits[:, -1]


def timed(run: Callable[[], None]) -> tuple[float, float]:
    """Seconds on the clock and of all processors that `run` takes."""
    began, spent = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - began, time.process_time() - spent


def main(rounds: int, tokens: int) -> None:
    """Take turns, so that whatever else the machine does falls on all alike; tell all times as JSON."""
    try:
        runs = Runs(tokens)
    except (StemmaError, ImportError) as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        return
    names = ("prefill", "first", "four", "bare_four", "singles", "bare_one")
    for name in ("first", "bare_four"):  # the first time of anything takes longer
        getattr(runs, name)()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    end = time.monotonic() + LONGEST
    for turn in range(rounds):
        if turn >= 3 and time.monotonic() > end:  # noqa: PLR2004 (a median of three is one)
            break
        for name in names:
            taken[name].append(timed(getattr(runs, name)))
    facts = {
        "tokens": tokens,
        "prompt_tokens": runs.prompt.shape[1],
        "dtype": str(runs.model.model.dtype).removeprefix("torch."),
    }
    sys.stdout.write(json.dumps({"facts": facts, "taken": taken}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
