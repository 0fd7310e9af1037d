"""Cutting out: flat colours that reach the edges go, what stands before them stays, and no rim is left."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.media.image.areas import areas
from app.media.image.cutting import cut_out

RED, SKY, LAND = (200, 30, 30), (120, 190, 240), (60, 140, 70)


def scene() -> Image.Image:
    """A red ring with smooth outlines before sky and land, and specks."""
    size, scale = 256, 4
    large = Image.new("RGB", (size * scale, size * scale), SKY)
    draw = ImageDraw.Draw(large)
    draw.rectangle((0, 150 * scale, size * scale, size * scale), fill=LAND)
    draw.ellipse([side * scale for side in (60, 60, 200, 200)], fill=RED)
    draw.ellipse([side * scale for side in (100, 80, 160, 140)], fill=SKY)
    for x in range(10, 60, 16):
        draw.rectangle([side * scale for side in (x, 20, x + 4, 24)], fill="white")
    return large.resize((size, size), Image.Resampling.LANCZOS)


def alpha(made: Image.Image | None) -> np.ndarray:
    assert made is not None
    return np.asarray(made.getchannel("A"))


def test_what_stands_before_the_ground_stays_whole() -> None:
    made = cut_out(scene(), 0.06, 0.005, holes=False)
    there = alpha(made)
    assert (there[:50] == 0).all()
    assert (there[:, :50] == 0).all()
    assert (there[170, 120], there[110, 130]) == (255, 255)  # the ring, and the sky inside it
    assert abs((there > 127).mean() - np.pi * 70**2 / 256**2) < 0.01


def test_holes_go_when_asked_for() -> None:
    there = alpha(cut_out(scene(), 0.06, 0.005, holes=True))
    assert (there[170, 120], there[110, 130]) == (255, 0)


def test_no_rim_of_the_ground_is_left() -> None:
    made = cut_out(scene(), 0.06, 0.005, holes=True)
    assert made is not None
    seen = np.asarray(made).astype(int)
    shown = seen[seen[..., 3] > 24][:, :3]
    assert np.abs(shown - RED).max() < 60
    assert ((seen[..., 3] > 0) & (seen[..., 3] < 255)).any()  # smooth


def test_a_line_from_side_to_side_is_ground() -> None:
    picture = scene()
    picture.paste((40, 90, 50), (0, 230, 256, 234))
    assert (alpha(cut_out(picture, 0.06, 0.005, holes=False))[220:] == 0).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (5, 3), (300, 2)])
def test_of_one_colour_nothing_is_left(size: tuple[int, int]) -> None:
    assert cut_out(Image.new("RGB", size, "teal"), 0.06, 0.005, holes=False) is None
    assert cut_out(Image.new("RGBA", size), 0.06, 0.005, holes=True) is None


def test_what_is_cut_out_already_stays_so() -> None:
    once = cut_out(scene(), 0.06, 0.005, holes=False)
    assert once is not None
    again = alpha(cut_out(once, 0.06, 0.005, holes=False))
    assert (again <= alpha(once)).all()
    assert abs((again > 127).mean() - (alpha(once) > 127).mean()) < 0.01


def test_noise_ends() -> None:
    noise = Image.frombytes("RGB", (128, 128), random.Random(1).randbytes(128 * 128 * 3))
    cut_out(noise, 0.01, 0, holes=True)


@pytest.mark.parametrize("seed", range(30))
def test_areas_are_those_that_a_flood_would_find(seed: int) -> None:
    chance = np.random.default_rng(seed)
    values = chance.integers(0, 3, tuple(chance.integers(1, 9, 2)))
    names, count = areas(values)
    left = {tuple(place) for place in np.ndindex(values.shape)}
    found = 0
    while left:
        start = waiting = [left.pop()]
        while waiting:
            y, x = waiting.pop()
            for beside in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if beside in left and values[beside] == values[y, x]:
                    left.remove(beside)
                    assert names[beside] == names[y, x]
                    waiting.append(beside)
        assert start == []
        found += 1
    assert found == count == names.max() + 1
