"""Captions written, scenes composed, both sides encoded: what the step `examples` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from app.training.image import dataset, scenes, scenesampler
from app.training.image.examples import encoded, latent_shape, latents_of, of_drawings, prepare
from app.training.image.library import DRAWINGS, SCENES
from app.training.run import Machine


def encode(data: Path, folder: Path, vae: Any, shards: int, count: int, machine: Machine) -> None:
    """Single drawings, then `shards` of `count` scenes, into `folder`; what is there whole is left as it is."""
    pixels, drawings = dataset.load(data)
    vae = vae.eval().to(machine.device, memory_format=torch.channels_last)  # a quarter quicker
    shape = latent_shape(vae, pixels.shape[1])
    if not (folder / DRAWINGS / "examples.json").exists():
        plan = of_drawings(pixels, drawings)
        prepare(folder / DRAWINGS, plan, lambda some: encoded(vae, pixels, some, machine), shape, machine)
    for shard in range(shards):
        here = folder / f"{SCENES}{shard:02d}"
        if not (here / "examples.json").exists():
            plan = scenesampler.plan(pixels, drawings, shard, count)
            prepare(here, plan, lambda some: latents_of(vae, scenes.scene_pixels(some, pixels), machine), shape, machine)
