"""The judge that is carried: small enough, whole, and it sees what anybody sees."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.engines.shared import minilm
from app.judging.house import FOLDER, House

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(minilm.folder() is None, reason="the text encoder is not installed"),
]
GROUNDS = {"red": (214, 60, 60), "green": (110, 184, 110), "blue": (80, 130, 220), "yellow": (250, 216, 90)}
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def judge() -> House:
    return House()


def smiley(ground: tuple[int, int, int]) -> Image.Image:
    """A yellow face with two eyes and a smile."""
    picture = Image.new("RGB", (256, 256), ground)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((40, 40, 216, 216), fill=(255, 204, 77))
    for x in (90, 146):
        draw.ellipse((x, 90, x + 20, 126), fill=(102, 69, 0))
    draw.arc((84, 100, 172, 184), 20, 160, fill=(102, 69, 0), width=10)
    return picture


def star(ground: tuple[int, int, int]) -> Image.Image:
    """A five-pointed star."""
    picture = Image.new("RGB", (256, 256), ground)
    rays = [(n * np.pi / 5, 42 if n % 2 else 100) for n in range(10)]
    points = [(128 + far * np.sin(turn), 128 - far * np.cos(turn)) for turn, far in rays]
    ImageDraw.Draw(picture).polygon(points, fill=(255, 172, 51))
    return picture


def test_it_is_whole_and_small(judge: House) -> None:
    assert judge.unready() is None
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 10 * MEGABYTE
    assert judge.dimensions == 256


def test_it_knows_the_ground(judge: House) -> None:
    pictures = judge.embed_pictures([smiley(colour) for colour in GROUNDS.values()])
    texts = judge.embed_texts([f"a smiling face, on a {name} background" for name in GROUNDS])
    near = pictures @ texts.T
    assert (near.argmax(1) == np.arange(len(GROUNDS))).all()


def test_it_knows_a_face_from_a_star_in_english_and_chinese(judge: House) -> None:
    pictures = judge.embed_pictures([smiley((255, 255, 255)), star((255, 255, 255))])
    for words in (["a smiling face", "a star"], ["笑脸", "星星"]):
        texts = judge.embed_texts(words)
        said = np.stack([judge.adherence(pictures, text) for text in texts], 1)
        assert (said.argmax(1) == (0, 1)).all()
        assert said[0, 0] > 0.5 > said[1, 0]


def test_its_card_names_everybody_whose_drawings_it_learned_from() -> None:
    card, sources = (FOLDER / "README.md").read_text(), json.loads((FOLDER / "sources.json").read_text())
    assert len(sources) > 8
    for source in sources:
        assert source["attribution"] in card
        assert "SA" not in source["licence"]  # share-alike drawings are for measuring alone
