"""Pictures for a judge to learn from: a drawing somewhere on some ground, worn as pictures are worn.

It has to see through what a generator, an autoencoder, a JPEG or a thumbnail does to a picture, and it must not see
through what a brief may ask for: the colour of the thing and of the ground.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from PIL import Image

from app.training.image.colours import BACKGROUNDS
from app.training.image.pairs import Pairs

_NEAR = 10.0  # of 255: how far a named ground may be from its colour
_SCALE, _ASPECT, _TILT, _SHIFT = (0.62, 1.12), 0.22, 0.16, 0.14  # of the side; log; radians; of half the side
_HUE = 0.02  # of the circle: too little to be another colour
_WORN = {"blurred": 0.55, "noisy": 0.3, "coarse": 0.12, "jpeg": 0.12}  # how often
_COARSE, _QUALITY, _GRAIN = (22, 44), (20, 85), 0.12  # pixels a side; JPEG's; standard deviation of -1…1


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture to be: a drawing by its number (with another beside it), on a ground, its hues turned.

    A ground of None is one without a name, `colour` is the name of what most of the drawing has then, or None.
    """

    drawing: int
    beside: int | None = None
    ground: str | None = "white"
    turn: float = 0.0
    colour: str | None = None
    mirrored: bool = False


def plain_pictures(pairs: Pairs, sights: Sequence[Sight], side: int) -> torch.Tensor:
    """The sights as they are, [sights, 3, side, side] in -1…1."""
    dice = torch.Generator().manual_seed(0)
    return _composed(F.interpolate(_drawn(pairs, sights), size=(side, side), mode="area"), sights, dice, 0.0)


def worn(pairs: Pairs, sights: Sequence[Sight], side: int, dice: torch.Generator) -> torch.Tensor:
    """The sights moved, resized, tilted, blurred or sharpened, with noise, coarse pixels and JPEG's blocks."""
    drawn = F.grid_sample(_drawn(pairs, sights), _places(sights, side, dice), align_corners=False)
    x = _composed(drawn, sights, dice, _HUE)
    count = len(sights)

    def some(share: float) -> torch.Tensor:
        return (torch.rand(count, generator=dice) < share)[:, None, None, None]

    # Towards a blurred copy, or away from it, which sharpens.
    weight = (torch.rand(count, generator=dice) * 1.5 - 0.5)[:, None, None, None] * some(_WORN["blurred"])
    x = x.lerp(F.avg_pool2d(F.pad(x, (1, 1, 1, 1), "replicate"), 3, 1), weight)
    light = 1 + 0.1 * torch.randn(count, 1, 1, 1, generator=dice)
    x = x * light + 0.05 * torch.randn(count, 1, 1, 1, generator=dice)
    grain = _GRAIN * torch.rand(count, 1, 1, 1, generator=dice) * some(_WORN["noisy"])
    x = x + grain * torch.randn(x.shape, generator=dice)
    coarse = some(_WORN["coarse"]).flatten().nonzero().flatten()
    if len(coarse):
        pixels = int(torch.randint(*_COARSE, (), generator=dice))
        x[coarse] = F.interpolate(F.interpolate(x[coarse], size=(pixels, pixels), mode="area"), size=(side, side))
    x = x.clamp(-1, 1)
    for number in some(_WORN["jpeg"]).flatten().nonzero().flatten().tolist():
        x[number] = _jpeg(x[number], int(torch.randint(*_QUALITY, (), generator=dice)))
    return x


def _drawn(pairs: Pairs, sights: Sequence[Sight]) -> torch.Tensor:
    """The drawings [sights, 4, kept, kept] in 0…1, premultiplied; of two each has half the side."""
    x = torch.from_numpy(pairs.pixels[[sight.drawing for sight in sights]]).permute(0, 3, 1, 2) / 255
    for number, sight in enumerate(sights):
        if sight.beside is not None:
            other = torch.from_numpy(np.array(pairs.pixels[sight.beside])).permute(2, 0, 1) / 255
            row = F.avg_pool2d(torch.cat([x[number], other], -1), 2)
            rest = x.shape[-2] - row.shape[-2]
            x[number] = F.pad(row, (0, 0, rest // 2, rest - rest // 2))
        if sight.mirrored:
            x[number] = x[number].flip(-1)
    return x


def _places(sights: Sequence[Sight], side: int, dice: torch.Generator) -> torch.Tensor:
    """Where each pixel is taken from: [sights, side, side, 2] as `grid_sample` reads it."""
    count = len(sights)
    least, most = _SCALE
    scale = least + (most - least) * torch.rand(count, generator=dice).sqrt()
    aspect = torch.exp(_ASPECT * torch.randn(count, generator=dice).clamp(-2, 2) / 2)
    tilt = _TILT * torch.randn(count, generator=dice) * (torch.rand(count, generator=dice) < 1 / 2)
    shift = _SHIFT * torch.randn(count, 2, 1, generator=dice).clamp(-2, 2)
    cosine, sine = tilt.cos() / scale, tilt.sin() / scale
    rows = torch.stack([torch.stack([cosine * aspect, sine], -1), torch.stack([-sine, cosine / aspect], -1)], 1)
    return F.affine_grid(torch.cat([rows, shift], -1), [count, 4, side, side], align_corners=False)


def _composed(drawn: torch.Tensor, sights: Sequence[Sight], dice: torch.Generator, stray: float) -> torch.Tensor:
    """`drawn` on its grounds: [sights, 3, side, side] in -1…1; `stray` is how far hues are turned by chance."""
    alpha = drawn[:, 3:].clamp(0, 1)
    turn = torch.tensor([sight.turn for sight in sights]) + stray * torch.randn(len(sights), generator=dice)
    colours = turned(drawn[:, :3] / alpha.clamp(min=1e-3), turn)
    return (colours * alpha + _grounds(sights, drawn.shape[-1], dice, stray > 0) * (1 - alpha)) * 2 - 1


def _grounds(sights: Sequence[Sight], side: int, dice: torch.Generator, loose: bool) -> torch.Tensor:
    """[sights, 3, side, side] in 0…1: the named colour, near it where `loose`, or a gradient between any two."""
    ends = torch.rand(len(sights), 2, 3, generator=dice)
    near = _NEAR / 255 * (torch.rand(len(sights), 3, generator=dice) * 2 - 1)
    for number, sight in enumerate(sights):
        if sight.ground is not None:
            ends[number] = torch.tensor(BACKGROUNDS[sight.ground]) / 255 + (near[number] if loose else 0)
    angle = torch.rand(len(sights), generator=dice) * 2 * torch.pi
    axis = torch.linspace(-0.7, 0.7, side)
    along = angle.cos()[:, None, None] * axis + angle.sin()[:, None, None] * axis[:, None]
    return ends[:, 0, :, None, None].lerp(ends[:, 1, :, None, None], (along + 0.5).clamp(0, 1)[:, None]).clamp(0, 1)


def turned(rgb: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """`rgb` [n, 3, h, w] in 0…1 with its hue turned by `turn` [n] of the circle; saturation and value stay (Smith 1978)."""
    top, low = rgb.amax(1), rgb.amin(1)
    spread = (top - low).clamp(min=1e-6)
    red, green, blue = rgb.unbind(1)
    sextant = torch.where(
        top == red,
        ((green - blue) / spread) % 6,
        torch.where(top == green, (blue - red) / spread + 2, (red - green) / spread + 4),
    )
    hue = (sextant + 6 * turn[:, None, None]) % 6
    lacks = [torch.minimum(k, 4 - k).clamp(0, 1) for k in ((number + hue) % 6 for number in (5, 3, 1))]
    return torch.stack([top - (top - low) * lack for lack in lacks], 1)


def _jpeg(picture: torch.Tensor, quality: int) -> torch.Tensor:
    buffer = io.BytesIO()
    pixels = ((picture + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(buffer))).permute(2, 0, 1) / 127.5 - 1
