"""A small Llama for drafts that go on from common beginnings: its forward pass step by step on a cache made for that.

The same sums as `LlamaForCausalLM` (a test holds them together). Keys and values of what the drafts of a tune share stand
once and are read once; each draft has only its own phrase. Drafts may wait, be taken up as what is shared, or begin again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

GROWTH = 256  # places that a cache gets at once


class Rows:
    """`tunes` beginnings with `drafts` rows each over the network `model` (a LlamaForCausalLM on any device).

    Row r is a draft of tune r // drafts. Caches are [layers, 2, tunes or rows, heads, places, size of a head].
    """

    def __init__(self, model: Any, tunes: int, drafts: int) -> None:
        import torch

        config = model.config
        self.model, self.device, self.tunes, self.drafts = model, model.device, tunes, drafts
        self.heads, self.groups = config.num_attention_heads, config.num_attention_heads // config.num_key_value_heads
        self.size = config.hidden_size // self.heads
        self._norm, self._layers = model.model.norm, [_fused(layer) for layer in model.model.layers]
        self._common = self._empty(tunes, 0)
        self._own = self._empty(tunes * drafts, 0)
        self.settled = torch.zeros(tunes, dtype=torch.int64, device=self.device)  # places of what a tune's drafts share
        self.read_own = torch.zeros(tunes * drafts, dtype=torch.int64, device=self.device)  # … and of each row after it
        places = torch.arange(config.max_position_embeddings, device=self.device)
        with torch.inference_mode():
            cos, sin = model.model.rotary_emb(torch.empty(1, dtype=model.dtype, device=self.device), places[None])
        self._turns = torch.stack([cos[0], sin[0]])

    def _empty(self, rows: int, places: int) -> torch.Tensor:
        import torch

        shape = (len(self._layers), 2, rows, self.heads, places, self.size)
        return torch.zeros(shape, dtype=self.model.dtype, device=self.device)

    def read(self, prompts: Sequence[Sequence[int]]) -> None:
        """Each tune begins with its prompt; they are of one length, which may be 0."""
        import torch
        from transformers import DynamicCache

        each = prompts if len({tuple(prompt) for prompt in prompts}) > 1 else prompts[:1]  # one that all share is read once
        length = len(each[0])
        self._common = self._empty(self.tunes, length + GROWTH)
        self.settled.fill_(length)
        if not length:
            return
        with torch.inference_mode():
            inner: Any = DynamicCache(config=self.model.config)
            ids = torch.tensor([list(prompt) for prompt in each], device=self.device)
            self.model.model(input_ids=ids, past_key_values=inner, use_cache=True)
            for cached, layer in zip(self._common, inner.layers, strict=True):
                cached[0, :, :, :length] = layer.keys.repeat_interleave(self.groups, 1)
                cached[1, :, :, :length] = layer.values.repeat_interleave(self.groups, 1)

    def step(self, tokens: Sequence[int], rows: Sequence[int]) -> torch.Tensor:
        """`rows` each read their token of `tokens`; what may follow, [len(rows), vocab] float32."""
        import torch
        import torch.nn.functional as F  # noqa: N812 (torch's own custom)

        at = torch.tensor(rows, device=self.device)
        own, common = self.read_own[at], int(self.settled.max())
        last = int(own.max()) + 1
        if last > self._own.shape[4]:
            self._own = torch.cat([self._own, self._empty(self._own.shape[2], GROWTH // 4)], 4)
        with torch.inference_mode():
            x = self.model.model.embed_tokens(torch.tensor(tokens, device=self.device))
            cos, sin = self._turns[:, self.settled[at // self.drafts] + own, None]
            places = torch.arange(max(common, last), device=self.device)
            seen = torch.cat([places[:common] < self.settled[at // self.drafts, None], places[:last] <= own[:, None]], 1)
            for layer, shared, mine in zip(self._layers, self._common, self._own, strict=True):
                query, key, value = self._asked(layer, x, cos, sin)
                mine[0, at, :, own], mine[1, at, :, own] = key, value
                told = self._attended(query, at, seen, shared[..., :common, :], mine[:, at, :, :last])
                x = x + F.linear(told, layer[2])
                gate, up = F.linear(layer[3](x), layer[4]).chunk(2, -1)
                x = x + F.linear(F.silu(gate) * up, layer[5])
            logits: torch.Tensor = self.model.lm_head(self._norm(x)).float()
        self.read_own[at] += 1
        return logits

    def _asked(self, layer: _Layer, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> Sequence[torch.Tensor]:
        """Queries, keys (both turned to their places) and values, [rows, heads, size]."""
        import torch
        import torch.nn.functional as F  # noqa: N812 (torch's own custom)

        shared = self.heads // self.groups
        mixed = F.linear(layer[0](x), layer[1]).view(len(x), -1, self.size)
        turned, value = torch.split(mixed, [self.heads + shared, shared], 1)
        low, high = turned.chunk(2, -1)
        turned = turned * cos + torch.cat([-high, low], -1) * sin
        query, key = torch.split(turned, [self.heads, shared], 1)
        return query, key.repeat_interleave(self.groups, 1), value.repeat_interleave(self.groups, 1)

    def _attended(
        self, query: torch.Tensor, at: torch.Tensor, seen: torch.Tensor, shared: torch.Tensor, mine: torch.Tensor
    ) -> torch.Tensor:
        """[rows, width]: attention to what the tune's drafts share (read once for all of them) and to the row's own."""
        import torch

        common = shared.shape[3]
        every = query.new_zeros((self.tunes * self.drafts, self.heads, self.size))
        every[at] = query * self.size**-0.5
        by_tune = every.view(self.tunes, self.drafts, self.heads, self.size).transpose(1, 2)
        before = (by_tune @ shared[0].transpose(-1, -2)).transpose(1, 2).reshape(len(every), self.heads, common)[at]
        after = (mine[0] @ every[at][..., None])[..., 0]
        weights = torch.cat([before, after], -1).masked_fill(~seen[:, None], -torch.inf).softmax(-1)
        spread = query.new_zeros((len(every), self.heads, common))
        spread[at] = weights[..., :common]
        by_tune = spread.view(self.tunes, self.drafts, self.heads, common).transpose(1, 2) @ shared[1]
        told = by_tune.transpose(1, 2).reshape(len(every), self.heads, self.size)[at]
        return (told + (weights[..., None, common:] @ mine[1])[..., 0, :]).flatten(1)

    def take(self, tune: int, row: int) -> None:
        """What `row` has read is what all drafts of `tune` go on from."""
        import torch

        start, more = int(self.settled[tune]), int(self.read_own[row])
        if start + more > self._common.shape[4]:
            self._common = torch.cat([self._common, self._empty(self.tunes, GROWTH)], 4)
        self._common[:, :, tune, :, start : start + more] = self._own[:, :, row, :, :more]
        self.settled[tune] += more
        self.again(tune)

    def again(self, tune: int) -> None:
        """All drafts of `tune` are as they began."""
        self.read_own[tune * self.drafts : (tune + 1) * self.drafts] = 0


_Layer = tuple[Any, "torch.Tensor", "torch.Tensor", Any, "torch.Tensor", "torch.Tensor"]


def _fused(layer: Any) -> _Layer:
    """A layer's norms and matrices; those that are multiplied with the same thing in one."""
    import torch

    at, mlp = layer.self_attn, layer.mlp
    mixed = torch.cat([at.q_proj.weight, at.k_proj.weight, at.v_proj.weight])
    gated = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight])
    return layer.input_layernorm, mixed, at.o_proj.weight, layer.post_attention_layernorm, gated, mlp.down_proj.weight
