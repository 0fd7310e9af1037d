"""Low-rank changes to a network (LoRA, Hu et al. 2022) while they are learned; merged, they are the engine's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)

from app.engines.image.fewsteps import DOWN, PREFIX, UP

Pair = tuple[torch.nn.Parameter, torch.nn.Parameter]


class Changes:
    """Low-rank changes beside the frozen layers of a UNet, as parameters to learn; the first change is none."""

    def __init__(self, unet: Any, rank: int, dice: torch.Generator) -> None:
        """Hang them on every linear and convolutional layer but those that only read the timestep."""
        self.on = True  # off: the network is as it was
        self.pairs: dict[str, Pair] = {}
        for name, layer in unet.named_modules():
            if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d) and not name.startswith(("time_", "time.")):
                self.pairs[name] = _pair(layer, rank, dice)
                layer.register_forward_hook(self._beside(*self.pairs[name]))

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        """All of them, in the network's order."""
        return [parameter for pair in self.pairs.values() for parameter in pair]

    def tensors(self, values: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
        """`values`, in the parameters' order, by their names in diffusers' layout."""
        names = [f"{PREFIX}{name}{part}" for name in self.pairs for part in (DOWN, UP)]
        return dict(zip(names, (value.detach() for value in values), strict=True))

    def _beside(self, down: torch.nn.Parameter, up: torch.nn.Parameter) -> Callable[..., torch.Tensor | None]:
        def hook(layer: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor | None:
            if not self.on:
                return None
            if isinstance(layer, torch.nn.Linear):
                return output + F.linear(F.linear(inputs[0], down), up)
            return output + F.conv2d(F.conv2d(inputs[0], down, None, layer.stride, layer.padding), up)

        return hook


def _pair(layer: Any, rank: int, dice: torch.Generator) -> Pair:
    """What goes down to `rank`, by chance as He et al. 2015 would begin a layer, and what comes up, zero."""
    shape = layer.weight.shape
    rank = min(rank, shape[0], shape[1])
    bound = 1 / math.sqrt(layer.weight[0].numel())
    down = (torch.rand(rank, *shape[1:], generator=dice) * 2 - 1) * bound
    up = torch.zeros(shape[0], rank, *(1 for _side in shape[2:]))
    device = layer.weight.device
    return torch.nn.Parameter(down.to(device)), torch.nn.Parameter(up.to(device))
