"""Attention of one token at a time on a CPU.

Its fused kernel of torch 2.13 is slow there in bfloat16 with a single query: four rows behind 400 tokens take 1.2 ms a layer,
with 30 layers more than all products with the weights. Written out in float32 it takes 0.2 ms and is more exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NAME = "stemma-one-query"
FUSED = "sdpa"


def quicken(model: Any) -> None:
    """Let a causal model of transformers attend by `attend`, where that is quicker."""
    import torch
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    narrow = model.dtype in {torch.bfloat16, torch.float16}
    if model.device.type != "cpu" or not narrow or model.config._attn_implementation != FUSED:
        return
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **given: Any,
) -> tuple[torch.Tensor, None]:
    """As transformers asks: `query` [rows, heads, queries, size], `key` and `value` [rows, fewer heads, tokens, size];
    [rows, queries, heads, size]. Whatever is not plain attention of one query goes to the fused kernel.
    """
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    rows, heads, queries, size = query.shape
    plain = attention_mask is None and given.get("softcap") is None and given.get("position_bias") is None
    if queries > 1 or not plain:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **given)
    groups = key.shape[1]
    asked = query.reshape(rows, groups, heads // groups, size).float() * (size**-0.5 if scaling is None else scaling)
    weights = (asked @ key.float().transpose(-1, -2)).softmax(-1)
    return (weights @ value.float()).to(value.dtype).view(rows, 1, heads, -1), None
