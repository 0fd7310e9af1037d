"""From logits to the next token, of one row or many: penalties, truncations, and a draw that only the variant's own seed
decides.

The order is transformers' own, so that a recipe means the same there: repetition penalty, no repeated n-grams, temperature,
top-k, top-p, min-p, typical.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

NUCLEUS = 1024  # the likeliest tokens that are sorted first; the whole vocabulary only where they do not suffice
IMPOSSIBLE = -math.inf


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is drawn. The defaults change nothing: they sample from the model's own distribution."""

    temperature: float = 1.0  # 0 takes the likeliest token always
    top_k: int = 0  # 0: all
    top_p: float = 1.0  # nucleus: Holtzman et al. 2020, https://arxiv.org/abs/1904.09751
    min_p: float = 0.0  # of the likeliest token's probability: Nguyen et al. 2024, https://arxiv.org/abs/2407.01082
    typical_p: float = 1.0  # locally typical: Meister et al. 2023, https://arxiv.org/abs/2202.00666
    repetition_penalty: float = 1.0  # Keskar et al. 2019, https://arxiv.org/abs/1909.05858, section 4.1
    no_repeat_ngram: int = 0  # tokens in a row that never stand twice; 0: they may


def penalised(scores: torch.Tensor, history: Sequence[int], sampling: Sampling) -> torch.Tensor:
    """`scores` ([vocab], logits or log-probabilities) with what repeats `history` made unlikelier or impossible."""
    import torch

    if sampling.repetition_penalty != 1 and history:
        scores = scores.clone()
        seen = torch.tensor(sorted(set(history)), device=scores.device)
        old, penalty = scores[seen], sampling.repetition_penalty
        scores[seen] = torch.where(old < 0, old * penalty, old / penalty)
    repeated = _completing(history, sampling.no_repeat_ngram)
    if repeated:
        scores = scores.clone()
        scores[torch.tensor(sorted(repeated), device=scores.device)] = IMPOSSIBLE
    return scores


def _completing(history: Sequence[int], length: int) -> set[int]:
    """The tokens that would complete an n-gram which `history` has already."""
    if not length or len(history) < length:
        return set()
    last = list(history[len(history) - length + 1 :])
    starts = range(len(history) - length + 1)
    return {history[at + length - 1] for at in starts if list(history[at : at + length - 1]) == last}


def probabilities(scores: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """The distributions that are drawn from, [..., vocab] float32: temperature, then the truncations, one token left."""
    import torch

    if sampling.temperature == 0:
        return torch.nn.functional.one_hot(scores.argmax(-1), scores.shape[-1]).float()
    scores = scores / sampling.temperature
    if 0 < sampling.top_k < scores.shape[-1]:
        scores = scores.masked_fill(scores < scores.topk(sampling.top_k).values[..., -1:], IMPOSSIBLE)
    if sampling.top_p < 1:
        chances = scores.softmax(-1)
        scores = _until(scores, chances, chances, sampling.top_p)
    if sampling.min_p > 0:
        chances = scores.softmax(-1)
        scores = scores.masked_fill(chances < sampling.min_p * chances.amax(-1, keepdim=True), IMPOSSIBLE)
    if sampling.typical_p < 1:
        scores = _typical(scores, sampling.typical_p)
    return scores.softmax(-1)


def _typical(scores: torch.Tensor, mass: float) -> torch.Tensor:
    """Only the tokens whose surprise is nearest to the distribution's entropy, together reaching `mass`."""
    import torch

    logs = scores.log_softmax(-1)
    chances = logs.exp()
    entropy = -torch.where(chances > 0, chances * logs, 0).sum(-1, keepdim=True)
    nearness = -((-logs) - entropy).abs()
    return _until(scores, chances, nearness, mass)


def _until(scores: torch.Tensor, chances: torch.Tensor, rank: torch.Tensor, mass: float) -> torch.Tensor:
    """Of each row the tokens of the highest `rank` until their `chances` reach `mass`, the one that reaches it included."""
    import torch

    vocabulary = scores.shape[-1]
    for size in (min(NUCLEUS, vocabulary), vocabulary):  # a sort of 50,000 takes longer than all the rest
        best = rank.topk(size).indices
        reached = chances.gather(-1, best).cumsum(-1)
        if size == vocabulary or bool((reached[..., -1] >= mass).all()):
            break
    beyond = torch.zeros_like(reached, dtype=torch.bool)
    beyond[..., 1:] = reached[..., :-1] >= mass
    kept = scores.gather(-1, best).masked_fill(beyond, IMPOSSIBLE)
    return torch.full_like(scores, IMPOSSIBLE).scatter(-1, best, kept)


def drawn(chances: torch.Tensor, generator: torch.Generator) -> int:
    """A token of one distribution ([vocab]), decided by one uniform number of `generator`.

    The number is all that chance decides. Where a batch of another size changes the last bits of a logit, the token stays
    the same unless the number falls into just that gap.
    """
    import torch

    return drawn_at(chances[None], [float(torch.rand((), generator=generator, dtype=torch.float64))])[0]


def drawn_at(chances: torch.Tensor, points: Sequence[float]) -> list[int]:
    """A token of each row ([rows, vocab]), by inverting its cumulative distribution at its point between 0 and 1."""
    import torch

    reached = chances.double().cpu().cumsum(-1)
    at = torch.tensor(points, dtype=torch.float64)[:, None] * reached[:, -1:]
    last = chances.shape[-1] - 1 - (chances.flip(-1) > 0).int().argmax(-1).cpu()
    return torch.minimum(torch.searchsorted(reached, at, right=True)[:, 0], last).tolist()
