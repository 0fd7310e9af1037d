"""The next token of many rows at once; what is left of a distribution is what `text.sampling` leaves of a single one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.engines.shared.sampling import IMPOSSIBLE, Sampling

if TYPE_CHECKING:
    import torch


def drawn(scores: torch.Tensor, sampling: Sampling, points: Sequence[float]) -> list[int]:
    """A token for each row of `scores` ([rows, vocab]), decided by its point between 0 and 1."""
    import torch

    if sampling.temperature == 0:
        return scores.argmax(-1).tolist()
    reached = probabilities(scores, sampling).double().cumsum(-1)
    at = torch.tensor(points, dtype=torch.float64, device=scores.device)[:, None] * reached[:, -1:]
    last = (reached.diff(dim=-1, prepend=torch.zeros_like(reached[:, :1])) > 0).long().cumsum(-1).argmax(-1)
    found = torch.searchsorted(reached, at, right=True)[:, 0]
    return torch.minimum(found, last).tolist()


def probabilities(scores: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """[rows, vocab]: temperature (above 0), top-k, top-p, min-p, typical, in this order."""
    scores = scores / sampling.temperature
    if 0 < sampling.top_k < scores.shape[-1]:
        scores = scores.masked_fill(scores < scores.topk(sampling.top_k).values[:, -1:], IMPOSSIBLE)
    if sampling.top_p < 1:
        chances = scores.softmax(-1)
        scores = _until(scores, chances, chances, sampling.top_p)
    if sampling.min_p > 0:
        chances = scores.softmax(-1)
        scores = scores.masked_fill(chances < sampling.min_p * chances.max(-1, keepdim=True).values, IMPOSSIBLE)
    if sampling.typical_p < 1:
        logs = scores.log_softmax(-1)
        chances = logs.exp()
        entropy = -logs.masked_fill(chances == 0, 0).mul(chances).sum(-1, keepdim=True)
        scores = _until(scores, chances, -(-logs - entropy).abs(), sampling.typical_p)
    return scores.softmax(-1)


def _until(scores: torch.Tensor, chances: torch.Tensor, rank: torch.Tensor, mass: float) -> torch.Tensor:
    """Of each row the tokens of the highest `rank` until their `chances` reach `mass`."""
    order = rank.argsort(stable=True, dim=-1, descending=True)
    sorted_chances = chances.gather(-1, order)
    beyond = sorted_chances.cumsum(-1) - sorted_chances >= mass
    beyond[:, 0] = False
    return scores.masked_fill(beyond.scatter(-1, order, beyond), IMPOSSIBLE)
