"""SRVGGNetCompact, the small network of Real-ESRGAN (Wang et al. 2021, "Real-ESRGAN: Training Real-World Blind
Super-Resolution with Pure Synthetic Data"): a picture four times as wide and high, tile by tile.

Convolutions of 3 × 3 with PReLU between them, at the size of what comes in; the last one makes 3 × 4 × 4 channels that are
laid out as pixels, and what came in is added, enlarged by repeating its pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from app.engines.shared.local_engine import unloadable

if TYPE_CHECKING:
    import numpy as np
    import torch

FACTOR = 4
TILE = 192  # pixels of what comes in that are enlarged at once: some 150 MB, whatever the picture's size
AROUND = 5  # pixels of what comes in, over which the mean colour stays
BORDER = 22  # pixels around a tile that are looked at as well: as far as eighteen convolutions and the mean see


class Tile(NamedTuple):
    """A part of what comes in: where it begins and ends."""

    left: int
    top: int
    right: int
    bottom: int


def tiles(width: int, height: int) -> list[Tile]:
    """The parts that a picture is enlarged in, row by row."""
    rows, columns = range(0, height, TILE), range(0, width, TILE)
    return [Tile(x, y, min(x + TILE, width), min(y + TILE, height)) for y in rows for x in columns]


class Enlarger:
    """A loaded network."""

    def __init__(self, path: Path, device: str) -> None:
        """Read `path` (safetensors: the layers of a `Sequential`, `<n>.weight` and `<n>.bias`).

        Raises EngineError when it is damaged, or holds another network.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
            body = _network(tensors)
            body.load_state_dict(tensors)
        except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
            raise unloadable(path, error) from error
        self.device = torch.device(device)
        self.body = body.to(self.device).eval()

    def enlarged(self, pixels: np.ndarray[Any, Any]) -> Iterator[tuple[Tile, np.ndarray[Any, Any]]]:
        """Each tile of `pixels` [height, width, 3] (uint8), and its picture [4 h, 4 w, 3] (uint8).

        A tile is computed with BORDER pixels around it, so that no seam shows: the result is that of the whole picture.
        """
        height, width = pixels.shape[:2]
        for tile in tiles(width, height):
            left, top = max(0, tile.left - BORDER), max(0, tile.top - BORDER)
            around = pixels[top : tile.bottom + BORDER, left : tile.right + BORDER]
            made = self._whole(around)
            y, x = (tile.top - top) * FACTOR, (tile.left - left) * FACTOR
            tall, wide = (tile.bottom - tile.top) * FACTOR, (tile.right - tile.left) * FACTOR
            yield tile, made[y : y + tall, x : x + wide]

    def _whole(self, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import torch
        import torch.nn.functional as nn

        with torch.inference_mode():
            given = torch.from_numpy(pixels.copy()).to(self.device).permute(2, 0, 1)[None].float() / 255
            detail = nn.pixel_shuffle(self.body(given), FACTOR)
            plain = nn.interpolate(given, scale_factor=FACTOR, mode="nearest")
            made = detail + plain
            # The network shifts colours a little: what a neighbourhood has too much or too little of on the mean, it gets back.
            missing = nn.avg_pool2d(given - nn.avg_pool2d(made, FACTOR), AROUND, 1, AROUND // 2, count_include_pad=False)
            made = made + nn.interpolate(missing, scale_factor=FACTOR, mode="bilinear")
            array: np.ndarray[Any, Any] = (made.clamp(0, 1) * 255).round().byte()[0].permute(1, 2, 0).cpu().numpy()
        return array


def _network(tensors: dict[str, torch.Tensor]) -> torch.nn.Sequential:
    """The layers that the tensors are of."""
    from torch import nn

    layers: list[nn.Module] = []
    for number in range(len({name.split(".")[0] for name in tensors})):
        weight = tensors[f"{number}.weight"]
        if weight.ndim == 1:
            layers.append(nn.PReLU(len(weight)))
        else:
            layers.append(nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1))
    last = layers[-1]
    if not isinstance(last, nn.Conv2d) or last.out_channels != 3 * FACTOR**2:
        raise ValueError("it is no network that enlarges four times")
    return nn.Sequential(*layers)
