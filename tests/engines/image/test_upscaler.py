"""Upscaling: two or four times as large, crisp, tile by tile without a seam, within bounds."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Verb
from app.engines.image import enlarging
from app.engines.image.upscaler import FILE, Upscaler
from app.errors import EngineError, InvalidError
from tests.engines.drawings import flat, noise, png

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def upscaler() -> Upscaler:
    engine = Upscaler()
    assert engine.unready() is None
    engine.load("cpu")
    return engine


def enlarge(engine: Upscaler, data: bytes, factor: int | str = 4) -> tuple[Image.Image, Content, list[Step]]:
    """A picture enlarged, what came of it, and the steps on the way."""
    params = engine.Params.model_validate({"factor": factor})
    parent = Parent("upscale", data, "image/png", None, None, {})
    *steps, content = engine.run(Request(Verb.UPSCALE, Brief(), params, (0,), (parent,)))
    assert isinstance(content, Content)
    return Image.open(io.BytesIO(content.data)), content, [step for step in steps if isinstance(step, Step)]


@pytest.mark.parametrize("factor", [2, "2", 4, "4"])
def test_a_picture_becomes_so_many_times_as_large(upscaler: Upscaler, factor: int | str) -> None:
    made, content, _steps = enlarge(upscaler, png(flat(64)), factor)
    assert made.size == (content.width, content.height) == (64 * int(factor), 64 * int(factor))
    assert (content.seed, content.facts["enlarged"]) == (None, int(factor))


def steepness(picture: Image.Image) -> float:
    """How much brightness changes from a pixel to the next, over the hundredth of pixels where it changes most."""
    grey = np.asarray(picture.convert("L"), np.float32)
    slopes = np.sort(np.hypot(*np.gradient(grey)).ravel())
    return float(slopes[-len(slopes) // 100 :].mean())


def test_edges_are_crisper_than_by_interpolation_and_colours_stay(upscaler: Upscaler) -> None:
    drawing = flat(256)
    small = drawing.resize((64, 64), Image.Resampling.BOX)
    made, _content, _steps = enlarge(upscaler, png(small))
    assert steepness(made) > 1.4 * steepness(small.resize((256, 256), Image.Resampling.LANCZOS))
    back = np.asarray(made.convert("RGB").resize((64, 64), Image.Resampling.BOX), np.float32)
    apart = abs(back - np.asarray(small.convert("RGB"), np.float32))
    assert np.median(apart) <= 1
    assert apart.mean() < 2


def test_no_seam_shows_where_tiles_meet(upscaler: Upscaler, monkeypatch: pytest.MonkeyPatch) -> None:
    data = png(noise(96))
    whole, _content, _steps = enlarge(upscaler, data)
    monkeypatch.setattr(enlarging, "TILE", 32)
    tiled, _content, steps = enlarge(upscaler, data)
    assert len(steps) == 10  # nine tiles, and the file
    apart = np.abs(np.asarray(whole, np.int16) - np.asarray(tiled, np.int16))
    inside = apart[80:-80, 80:-80]  # at the rim a tile has nothing to look at, as the whole has not
    assert inside.max() <= 1
    assert apart.max() <= 1


def test_what_is_transparent_stays_so(upscaler: Upscaler) -> None:
    picture = flat(32).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize((32, 32)))
    made, _content, _steps = enlarge(upscaler, png(picture), 2)
    assert made.mode == "RGBA"
    alpha = made.getchannel("A")
    assert alpha.getpixel((32, 2)) < 20
    assert alpha.getpixel((32, 61)) > 200


def test_the_same_picture_becomes_the_same(upscaler: Upscaler) -> None:
    assert enlarge(upscaler, png(flat(48)))[1].data == enlarge(upscaler, png(flat(48)))[1].data


def test_what_would_be_too_large_is_told_before_anything_is_computed(upscaler: Upscaler) -> None:
    with pytest.raises(EngineError, match="million pixels"):
        enlarge(upscaler, png(Image.new("RGB", (4000, 4000))))


@pytest.mark.parametrize("factor", [0, 1, 3, 5, 400, -4, "x", None, 2.5])
def test_other_factors_are_refused(upscaler: Upscaler, factor: object) -> None:
    with pytest.raises((ValueError, InvalidError)):
        upscaler.Params.model_validate({"factor": factor})


def test_damaged_weights_end_in_a_sentence(tmp_path: Path) -> None:
    missing, short, other = (tmp_path / name for name in ("missing", "short", "other"))
    short.write_bytes(FILE.read_bytes()[:-100])
    shutil.copy(FILE.parents[1] / "house-image" / "few-steps" / "pytorch_lora_weights.safetensors", other)
    for file in (missing, short):
        assert str(file) in (Upscaler(file).unready() or "")
    with pytest.raises(EngineError, match="cannot be used"):
        Upscaler(other).load("cpu")
