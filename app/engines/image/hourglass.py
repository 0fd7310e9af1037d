"""The network of the house image model: a transformer on the coarse grid between convolutions on the fine one.

Chosen by figures (app/training/image): where shapes are decided a transformer (Peebles & Xie 2023) learns more from a picture
than convolutions do, but its cost grows with the cells; the fine cells need no more than convolutions. So residual blocks
read and write the latents, and in between each square of four cells is one token (as in Crowson et al. 2024). Tokens attend
to each other and to the words at once (Esser et al. 2024); the time, and the sentence as a whole, scale and shift every
layer (adaLN, one projection for all blocks as in Chen et al. 2023, PixArt).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

TEXT = 384  # numbers of a word piece
HEAD = 64  # channels of an attention head
WAVES = 256  # numbers that a timestep is put into
GROUPS = 8


@dataclass
class Output:
    """As diffusers' networks give it."""

    sample: Tensor


class Hourglass(ModelMixin, ConfigMixin):  # type: ignore[misc]  # diffusers carries no complete types
    """Noisy latents, timestep and word pieces to the velocity."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        sample_size: int = 16,  # noqa: ARG002 (kept in the configuration, where the engine reads it)
        in_channels: int = 12,
        fine: int = 64,
        width: int = 384,
        depth: int = 6,
        residual: int = 2,
    ) -> None:
        """For latents of `sample_size` cells a side; `fine` channels on that grid, `width` in each of `depth` blocks."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.time = nn.Sequential(nn.Linear(WAVES, width), nn.SiLU(), nn.Linear(width, width))
        self.sentence = nn.Sequential(nn.Linear(TEXT, width), nn.SiLU(), nn.Linear(width, width))
        self.words = nn.LayerNorm(TEXT)
        self.conv_in = nn.Conv2d(in_channels, fine, 3, padding=1)
        self.down = nn.ModuleList(Residual(fine, fine, width) for _block in range(residual))
        self.embed = nn.Conv2d(fine, width, 2, stride=2)
        self.modulation = nn.Linear(width, 6 * width)
        self.blocks = nn.ModuleList(Block(width) for _block in range(depth))
        self.unembed = nn.Linear(width, 4 * fine)
        self.up = nn.ModuleList(Residual(fine if block else 2 * fine, fine, width) for block in range(residual))
        self.norm = nn.GroupNorm(GROUPS, fine)
        self.conv_out = nn.Conv2d(fine, in_channels, 3, padding=1)
        self._begin()

    def _begin(self) -> None:
        """At first every block does nothing and the velocity is zero."""
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        for layer in (self.modulation, self.conv_out, *(block.second for block in (*self.down, *self.up))):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, sample: Tensor, timestep: Tensor | int, encoder_hidden_states: Tensor, return_dict: bool = True
    ) -> Output | tuple[Tensor]:
        """The velocity for `sample` [batch, channels, h, w] at a timestep for each or for all.

        `encoder_hidden_states` are the word pieces [batch, pieces, 384], zero past the end of a text.
        """
        text = encoder_hidden_states
        told = (text.abs().sum(-1, keepdim=True) > 0).to(text.dtype)
        condition = F.silu(self.time(self._waves(timestep, sample)) + self.sentence(pooled(text, told)))
        words = self.words(text) * told
        tall, wide = sample.shape[-2:]
        fine = self.conv_in(F.pad(sample, (0, wide % 2, 0, tall % 2), mode="replicate"))
        for block in self.down:
            fine = block(fine, condition)
        coarse = self.embed(fine)
        grid = coarse.shape[-2:]
        tokens = coarse.flatten(2).transpose(1, 2) + places(grid[0], grid[1], coarse.shape[1]).to(coarse)
        modulation = self.modulation(condition).unflatten(1, (6, -1))
        for block in self.blocks:
            tokens = block(tokens, words, modulation)
        coarse = self.unembed(F.layer_norm(tokens, tokens.shape[-1:])).transpose(1, 2).unflatten(2, grid)
        fine = torch.cat([fine, F.pixel_shuffle(coarse, 2).to(fine.dtype)], 1)
        for block in self.up:
            fine = block(fine, condition)
        velocity = self.conv_out(F.silu(self.norm(fine)))[..., :tall, :wide]
        return Output(velocity) if return_dict else (velocity,)

    def _waves(self, timestep: Tensor | int, sample: Tensor) -> Tensor:
        """The timestep as sines and cosines (Vaswani et al. 2017): [batch, 256]."""
        at = torch.as_tensor(timestep, device=sample.device).float().expand(len(sample))
        angles = at[:, None] * frequencies(WAVES // 2, 10_000.0, sample.device)
        return torch.cat([angles.cos(), angles.sin()], 1)


class Block(nn.Module):
    """Attention to the other tokens and the words, then two layers for each token alone."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = max(1, width // HEAD)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.key_value_words = nn.Linear(TEXT, 2 * width)
        self.attended = nn.Linear(width, width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.own = nn.Parameter(torch.zeros(6, width))  # what this block's modulation has beside that of all
        self.norm_query = nn.RMSNorm(width // self.heads, eps=1e-6)
        self.norm_key = nn.RMSNorm(width // self.heads, eps=1e-6)

    def forward(self, tokens: Tensor, words: Tensor, modulation: Tensor) -> Tensor:
        """`tokens` [batch, n, width] and `words` [batch, pieces, 384] to new tokens; `modulation` is [batch, 6, width]."""
        shift, scale, gate, shift_alone, scale_alone, gate_alone = (modulation + self.own)[:, :, None].unbind(1)
        seen = F.layer_norm(tokens, tokens.shape[-1:]) * (1 + scale) + shift
        query, key, value = self._heads(self.query_key_value(seen), 3)
        key_words, value_words = self._heads(self.key_value_words(words), 2)
        key, value = torch.cat([key, key_words], 2), torch.cat([value, value_words], 2)
        query, key = self.norm_query(query.float()).to(value.dtype), self.norm_key(key.float()).to(value.dtype)
        # Plain products: for so few tokens quicker on a CPU than the fused function.
        weights = (query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5).softmax(-1)
        tokens = tokens + gate * self.attended((weights.to(value.dtype) @ value).transpose(1, 2).flatten(2))
        seen = F.layer_norm(tokens, tokens.shape[-1:]) * (1 + scale_alone) + shift_alone
        return torch.as_tensor(tokens + gate_alone * self.narrow(F.gelu(self.wide(seen), approximate="tanh")))

    def _heads(self, rows: Tensor, parts: int) -> tuple[Tensor, ...]:
        """[batch, n, parts × width] as so many of [batch, heads, n, channels]."""
        batch, count, _width = rows.shape
        return rows.reshape(batch, count, parts, self.heads, -1).permute(2, 0, 3, 1, 4).unbind()


class Residual(nn.Module):
    """Two convolutions beside a way past them, scaled and shifted by the condition (Dhariwal & Nichol 2021)."""

    def __init__(self, channels: int, out: int, condition: int) -> None:
        super().__init__()
        self.norm_first, self.first = nn.GroupNorm(GROUPS, channels), nn.Conv2d(channels, out, 3, padding=1)
        self.norm_second, self.second = nn.GroupNorm(GROUPS, out), nn.Conv2d(out, out, 3, padding=1)
        self.modulation = nn.Linear(condition, 2 * out)
        self.past = nn.Conv2d(channels, out, 1) if channels != out else nn.Identity()

    def forward(self, cells: Tensor, condition: Tensor) -> Tensor:
        """[batch, channels, h, w] to [batch, out, h, w]."""
        changed = self.first(F.silu(self.norm_first(cells)))
        scale, shift = self.modulation(condition)[:, :, None, None].chunk(2, 1)
        changed = self.second(F.silu(self.norm_second(changed) * (1 + scale) + shift))
        return torch.as_tensor(self.past(cells) + changed)


def pooled(text: Tensor, told: Tensor) -> Tensor:
    """The sentence as a whole, as sentence-transformers makes it: the mean of its pieces, here of length √384."""
    mean = (text * told).sum(1) / told.sum(1).clamp(min=1)
    return F.normalize(mean, dim=-1) * math.sqrt(TEXT)


def places(tall: int, wide: int, width: int) -> Tensor:
    """Where each token is, from the middle, as sines and cosines: [tall × wide, width]."""
    rows, columns = (torch.arange(many) - (many - 1) / 2 for many in (tall, wide))
    waves = frequencies(width // 4, 100.0, torch.device("cpu"))
    down, across = (torch.cat([(at[:, None] * waves).sin(), (at[:, None] * waves).cos()], 1) for at in (rows, columns))
    return torch.cat([down[:, None].expand(-1, wide, -1), across[None].expand(tall, -1, -1)], -1).flatten(0, 1)


def frequencies(many: int, longest: float, device: torch.device) -> Tensor:
    """From 1 downwards to nearly 1 / `longest`, evenly on a logarithmic scale."""
    return torch.exp(-math.log(longest) * torch.arange(many, device=device) / many)
