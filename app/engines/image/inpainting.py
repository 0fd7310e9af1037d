"""Changing what a mask covers: the place that a model looks at, scaled to its size, and what stays while it denoises.

What stays is blended in at every level of noise; grey cells are let go later, the darker the later (Differential Diffusion,
Levin & Fried 2023), so that they keep more of what was there.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from app.engines.engine import Request
from app.engines.image.preview import LONGER
from app.errors import EngineError, _
from app.media.image.pasting import Box, around, grown
from app.media.image.picture import opened, webp

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a picture, and what of it is to change, both at the `size` that a model works at."""

    picture: Image.Image  # the whole of it, in RGB
    box: Box
    size: tuple[int, int]
    mask: Image.Image

    @property
    def part(self) -> Image.Image:
        """What lies in the box."""
        return self.picture.resize(self.size, Image.Resampling.LANCZOS, self.box)

    def whole(self, made: Image.Image) -> Image.Image:
        """The whole picture with `made` in the box."""
        left, top, right, bottom = self.box
        whole = self.picture.copy()
        whole.paste(made.convert("RGB").resize((right - left, bottom - top), Image.Resampling.LANCZOS), (left, top))
        return whole

    def previews(self, parts: Sequence[bytes | None]) -> tuple[bytes | None, ...]:
        """Previews (WebP) of the whole picture, from those of the box."""
        scale = LONGER / max(self.picture.size)
        small = self.picture.resize([max(1, round(side * scale)) for side in self.picture.size], reducing_gap=2.0)
        left, top, right, bottom = (round(edge * scale) for edge in self.box)
        shown: list[bytes | None] = []
        for part in parts:
            if part is None:
                shown.append(None)
                continue
            with Image.open(io.BytesIO(part)) as made:
                small.paste(made.convert("RGB").resize((max(1, right - left), max(1, bottom - top))), (left, top))
            shown.append(webp(small))
        return tuple(shown)


def place_of(request: Request, sizes: Sequence[tuple[int, int]]) -> Place:
    """Where `request` works: around its mask, at the one of `sizes` (pixels) whose proportions fit best.

    Raises EngineError where there is no picture or no mask.
    """
    picture = opened(request.base)
    if request.mask is None:
        raise EngineError(_("There is no mask that says what is to change."))
    with Image.open(io.BytesIO(request.mask)) as given:
        mask = given.convert("L")
    box = around(mask, min(sizes[0]) // 2)
    ratio = math.log((box[2] - box[0]) / (box[3] - box[1]))
    size = min(sizes, key=lambda size: abs(math.log(size[0] / size[1]) - ratio))
    box = grown(box, size, picture.size)
    return Place(picture, box, size, mask.resize(size, Image.Resampling.BILINEAR, box))


def cells_of(mask: Image.Image, clean: torch.Tensor) -> torch.Tensor:
    """How much of each cell of the latents `clean` [n, c, h, w] may change, in 0…1: [1, 1, h, w].

    As much as its whitest pixel asks: what is too much is taken back pixel by pixel at the end.
    """
    import numpy as np
    import torch

    share = torch.from_numpy(np.asarray(mask).copy()).to(clean.device).float()[None, None] / 255
    return torch.nn.functional.adaptive_max_pool2d(share, clean.shape[-2:])


class Hold:
    """What stays of a picture while the rest is denoised: its clean latents and the noise that each variant began with."""

    def __init__(self, place: Place, clean: torch.Tensor, noise: torch.Tensor, steps: int) -> None:
        """`clean` [1, c, h, w] of the place's part; `noise` [n, c, h, w]; how many `steps` will be taken."""
        self.clean, self.noise, self.steps = clean, noise, steps
        self.cells = cells_of(place.mask, clean)

    def __call__(self, clean: torch.Tensor, noise: torch.Tensor, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Clean latents and noise as predicted in step `number` (from 1), with those of the picture where it still stays."""
        import torch

        free = self.cells > 1 - number / self.steps
        return torch.where(free, clean, self.clean), torch.where(free, noise, self.noise)
