"""The colours of one picture in the shapes of another."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageChops

from app.media.image.oklab import oklab
from app.media.image.recolouring import _lab, recoloured


def halves(above: str, below: str, size: tuple[int, int] = (64, 64)) -> Image.Image:
    picture = Image.new("RGB", size, above)
    picture.paste(below, (0, size[1] // 2, size[0], size[1]))
    return picture


def far(one: Image.Image, other: Image.Image) -> float:
    """The mean distance of two pictures, of 255."""
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


def test_light_stays_light_in_the_other_colours() -> None:
    made = recoloured(halves("#eeeeee", "#222222"), halves("#203080", "#f0d040"))
    assert far(made, halves("#f0d040", "#203080")) < 8


def test_a_picture_in_its_own_colours_stays() -> None:
    picture = halves("#d04020", "#80c0e0")
    assert far(recoloured(picture, picture), picture) < 4
    assert ImageChops.difference(recoloured(picture, halves("red", "blue"), 0), picture).getbbox() is None


def test_half_the_weight_goes_half_the_way() -> None:
    picture, palette = halves("#eeeeee", "#222222"), halves("#f0d040", "#203080")
    whole, half = recoloured(picture, palette), recoloured(picture, palette, 0.5)
    assert 0.3 < far(half, picture) / far(whole, picture) < 0.7


def test_the_grain_of_a_flat_ground_is_not_drawn_out() -> None:
    grain = np.random.default_rng(1).integers(250, 256, (64, 64, 3), dtype=np.uint8)
    made = np.asarray(recoloured(Image.fromarray(grain), halves("#203080", "#f0d040")), float)
    assert made.std(axis=(0, 1)).max() < 6


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2000, 3)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    assert recoloured(Image.new("RGB", size, "teal"), Image.new("RGB", size[::-1], "tan")).size == size


def test_the_table_and_the_single_colour_are_of_one_space() -> None:
    for colour in ((0, 0, 0), (255, 255, 255), (12, 200, 99)):
        assert np.allclose(_lab(np.array(colour)), oklab(colour))
