"""Inpainting: the masked part is made anew at the model's own size, grey keeps more than white, outside nothing changes."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.brief import Brief
from app.engines.engine import Content, Engine, Parent, Request, Step, Verb
from app.engines.image.house import House
from app.engines.image.pipeline import Pipeline
from app.errors import EngineError
from app.settings import EngineSetting
from app.worker.pasting import pasted_back
from tests.engines.drawings import flat, png
from tests.engines.image import tiny_pipelines

pytestmark = pytest.mark.model
APPLE = Brief(intent="a red apple, flat vector")


def boxed(size: tuple[int, int], box: tuple[int, int, int, int], value: int = 255) -> Image.Image:
    """A mask with a box in it."""
    mask = Image.new("L", size)
    mask.paste(value, box)
    return mask


def asked(engine: Engine, parent: bytes, mask: Image.Image | None, seeds: tuple[int, ...] = (1, 2), **params: Any) -> Request:
    """What the worker asks of an engine."""
    parents = (Parent("inpaint", parent, "image/png", None, None, {}),)
    return Request(Verb.INPAINT, APPLE, engine.Params(**params), seeds, parents, mask=png(mask) if mask else None)


def inpainted(engine: Engine, request: Request) -> tuple[list[np.ndarray], list[Content], list[Step]]:
    """The pictures that are kept of a run, what the engine made, and the steps on the way."""
    made = list(engine.run(request))
    contents = [one for one in made if isinstance(one, Content)]
    kept = [np.asarray(Image.open(io.BytesIO(one.data)), np.int16) for one in pasted_back(request, contents)]
    return kept, contents, [one for one in made if isinstance(one, Step)]


def test_a_detail_of_a_large_picture_is_made_anew_and_the_rest_stays(house: House) -> None:
    large, mask = flat(640), boxed((640, 640), (420, 60, 560, 200))
    before = np.asarray(large, np.int16)
    kept, contents, steps = inpainted(house, asked(house, png(large), mask, steps=6))
    assert [(one.width, one.height) for one in contents] == [(640, 640)] * 2
    for after in kept:
        apart = np.abs(after - before).max(axis=2)
        assert apart[np.asarray(mask) == 0].max() == 0
        assert apart[100:160, 460:520].mean() > 2
    assert not np.array_equal(*kept)
    shown = Image.open(io.BytesIO(next(step.previews[0] for step in steps if step.previews) or b""))
    assert shown.size == (128, 128)
    sun = np.asarray(shown.convert("RGB"), np.int16)[22, 22]
    assert abs(sun - before[110, 110]).max() < 40  # the whole picture is shown, not the place alone


def test_the_same_request_makes_the_same_picture_whoever_its_neighbours_are(house: House) -> None:
    mask = boxed((256, 256), (60, 60, 180, 180))
    both, _made, _steps = inpainted(house, asked(house, png(flat(256)), mask, steps=4))
    (alone,), _made, _steps = inpainted(house, asked(house, png(flat(256)), mask, (2,), steps=4))
    assert np.abs(both[1] - alone).max() <= 1


def test_grey_keeps_more_of_what_was_there_than_white(house: House) -> None:
    parent = png(flat(256))
    before = np.asarray(flat(256), np.int16)
    distance = {}
    for value in (80, 255):
        request = asked(house, parent, boxed((256, 256), (40, 40, 216, 216), value), (3,), steps=10)
        _kept, contents, _steps = inpainted(house, request)
        made = np.asarray(Image.open(io.BytesIO(contents[0].data)), np.int16)  # as the model made it, not pasted yet
        distance[value] = np.abs(made - before)[56:200, 56:200].mean()
    assert distance[80] < 0.7 * distance[255]


@pytest.mark.parametrize("pace", ["full", "sketch"])
def test_random_masks_leave_everything_outside_as_it_was(house: House, pace: str) -> None:
    chance = random.Random(17)
    for _mask in range(4):
        size = (chance.randint(40, 400), chance.randint(40, 400))
        parent, mask = Image.frombytes("RGB", size, chance.randbytes(size[0] * size[1] * 3)), Image.new("L", size)
        corners = [chance.randint(0, side) for side in (*size, *size)]
        ImageDraw.Draw(mask).line(corners, chance.choice([255, 120]), chance.randint(1, 30))
        if mask.getbbox() is None:
            continue
        (after,), _made, _steps = inpainted(house, asked(house, png(parent), mask, (5,), steps=2, pace=pace))
        outside = np.asarray(mask) == 0
        assert (after[outside] == np.asarray(parent)[outside]).all()


def test_without_a_mask_or_a_picture_it_is_said(house: House) -> None:
    with pytest.raises(EngineError, match="no mask"):
        list(house.run(asked(house, png(flat(64)), None)))
    with pytest.raises(EngineError, match="cannot be read"):
        list(house.run(asked(house, b"no picture", boxed((64, 64), (1, 1, 9, 9)))))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tiny_pipelines.stable_diffusion(tmp_path_factory.mktemp("tiny") / "pipeline")
    engine = Pipeline(EngineSetting(name="mine", model=str(folder), steps=3, guidance=3))
    engine.load("cpu")
    return engine


def test_a_pipeline_of_the_hub_changes_a_part_and_no_more(tiny: Pipeline) -> None:
    chance, before = random.Random(4), flat(200)
    for _mask in range(10):
        x, y = chance.randint(0, 150), chance.randint(0, 150)
        mask = boxed((200, 200), (x, y, x + chance.randint(8, 50), y + chance.randint(8, 50)))
        kept, contents, steps = inpainted(tiny, asked(tiny, png(before), mask))
        assert {(one.width, one.height) for one in contents} == {(200, 200)}
        assert contents[0].facts["pipeline"] == "StableDiffusionInpaintPipeline"
        assert steps[-1].number == steps[-1].total == 3
        for after in kept:
            apart = np.abs(after - np.asarray(before, np.int16)).max(axis=2)
            assert apart[np.asarray(mask) == 0].max() == 0
            assert apart[np.asarray(mask) == 255].max() > 0


def test_a_family_without_masks_and_with_latents_of_another_kind_says_so(tiny: Pipeline, tmp_path: Path) -> None:
    engine = Pipeline(EngineSetting(name="mine", model=str(tmp_path), title="Words alone"))
    assert tiny._loaded
    engine._loaded = replace(tiny._loaded, pipes={"create": tiny._loaded.pipes["create"]}, space=None)
    with pytest.raises(EngineError, match="Words alone cannot change a part"):
        list(engine.run(asked(engine, png(flat(64)), boxed((64, 64), (8, 8, 32, 32)))))
