"""Scenes: one to five drawings at known places on a drawn ground, put together into a picture.

scenesampler.py makes them up, scenewords.py tells them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.engines.image.composer import grounds
from app.training.image.colours import BACKGROUNDS, Pixels, turned

SEEN = 32  # of 255: what is more opaque belongs to what a drawing shows
AIR = 0.55  # of the height: what stands higher up flies, and has no shadow


@dataclass(frozen=True, slots=True)
class Placed:
    """A drawing in a scene: the middle and the foot of what it shows, its longer side, in shares of the picture's."""

    drawing: int
    x: float
    foot: float
    size: float
    mirrored: bool = False
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be seen; things later in the row stand before earlier ones. `ground` may be a colour's name."""

    ground: str
    hour: str
    weather: tuple[str, ...]
    number: int
    placed: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What captions are made of: the noun of each thing, its colour by name or "", how the things stand, how many."""

    nouns: tuple[str, ...]
    colours: tuple[str, ...]
    relation: str  # "", "many", "row", "beside", "above" or "front"
    size: str  # "", "small" or "big": of a thing alone
    style: str


def picture(scene: Scene, pixels: Pixels) -> NDArray[np.float32]:
    """The scene as [side, side, 3] in 0…255."""
    side = pixels.shape[1]
    page = _ground(scene, side)
    standing = scene.ground in grounds.GROUNDS and not grounds.GROUNDS[scene.ground].floats and scene.ground != "sea"
    for one in scene.placed:
        cut = _thing(pixels[one.drawing], one, side)
        left, top = round(one.x * side - cut.width / 2), round(one.foot * side - cut.height)
        if standing and one.foot > AIR:
            page = _shadow(page, left, top + cut.height, cut.width)
        page.paste(cut, (left, top), cut)
    return np.asarray(page, np.float32)


def scene_pixels(scenes: Sequence[Scene], pixels: Pixels) -> torch.Tensor:
    """As the autoencoder reads them: [scenes, 3, side, side] in -1…1."""
    return torch.from_numpy(np.stack([picture(one, pixels) for one in scenes])).permute(0, 3, 1, 2).contiguous() / 127.5 - 1


def _ground(scene: Scene, side: int) -> Image.Image:
    if scene.ground in BACKGROUNDS:
        return Image.new("RGB", (side, side), BACKGROUNDS[scene.ground])
    import resvg_py

    drawn = grounds.svg(scene.ground, scene.hour, scene.weather, scene.number)
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=drawn, width=side, height=side)))).convert("RGB")


def _thing(drawing: Pixels, one: Placed, side: int) -> Image.Image:
    """What the drawing shows, without its margin, in the size and colour asked for."""
    rows, columns = (np.flatnonzero((drawing[..., 3] > SEEN).any(axis)) for axis in (1, 0))
    cut = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if one.turn:
        cut = np.concatenate([turned(cut[..., :3], one.turn).round().astype(np.uint8), cut[..., 3:]], -1)
    scale = one.size * side / max(cut.shape[:2])
    # Premultiplied, or edges would take up the colour of what is not seen.
    shown = Image.fromarray(cut[:, ::-1].copy() if one.mirrored else cut).convert("RGBa")
    shown = shown.resize(
        (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale))),
        Image.Resampling.BOX if scale < 1 / 2 else Image.Resampling.BILINEAR,
    )
    return shown.convert("RGBA")


def _shadow(page: Image.Image, left: int, foot: int, wide: int) -> Image.Image:
    over = Image.new("RGBA", page.size, (0, 0, 0, 0))
    tall = max(3, wide // 14)
    ImageDraw.Draw(over).ellipse((left + wide // 10, foot - tall, left + wide - wide // 10, foot + tall), fill=(0, 0, 0, 46))
    return Image.alpha_composite(page.convert("RGBA"), over).convert("RGB")
