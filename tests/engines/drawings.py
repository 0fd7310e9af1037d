"""Flat pictures to trace, and what became of them."""

from __future__ import annotations

import io
import math
import random
from typing import Any

import numpy as np
import resvg_py
from PIL import Image, ImageDraw

SKY, SUN, ROOF = (43, 108, 176), (246, 224, 94), (197, 48, 48)


def flat(side: int, mode: str = "RGB") -> Image.Image:
    """A sun behind a roof on a blue sky, its edges smoothed as a renderer does it; in RGBA there is no sky."""
    large, unit = Image.new(mode, (side * 4, side * 4), (*SKY, 0)[: len(mode)]), side / 64
    draw = ImageDraw.Draw(large)
    draw.ellipse([40 * unit, 40 * unit, 200 * unit, 200 * unit], fill=SUN)
    draw.rectangle([20 * unit, 150 * unit, 120 * unit, 230 * unit], fill=ROOF)
    return large.resize((side, side), Image.Resampling.LANCZOS)


def noise(side: int) -> Image.Image:
    """Nothing but noise: the worst that a tracer can be given."""
    return Image.frombytes("RGB", (side, side), random.Random(1).randbytes(side * side * 3))


def png(picture: Image.Image) -> bytes:
    """`picture` as PNG."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def rendered(svg: bytes, width: int) -> Image.Image:
    """What another program makes of a drawing: RGBA, `width` pixels wide."""
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg.decode(), width=width)))).convert("RGBA")


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio in dB, over white."""
    pair: list[np.ndarray[Any, Any]] = []
    for picture in (one, other):
        ground = Image.new("RGBA", picture.size, "white")
        ground.alpha_composite(picture.convert("RGBA"))
        pair.append(np.asarray(ground.convert("RGB")).astype(float))
    error = float(((pair[0] - pair[1]) ** 2).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf
