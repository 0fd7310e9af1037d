"""The running average of a network's weights, which is what a training keeps: quick at first, then slow."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel


def averaged(network: torch.nn.Module, ema: float) -> AveragedModel:
    """An average that `update_parameters` moves towards `network` by 1 - `ema` a step, at first by more.

    Its `module` is the average as a network; `n_averaged`, the steps so far, must be put back with the weights.
    """

    def follow(average: Any, current: Any, count: torch.Tensor | int) -> None:
        decay = min(ema, (2 + int(count)) / (11 + int(count)))
        torch._foreach_lerp_(list(average), list(current), 1 - decay)

    return AveragedModel(network, multi_avg_fn=follow).eval().requires_grad_(False)
