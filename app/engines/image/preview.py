"""Previews while a picture comes out of noise: a linear map from latents to pixels, far cheaper than the autoencoder.

Each latent cell and its eight neighbours give a few pixels: a quarter of the picture's along a side. The map is fitted by
least squares when the engine loads, on drawings that the autoencoder itself encodes and decodes, so it is always true to
the weights.
After "Decoding latents to RGB without upscaling" (Keturn, 2022), which maps each cell alone to one pixel.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PIL import Image

from app.media.image.picture import webp

if TYPE_CHECKING:
    import torch

    from app.engines.image.latent_space import LatentSpace

INTERVAL = 1 / 8  # seconds between previews, at least
LONGER = 128  # pixels of a preview's longer side
_AROUND, _COARSE = 3, 4  # neighbourhood of a latent cell; pixels of the picture that become one, along a side
_DRAWINGS, _DISCS = 12, 6


class Preview:
    """The fitted map."""

    def __init__(self, space: LatentSpace, size: int) -> None:
        """Fit to the autoencoder of `space`, on drawings of `size` × `size` pixels."""
        import torch

        with torch.inference_mode():
            latents = space.encode(_drawings(_DRAWINGS, size))
            decoded = space.decode(latents)
            self.fine = max(1, decoded.shape[-1] // latents.shape[-1] // _COARSE)  # pixels a cell becomes, along a side
            side = latents.shape[-1] * self.fine
            wanted = torch.nn.functional.interpolate(decoded, (side, side), mode="area")
            pixels = torch.nn.functional.unfold(wanted, self.fine, stride=self.fine).transpose(1, 2).flatten(0, 1)
            cells = _neighbourhoods(latents).flatten(0, 1)
            ridge = 0.01 * len(cells) * torch.eye(cells.shape[1], device=cells.device)
            self.matrix = torch.linalg.solve(cells.T @ cells + ridge, cells.T @ pixels)

    def __call__(self, latents: torch.Tensor) -> tuple[bytes, ...]:
        """WebPs of `latents` [batch, channels, h, w], scaled as the UNet sees them."""
        import torch

        height, width = latents.shape[-2:]
        cells = (_neighbourhoods(latents.float()) @ self.matrix).transpose(1, 2)
        rgb = torch.nn.functional.fold(cells, (height * self.fine, width * self.fine), self.fine, stride=self.fine)
        array = ((rgb.clamp(-1, 1) + 1) * 127.5).byte().permute(0, 2, 3, 1).cpu().numpy()
        scale = LONGER / max(width, height)
        size = (round(width * scale), round(height * scale))
        return tuple(webp(Image.fromarray(one).resize(size, Image.Resampling.BICUBIC)) for one in array)


class Pace:
    """Says when the next preview is due: after the first step, then at most eight a second."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def due(self) -> bool:
        """True when the interval has passed since it was last true."""
        now = time.monotonic()
        if now - self._last < INTERVAL:
            return False
        self._last = now
        return True


def _neighbourhoods(latents: torch.Tensor) -> torch.Tensor:
    """Each cell with its neighbours and a one: [batch, cells, channels × 9 + 1]."""
    import torch

    around = torch.nn.functional.unfold(latents, _AROUND, padding=_AROUND // 2).transpose(1, 2)
    return torch.cat([around, torch.ones_like(around[..., :1])], dim=-1)


def _drawings(count: int, size: int) -> torch.Tensor:
    """Coloured discs on coloured grounds, every other ground white: [count, 3, size, size] in -1…1, always the same."""
    import torch

    dice = torch.Generator().manual_seed(0)
    down, across = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    drawings = torch.rand(count, 3, 1, 1, generator=dice) * 2 - 1
    drawings[::2] = 1
    drawings = drawings.expand(count, 3, size, size)
    for _disc in range(_DISCS):
        x, y = torch.rand(2, count, 1, 1, 1, generator=dice) * size
        radius = (0.08 + 0.3 * torch.rand(count, 1, 1, 1, generator=dice)) * size
        colour = torch.rand(count, 3, 1, 1, generator=dice) * 2 - 1
        inside = (radius - ((across - x) ** 2 + (down - y) ** 2).sqrt()).clamp(0, 1)
        drawings = torch.lerp(drawings, colour.expand_as(drawings), inside)
    return drawings
