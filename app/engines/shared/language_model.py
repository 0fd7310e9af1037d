"""A causal language model of transformers with its KV cache: what decoding and rescoring ask, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.engines.shared.attention import quicken
from app.errors import EngineError, _

if TYPE_CHECKING:
    import torch

ROOM = 16  # tokens that must be left for an answer
ROWS = 2  # at least: products with one row go another way through the CPU's kernels and differ in their last bits


class LanguageModel:
    """`LlamaForCausalLM` or any `AutoModelForCausalLM`. Tensors stay on its device; logits come as float32."""

    def __init__(self, model: Any, ends: Sequence[int] = (), banned: Sequence[int] = ()) -> None:
        """`ends` are the tokens that end a text, `banned` those that it never writes (special ones, control characters)."""
        import torch

        self.model = model.eval().requires_grad_(False)
        quicken(model)
        self.device = model.device
        self.vocabulary = int(model.config.vocab_size)
        self.context = int(getattr(model.config, "max_position_embeddings", None) or 1 << 20)  # tokens
        self.ends = frozenset(ends)
        self.end_ids = torch.tensor(sorted(self.ends), dtype=torch.int64, device=self.device)
        self.usable = torch.ones(self.vocabulary, dtype=torch.bool, device=self.device)
        self.usable[[id for id in banned if id not in self.ends]] = False

    def room(self, prompt: Sequence[int]) -> int:
        """How many tokens may follow `prompt`. Raises EngineError when it leaves no room for an answer."""
        left = self.context - len(prompt)
        if left < min(ROOM, self.context // 2):
            raise EngineError(
                _("Brief and text are too long for this model: %(tokens)d tokens, and it sees %(context)d. Shorten them."),
                tokens=len(prompt),
                context=self.context,
            )
        return left

    def prefill(self, prompt: Sequence[int], rows: int = 1) -> tuple[torch.Tensor, Cache]:
        """What may follow `prompt` ([vocab]), and its cache for `rows` continuations: the prompt is read once."""
        import torch
        from transformers import DynamicCache

        with torch.inference_mode():
            inner: Any = DynamicCache(config=self.model.config)
            logits = self._forward([list(prompt)], inner, 1)[0, -1]
            inner.batch_repeat_interleave(max(rows, ROWS))
        return logits, Cache(inner)

    def step(self, tokens: Sequence[int], cache: Cache) -> torch.Tensor:
        """One more token for every row of `cache`; what may follow, [rows, vocab].

        A lone row gets a silent twin: in bfloat16 what a row says is then bit by bit the same alone and among others
        (measured with 2 to 4 rows on a CPU; in float32 it may differ in the last bits).
        """
        import torch

        with torch.inference_mode():
            return self._forward([[token] for token in _twinned(tokens)], cache.inner, 1)[: len(tokens), -1]

    def score(self, tokens: Sequence[int], last: int) -> torch.Tensor:
        """What was expected at the places of the `last` tokens, [last, vocab], in one pass and without a cache."""
        import torch

        with torch.inference_mode():
            return self._forward([list(tokens)], None, last + 1)[0, :-1]

    def _forward(self, rows: list[list[int]], cache: Any, keep: int) -> torch.Tensor:
        import torch

        ids = torch.tensor(rows, device=self.device)
        # Places instead of their number: what is picked out lies in one piece, and the product with the vocabulary, of which
        # torch otherwise copies the weights, takes a third of the time.
        last = torch.arange(ids.shape[1] - keep, ids.shape[1], device=self.device)
        answer = self.model(input_ids=ids, past_key_values=cache, use_cache=cache is not None, logits_to_keep=last)
        logits: torch.Tensor = answer.logits.float()
        return logits


class Cache:
    """Keys and values of what was read and written so far, one row a continuation."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def keep(self, rows: Sequence[int]) -> None:
        """Only these rows, in this order; a row may be taken twice."""
        import torch

        with torch.inference_mode():
            self.inner.batch_select_indices(torch.tensor(_twinned(rows), device=self.inner.layers[0].keys.device))

    def crop(self, length: int) -> None:
        """Forget what was read after the first `length` tokens."""
        if (over := int(self.inner.get_seq_length()) - length) > 0:
            self.inner.crop(-over)


def _twinned(rows: Sequence[int]) -> list[int]:
    return [*rows, *[rows[0]] * (ROWS - len(rows))]
