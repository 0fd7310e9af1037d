"""Outpainting: windows cover the frame, the parent stays to the byte, and what is new joins it."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from PIL import Image

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Verb
from app.engines.image.house import House
from app.engines.image.outpainting import MOST, Canvases, seed_of
from app.errors import EngineError
from app.media.image.framing import framed
from app.worker.pasting import pasted_back


def noise(size: tuple[int, int], mode: str = "RGB", seed: int = 1) -> bytes:
    out = io.BytesIO()
    Image.frombytes(mode, size, random.Random(seed).randbytes(size[0] * size[1] * len(mode))).save(out, "PNG")
    return out.getvalue()


def asked(picture: bytes, frame: tuple[int, int, int, int], seeds: tuple[int, ...] = (1, 2), **params: object) -> Request:
    data, mask = framed(picture, frame)
    parent = Parent("outpaint", data, "image/png", None, None, {})
    how = House.Params(**params)
    return Request(Verb.OUTPAINT, Brief(intent="a red apple"), how, seeds, (parent,), mask=mask, frame=frame)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_frame_is_mirrored_and_the_mask_white_there(mode: str) -> None:
    picture = noise((12, 8), mode)
    canvas, mask = map(pixels, framed(picture, (3, 0, 12, 2)))
    assert canvas.shape == (10, 27, len(mode))
    assert (canvas[:8, 3:15] == pixels(picture)).all()
    assert (canvas[:8, 2] == canvas[:8, 3]).all()
    assert (mask[:8, 3:15] == 0).all()
    assert mask.sum() == 255 * (10 * 27 - 12 * 8)


@pytest.mark.parametrize("size", [(64, 64), (96, 64), (200, 40), (41, 67)])
def test_windows_cover_the_frame_and_each_has_something_to_go_on_from(size: tuple[int, int]) -> None:
    chance = random.Random(7)
    for _frame in range(20):
        frame = tuple(chance.choice([0, chance.randint(1, side)]) for side in (*size, *size))
        if not any(frame):
            continue
        canvases = Canvases(asked(noise(size), frame, (1,)))  # type: ignore[arg-type]  # four of them
        boxes = canvases.windows()
        assert 0 < len(boxes) <= MOST or boxes[0][2] - boxes[0][0] == min(canvases.unknown.shape)
        for left, top, right, bottom in boxes:
            part = canvases.unknown[top:bottom, left:right]
            assert part.shape == (bottom - top, right - left)
            assert not part.all()
            part[:] = 0
        assert not canvases.unknown.any()


def test_no_two_windows_have_the_same_noise() -> None:
    assert len({seed_of(seed, window) for seed in range(8) for window in range(MOST)}) == 8 * MOST
    assert seed_of(5, 0) == 5


def test_without_a_frame_it_says_so() -> None:
    with pytest.raises(EngineError, match="no frame"):
        Canvases(
            Request(Verb.OUTPAINT, Brief(), House.Params(), (1,), (Parent("outpaint", noise((8, 8)), None, None, None, {}),))
        )


@pytest.fixture(scope="module")
def house() -> House:
    engine = House()
    engine.load("cpu")
    return engine


@pytest.mark.parametrize("frame", [(0, 0, 20, 0), (24, 10, 24, 10)])
def test_the_house_goes_on_and_the_parent_stays_to_the_byte(house: House, frame: tuple[int, int, int, int]) -> None:
    picture = noise((64, 48))
    request = asked(picture, frame, pace="sketch")
    made = list(house.run(request))
    steps = [one for one in made if isinstance(one, Step)]
    assert [step.number for step in steps] == list(range(1, steps[0].total + 1))
    assert {len(step.previews) for step in steps} <= {0, 2}
    contents = pasted_back(request, [one for one in made if isinstance(one, Content)])
    left, top, right, bottom = frame
    first, second = (pixels(one.data) for one in contents)
    for whole in (first, second):
        assert whole.shape == (48 + top + bottom, 64 + left + right, 3)
        assert (whole[top : top + 48, left : left + 64] == pixels(picture)).all()
    mirrored = pixels(framed(picture, frame)[0])
    assert (first != second).any()
    assert (first[:, -2:] != mirrored[:, -2:]).any()  # to the very edge
    again = [one for one in house.run(request) if isinstance(one, Content)]
    assert [pixels(one.data).tobytes() for one in pasted_back(request, again)] == [first.tobytes(), second.tobytes()]


@pytest.mark.parametrize("colour", [(16, 20, 60), (200, 60, 40)])
def test_what_is_added_has_the_light_of_the_picture(house: House, colour: tuple[int, int, int]) -> None:
    """The house model was trained on drawings on white: from noise it put white walls beside every night."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "PNG")
    made = [part for part in house.run(asked(out.getvalue(), (32, 0, 32, 0), steps=12)) if isinstance(part, Content)]
    for one in made:
        added = pixels(one.data)[:, [*range(32), *range(96, 128)]].astype(float)
        assert np.abs(added.mean((0, 1)) - colour).max() < 60
