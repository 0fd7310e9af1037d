"""The model and one quick way through it: a Llama on characters, computed in bfloat16 where the processor can.

transformers' own forward pass casts every weight at every use under autocast and keeps all logits; over sequences without
padding the same sums take half the time when weights are cast once a step and the loss makes its gradient as it goes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from app.training.checkpoint import write
from app.training.verse.examples import END, KEYWORD, POEM, TITLE
from app.training.verse.poems import Poem
from app.training.verse.shapes import SHAPES

VOCABULARY = "poem_vocab.json"
_OFTEN = 20  # times a character must stand in the poems to be learned
_ROWS = 1024  # places whose logits are held at once: 19 MB of float32 for 4,600 characters


def vocabulary(model: Path) -> list[str]:
    """The tokens of the model in `model`, by id, with the marks of forms that it lacks at the end (ids stay)."""
    words: list[str] = json.loads((model / VOCABULARY).read_text("utf-8"))
    return words + [shape.mark for shape in SHAPES.values() if shape.mark not in words]


def words_of(poems: Sequence[Poem]) -> list[str]:
    """A vocabulary for these poems from nothing: the marks, then the characters that stand in them often enough."""
    count = Counter(char for poem in poems for line in poem.lines for char in line)
    marks = ["<pad>", END, *(shape.mark for shape in SHAPES.values()), TITLE, KEYWORD, POEM, "，", "。"]
    return marks + [char for char, times in count.most_common() if times >= _OFTEN]


def grown(model: Path, words: Sequence[str]) -> Any:
    """The model in `model` in float32, its table of tokens grown to `words`: a new mark begins as the mean of the old."""
    from transformers import LlamaForCausalLM

    kind: Any = LlamaForCausalLM
    network = kind.from_pretrained(model, dtype=torch.float32, attn_implementation="sdpa")
    before = network.config.vocab_size
    if len(words) > before:
        network.resize_token_embeddings(len(words), mean_resizing=False)
        table = network.get_input_embeddings().weight.data
        marks = [i for i, word in enumerate(words[:before]) if word in {shape.mark for shape in SHAPES.values()}]
        table[before:] = table[marks].mean(0)
    return network


def fresh(words: Sequence[str], width: int = 256, layers: int = 5, heads: int = 4) -> Any:
    """A model of this size that knows nothing yet."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=round(width * 8 / 3 / 32) * 32,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=words.index(END),
        bos_token_id=None,
        rms_norm_eps=1e-5,
    )
    return LlamaForCausalLM(config)


def save(network: Any, words: Sequence[str], folder: Path) -> None:
    """The model folder: weights in float16, configuration, vocabulary. Raises OSError."""
    import copy

    copy.deepcopy(network).cpu().half().save_pretrained(folder, safe_serialization=True)
    write(folder / VOCABULARY, json.dumps(list(words), ensure_ascii=False).encode())


class _Loss(torch.autograd.Function):
    """Mean cross-entropy over tied embeddings, its gradient made on the way so that the logits are never kept."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, table: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """`hidden` [places, width], `table` [vocabulary, width], `target` [places]."""
        error = torch.zeros((), device=hidden.device)
        to_hidden, to_table = torch.empty_like(hidden), torch.zeros_like(table, dtype=torch.float32)
        for at in range(0, len(hidden), _ROWS):
            rows, wanted = hidden[at : at + _ROWS], target[at : at + _ROWS, None]
            logits = (rows @ table.t()).float()
            total = logits.logsumexp(-1, keepdim=True)
            error += (total - logits.gather(1, wanted)).sum()
            chances = logits.sub_(total).exp_()
            chances.scatter_add_(1, wanted, -torch.ones_like(wanted, dtype=torch.float32))
            slope = (chances / len(hidden)).to(hidden.dtype)
            to_hidden[at : at + _ROWS] = slope @ table
            to_table += slope.t() @ rows
        ctx.save_for_backward(to_hidden, to_table.to(table.dtype))
        return error / len(hidden)

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        """As autograd has it."""
        to_hidden, to_table = ctx.saved_tensors
        return outer[0] * to_hidden, outer[0] * to_table, None


def hidden(network: Any, ids: torch.Tensor, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """What the last layer says at every place of `ids` [batch, tokens]: [batch, tokens, width]; and the table, in `dtype`."""
    config, weights = network.config, {name: value.to(dtype) for name, value in network.named_parameters()}
    batch, length = ids.shape
    heads, width = config.num_attention_heads, config.hidden_size // config.num_attention_heads
    turn = _turns(length, width, float(config.rope_parameters["rope_theta"]), dtype, ids.device)
    later = torch.full((length, length), float("-inf"), dtype=dtype, device=ids.device).triu(1)
    table = weights["model.embed_tokens.weight"]
    stream = functional.embedding(ids, table)
    for number in range(config.num_hidden_layers):
        part = {name.split(f"layers.{number}.")[1]: w for name, w in weights.items() if f"layers.{number}." in name}
        normed = functional.rms_norm(stream, stream.shape[-1:], part["input_layernorm.weight"], config.rms_norm_eps)
        joint = torch.cat([part[f"self_attn.{name}_proj.weight"] for name in "qkv"])
        sides = functional.linear(normed, joint).view(batch, length, 3, heads, width).permute(2, 0, 3, 1, 4)
        query, key = _turned(sides[:2], turn).unbind()
        # Over so few places three times as quick on a CPU as scaled_dot_product_attention (measured in bfloat16).
        seen = (query @ key.transpose(-1, -2) * width**-0.5 + later).softmax(-1) @ sides[2]
        stream = stream + functional.linear(seen.transpose(1, 2).flatten(2), part["self_attn.o_proj.weight"])
        normed = functional.rms_norm(stream, stream.shape[-1:], part["post_attention_layernorm.weight"], config.rms_norm_eps)
        both = torch.cat([part["mlp.gate_proj.weight"], part["mlp.up_proj.weight"]])
        gate, up = functional.linear(normed, both).chunk(2, -1)
        stream = stream + functional.linear(functional.silu(gate) * up, part["mlp.down_proj.weight"])
    return functional.rms_norm(stream, stream.shape[-1:], weights["model.norm.weight"], config.rms_norm_eps), table


def error(network: Any, ids: torch.Tensor, begins: torch.Tensor, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    """The mean cross-entropy in nats of the poems' own tokens (from `begins` on), not of the prefixes, which are chance."""
    stream, table = hidden(network, ids, dtype)
    own = torch.arange(1, ids.shape[1], device=ids.device)[None, :] >= begins[:, None]
    loss: Any = _Loss  # torch leaves `apply` untyped
    found = loss.apply(stream[:, :-1][own], table, ids[:, 1:][own])
    return torch.as_tensor(found)


def _turns(length: int, width: int, base: float, dtype: torch.dtype, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotary positions (Su et al. 2021, arXiv:2104.09864): cosines and sines, [length, width]."""
    speed = base ** (-torch.arange(0, width, 2, device=device) / width)
    angle = torch.outer(torch.arange(length, device=device), speed).repeat(1, 2)
    return angle.cos().to(dtype), angle.sin().to(dtype)


def _turned(rows: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    first, second = rows.chunk(2, -1)
    return rows * turn[0] + torch.cat([-second, first], -1) * turn[1]
