"""A graft by the house model: it starts from the composition, and ends in the colours of the palette."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Verb
from app.engines.image.house import House
from app.errors import EngineError


def picture(left: str, right: str, size: tuple[int, int] = (96, 64)) -> bytes:
    """A picture in two colours, side by side."""
    made, out = Image.new("RGB", size, left), io.BytesIO()
    made.paste(right, (size[0] // 2, 0, *size))
    made.save(out, "PNG")
    return out.getvalue()


PARTS = {
    "prompt": picture("red", "red"),
    "composition": picture("black", "white"),
    "palette": picture("#203080", "#f0d040"),
}


@pytest.fixture(scope="module")
def house() -> House:
    engine = House()
    if engine.unready():
        pytest.skip(engine.unready() or "")
    engine.load("cpu")
    return engine


def grafted(house: House, *roles: str) -> list[Content]:
    parents = tuple(Parent(role, PARTS[role], "image/png", None, None, {}) for role in roles)
    request = Request(Verb.GRAFT, Brief(intent="a red apple"), house.Params(steps=4), (3, 4), parents)
    return [one for one in house.run(request) if isinstance(one, Content)]


def test_it_has_the_proportions_of_one_and_the_colours_of_another(house: House) -> None:
    for made in grafted(house, *PARTS):
        assert made.width / made.height == 1.5
        pixels = np.asarray(Image.open(io.BytesIO(made.data)), float).reshape(-1, 3)
        mean = pixels.mean(axis=0)
        assert np.abs(mean - np.mean([(32, 48, 128), (240, 208, 64)], axis=0)).max() < 40
        along = np.array([208, 160, -64]) / np.linalg.norm([208, 160, -64])
        assert (pixels - mean).std(axis=0).sum() > 30
        spread = (pixels - mean) @ along
        assert spread.var() > 0.8 * (pixels - mean).var(axis=0).sum()  # from blue to yellow, and little beside


def test_without_a_part_it_says_so(house: House) -> None:
    with pytest.raises(EngineError, match="no picture"):
        grafted(house, "prompt", "palette")
