"""The engine of tunes, and the bare loop of transformers over the same weights, in one process set up like a worker."""

from __future__ import annotations

import json
import sys
from typing import Any

from app.benchmarks.texts_alone import timed
from app.brief import Brief
from app.engines.catalog import MUSIC
from app.engines.engine import Content, Request, Step, Verb
from app.engines.music.tunes import Tunes
from app.errors import StemmaError

INTENT = "a merry jig in G major, 16 bars"
COUNT = 4


class Runs:
    """What is timed."""

    def __init__(self) -> None:
        """Load the engine. Raises StemmaError."""
        import torch

        self.engine = Tunes(MUSIC)
        self.engine.load("cuda" if torch.cuda.is_available() else "cpu")
        self.request = Request(Verb.CREATE, Brief(intent=INTENT), self.engine.Params(), tuple(range(COUNT)))
        self.tokens = max(part.facts["tokens"] for part in self.engine.run(self.request) if isinstance(part, Content))

    def four(self) -> None:
        """Four whole tunes."""
        for _part in self.engine.run(self.request):
            pass

    def first(self) -> None:
        """Until there are notes of any of the four."""
        for part in self.engine.run(self.request):
            if isinstance(part, Step) and part.number:
                return

    def bare(self) -> None:
        """The model's own loop: four rows, as many tokens as the longest tune has."""
        self._loop(self.tokens)

    def prefill(self) -> None:
        """The prompt is read, and no more."""
        self._loop(0)

    def _loop(self, tokens: int) -> None:
        import torch
        from transformers import DynamicCache

        model = self.engine.model
        with torch.inference_mode():
            cache: Any = DynamicCache(config=model.config)
            given: dict[str, Any] = {"past_key_values": cache, "use_cache": True, "logits_to_keep": 1}
            logits = model(input_ids=torch.tensor([[2, 7, 20, 30, 35, 40]] * COUNT, device=model.device), **given).logits[:, -1]
            for _token in range(tokens):
                logits = model(input_ids=torch.multinomial(logits.softmax(-1), 1), **given).logits[:, -1]


def main(rounds: int) -> None:
    """Take turns, so that whatever else the machine does falls on all alike; tell all times as JSON."""
    try:
        runs = Runs()
    except (StemmaError, ImportError) as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        return
    names = ("prefill", "first", "four", "bare")
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _turn in range(rounds):
        for name in names:
            taken[name].append(timed(getattr(runs, name)))
    facts = {"tunes": COUNT, "bars": 16, "tokens": runs.tokens, "drafts": runs.request.params.model_dump()["drafts"]}
    sys.stdout.write(json.dumps({"facts": facts, "taken": taken}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
