"""Outside a mask the parent stays to the byte; inside, the edge is soft and the middle is wholly new."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from app.media.image.pasting import around, feathered, pasted

MASKS = 1000


def png(picture: Image.Image) -> bytes:
    """The bytes of a picture."""
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=0)
    return out.getvalue()


def noise(chance: random.Random, size: tuple[int, int], mode: str) -> Image.Image:
    """A picture of noise."""
    return Image.frombytes(mode, size, chance.randbytes(size[0] * size[1] * len(mode)))


def a_mask(chance: random.Random, size: tuple[int, int]) -> Image.Image:
    """Strokes, boxes and dots anywhere, hard or soft, also over the border."""
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for _part in range(chance.randint(1, 4)):
        x, y = chance.randint(-8, size[0] + 8), chance.randint(-8, size[1] + 8)
        right, bottom = x + chance.randint(0, size[0]), y + chance.randint(0, size[1])
        fill = chance.choice([255, 255, chance.randint(1, 254)])
        kind = chance.randrange(3)
        if kind == 0:
            draw.rectangle((x, y, right, bottom), fill)
        elif kind == 1:
            draw.ellipse((x, y, right, bottom), fill)
        else:
            draw.line((x, y, right, bottom), fill, chance.randint(1, 20))
    return mask.filter(ImageFilter.GaussianBlur(chance.choice([0, 0, 3])))


def test_a_thousand_random_masks_leave_the_parent_outside_as_it_was() -> None:
    chance, changed = random.Random(17), 0
    for _mask in range(MASKS):
        size = (chance.randint(8, 96), chance.randint(8, 96))
        parent, mask = noise(chance, size, chance.choice(["RGB", "RGBA"])), a_mask(chance, size)
        made = noise(chance, chance.choice([size, (32, 40)]), "RGB")
        whole = pasted(png(parent), made, png(mask))
        assert (whole.size, whole.mode) == (parent.size, parent.mode)
        outside = np.asarray(mask) == 0
        assert (np.asarray(whole)[outside] == np.asarray(parent)[outside]).all()
        changed += whole.tobytes() != parent.tobytes()
    assert changed > 0.8 * MASKS  # the others marked nothing, or hardly anything


def test_the_edge_is_soft_inside_and_the_middle_is_new() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    share = feathered(mask, 3)
    row = share[20]
    assert (row[:10] == 0).all()
    assert (np.diff(row[9:14]) > 0).all()
    assert (row[14:26] == 1).all()


@pytest.mark.parametrize("wide", [1, 2, 3])
def test_a_thin_stroke_stays_as_strong_as_it_was_painted(wide: int) -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[:, 20 : 20 + wide] = 255
    assert feathered(mask, 4)[20].max() > 0.95


def test_what_is_transparent_in_the_parent_stays_so() -> None:
    parent = Image.new("RGBA", (32, 32), (0, 200, 0, 40))
    mask = Image.new("L", (32, 32))
    mask.paste(255, (8, 8, 24, 24))
    whole = pasted(png(parent), Image.new("RGB", (32, 32), "red"), png(mask))
    assert (whole.getpixel((2, 2)), whole.getpixel((16, 16))) == ((0, 200, 0, 40), (255, 0, 0, 255))


def test_the_place_around_a_mask_is_half_as_large_again_and_within_the_picture() -> None:
    mask = Image.new("L", (1024, 768))
    mask.paste(255, (400, 300, 600, 500))
    assert around(mask, 128) == (350, 250, 650, 550)
    corner = Image.new("L", (1024, 768))
    corner.paste(9, (1000, 760, 1024, 768))
    assert around(corner, 128) == (896, 640, 1024, 768)
    small = Image.new("L", (64, 48))
    small.paste(255, (0, 0, 8, 8))
    assert around(small, 128) == (0, 0, 64, 48)
