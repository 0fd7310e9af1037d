"""A house model that is tiny, and pictures in one odd palette."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from PIL import Image, ImageDraw

from app.training.image import networks

GROUND, INK = (222, 245, 60), (62, 8, 96)


def tiny_house(folder: Path) -> Path:
    """A model folder in the house's layout: pictures of 32 pixels, a network by chance."""
    torch.manual_seed(1)
    networks.new_autoencoder((8, 8, 8, 8), 32).save_pretrained(folder / "vae")
    network = networks.new_hourglass(8, 64, 1, 4, 4)
    for parameter in network.parameters():  # at first it would predict nothing at all
        parameter.data += torch.randn_like(parameter) * 0.02
    network.save_pretrained(folder / "unet")
    networks.noise_schedule().save_pretrained(folder / "scheduler")
    return folder


def drawings(many: int) -> list[Image.Image]:
    """Different pictures of one palette."""
    dice, made = random.Random(3), []
    for _number in range(many):
        picture = Image.new("RGB", (48, 64), GROUND)
        pen = ImageDraw.Draw(picture)
        for _blot in range(3):
            x, y, size = dice.randrange(40), dice.randrange(50), dice.randrange(8, 24)
            pen.ellipse((x, y, x + size, y + size), fill=INK)
        made.append(picture)
    return made


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch computes in one thread: with so little to do, several would wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
