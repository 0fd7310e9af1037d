"""The judge's networks as they begin, and what can be set."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from transformers import ResNetConfig, ResNetModel


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; kept beside the weights."""

    minutes: float = 45.0
    batch: int = 128  # pictures; each drawing comes twice, with different captions
    rate: float = 1.5e-3
    side: int = 64  # pixels of a picture as the judge sees it
    small: int = 48  # and at first, when every sample teaches much and costs half
    whole: float = 0.7  # of the budget, from which on pictures have their full side
    stem: int = 32
    channels: tuple[int, ...] = (48, 128, 256)
    depths: tuple[int, ...] = (1, 1, 2)
    dimensions: int = 256
    hidden: int = 512  # width of the words' hidden layer
    seed: int = 0


def new_encoder(settings: Settings) -> Any:
    """An untrained image encoder."""
    return ResNetModel(
        ResNetConfig(
            embedding_size=settings.stem,
            hidden_sizes=list(settings.channels),
            depths=list(settings.depths),
            layer_type="basic",
        )
    )


def new_heads(settings: Settings) -> dict[str, torch.Tensor]:
    """Untrained maps into the common space, and the logits' scale (its logarithm) and bias: most pairs are not true."""
    wide, features = 384, settings.channels[-1]

    def drawn(rows: int, columns: int) -> torch.Tensor:
        return torch.randn(rows, columns) / math.sqrt(columns)

    return {
        "picture": drawn(settings.dimensions, features),
        "text": drawn(settings.dimensions, wide),
        "text_hidden": drawn(settings.hidden, wide),
        "text_hidden_bias": torch.zeros(settings.hidden),
        "text_out": 0.3 * drawn(settings.dimensions, settings.hidden),
        "scale": torch.tensor(math.log(10.0)),
        "bias": torch.tensor(-6.0),
    }
