"""The latents of an autoencoder as the network that denoises them sees them, whatever the family.

Four channels or sixteen scaled by a number (Stable Diffusion, FLUX.1, Z-Image), sixteen with a mean and a deviation each
(Qwen's, with an axis for frames), or thirty-two whose 2 × 2 neighbours are normalised together (FLUX.2). Most
transformers take them as tokens, each a square of cells.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_FRAMES = ("AutoencoderKLQwenImage", "AutoencoderKLWan")
_PATCHED = "AutoencoderKLFlux2"
KINDS = ("AutoencoderKL", *_FRAMES, _PATCHED)
_TOKENS, _CELLS, _VIDEO = 3, 4, 5  # axes


class LatentSpace:
    """One autoencoder's. Cells are [n, channels, height / factor, width / factor]."""

    def __init__(self, vae: Any) -> None:
        """`vae` is one of KINDS."""
        self.vae, self.kind = vae, type(vae).__name__
        config = vae.config
        deep = len(config.temperal_downsample) if self.kind in _FRAMES else len(config.block_out_channels) - 1
        self.factor: int = 2**deep  # pixels a cell covers, along a side
        self.channels: int = config.z_dim if self.kind in _FRAMES else config.latent_channels

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """The cells of `pixels` [n, 3, height, width] in -1…1, in float32."""
        import torch

        with torch.inference_mode():
            pixels = pixels.to(self.vae.device, self.vae.dtype)
            mean: torch.Tensor = self.vae.encode(
                pixels[:, :, None] if self.kind in _FRAMES else pixels
            ).latent_dist.mean.float()
        shift, scale = self._measure(mean.device)
        if self.kind == _PATCHED:
            return _spread((_squares(mean, 2) - shift) / scale, 2)
        cells: torch.Tensor = ((mean[:, :, 0] if self.kind in _FRAMES else mean) - shift) / scale
        return cells

    def decode(self, cells: torch.Tensor) -> torch.Tensor:
        """The pixels of `cells`, in float32."""
        import torch

        shift, scale = self._measure(cells.device)
        raw = _spread(_squares(cells, 2) * scale + shift, 2) if self.kind == _PATCHED else cells * scale + shift
        raw = raw.to(self.vae.dtype)
        with torch.inference_mode():
            pixels: torch.Tensor = self.vae.decode(raw[:, :, None] if self.kind in _FRAMES else raw).sample.float()
        return pixels[:, :, 0] if self.kind in _FRAMES else pixels

    def cells(self, latents: torch.Tensor, size: tuple[int, int]) -> torch.Tensor | None:
        """What a pipeline denoises, as cells, for a picture of `size` (width, height); None when they are of another kind."""
        width, height = (side // self.factor for side in size)
        if latents.ndim == _TOKENS:
            patch = math.isqrt(width * height // max(1, latents.shape[1]))
            if patch < 1 or latents.shape[1] * patch**2 != width * height or latents.shape[2] != self.channels * patch**2:
                return None
            latents = _spread(latents.transpose(1, 2).reshape(len(latents), -1, height // patch, width // patch), patch)
        elif latents.ndim == _VIDEO:
            latents = latents.squeeze(2).squeeze(1)
        return latents if latents.shape[1:] == (self.channels, height, width) else None

    def like(self, cells: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        """`cells` in the shape, the type and on the device of a pipeline's `latents`, which `cells` could read."""
        if latents.ndim == _TOKENS:
            patch = math.isqrt(cells.shape[2] * cells.shape[3] // latents.shape[1])
            cells = _squares(cells, patch).flatten(2).transpose(1, 2)
        elif latents.ndim == _VIDEO:
            cells = cells.unsqueeze(2 if latents.shape[2] == 1 else 1)
        return cells.to(latents)

    def _measure(self, device: torch.device) -> tuple[Any, Any]:
        """What is taken off the autoencoder's latents, and what the rest is divided by."""
        import torch

        config = self.vae.config
        if self.kind in _FRAMES:
            mean, deviation = (
                torch.tensor(one, device=device)[None, :, None, None] for one in (config.latents_mean, config.latents_std)
            )
            return mean, deviation
        if self.kind == _PATCHED:
            mean, variance = self.vae.bn.running_mean, self.vae.bn.running_var
            deviation = (variance.float() + config.batch_norm_eps).sqrt()
            return mean.float()[None, :, None, None].to(device), deviation[None, :, None, None].to(device)
        return getattr(config, "shift_factor", None) or 0.0, 1 / config.scaling_factor  # FLUX.1 and SD 3 have a shift


def space_of(pipe: Any) -> LatentSpace | None:
    """The latent space of a pipeline; None where its autoencoder is of a kind that is not known here."""
    vae = getattr(pipe, "vae", None)
    return LatentSpace(vae) if type(vae).__name__ in KINDS else None


def _squares(cells: torch.Tensor, patch: int) -> torch.Tensor:
    """[n, c, h, w] to [n, c × patch², h / patch, w / patch]."""
    import torch

    return torch.nn.functional.pixel_unshuffle(cells, patch)


def _spread(squares: torch.Tensor, patch: int) -> torch.Tensor:
    """The reverse of `_squares`."""
    import torch

    return torch.nn.functional.pixel_shuffle(squares, patch)
