"""Judges behind their seam: every kind gives unit vectors and an adherence, says what it lacks, and reads Chinese."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import BertModel

from app.engines.shared import minilm, sentences
from app.errors import EngineError
from app.judging import catalog
from app.judging.house import House
from app.judging.hub import Hub
from app.judging.judge import Judge, flat, unit
from app.settings import ROOT, Settings
from tests.judging import judges

pytestmark = pytest.mark.skipif(minilm.folder() is None, reason="the text encoder is not installed")
RED, BLUE = Image.new("RGB", (90, 60), "red"), np.full((32, 32, 3), (0, 0, 255), np.uint8)


@pytest.fixture(params=["house", "clip", "siglip"])
def judge(request: pytest.FixtureRequest, tmp_path: Path) -> Judge:
    kinds: dict[str, Callable[[Path], Judge]] = {
        "house": lambda folder: House(judges.house(folder)),
        "clip": lambda folder: Hub(str(judges.clip(folder))),
        "siglip": lambda folder: Hub(str(judges.siglip(folder))),
    }
    return kinds[request.param](tmp_path / request.param)


def test_pictures_and_words_become_unit_vectors_of_one_space(judge: Judge) -> None:
    assert judge.unready() is None
    pictures = judge.embed_pictures([RED, BLUE, RED])
    texts = judge.embed_texts(["a red square", "a blue square"])
    assert (pictures.shape, texts.shape) == ((3, judge.dimensions), (2, judge.dimensions))
    assert pictures.dtype == texts.dtype == np.float32
    for rows in (pictures, texts):
        assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.allclose(pictures[0], pictures[2], atol=1e-5)
    assert not np.allclose(pictures[0], pictures[1], atol=1e-3)
    assert not np.allclose(texts[0], texts[1], atol=1e-3)


def test_nothing_asked_is_nothing_given(judge: Judge) -> None:
    assert judge.embed_pictures([]).shape == (0, judge.dimensions)
    assert judge.embed_texts([]).shape == (0, judge.dimensions)


def test_adherence_is_a_probability_above_one_half_for_what_is_nearer_to_this_text(judge: Judge) -> None:
    text = judge.embed_texts(["a red square"])[0]
    near, far = judge.adherence(np.stack([text, -text]), text)
    assert 0 <= far < 0.5 < near <= 1


def test_the_nearer_the_better_it_adheres(tmp_path: Path) -> None:
    judge = House(judges.house(tmp_path))
    text, other = judge.embed_texts(["a red square", "night over the sea"])
    steps = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
    found = judge.adherence(unit((1 - steps) * other + steps * text), text)
    assert found.shape == (9,)
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(1 / (1 + np.exp(-8)))  # the logistic function of 10 × 1 - 2


def test_a_text_without_a_known_word_says_nothing(judge: Judge) -> None:
    texts = judge.embed_texts(["", "…"])
    assert not texts.any()
    assert judge.adherence(judge.embed_pictures([RED]), texts[0]) == pytest.approx([0.5])


def test_chinese_goes_through_the_glossary(judge: Judge) -> None:
    chinese, english = judge.embed_texts(["红苹果", "red apple"])
    assert np.allclose(chinese, english, atol=1e-5)


def test_a_version_names_the_weights(judge: Judge, tmp_path: Path) -> None:
    other = House(judges.house(tmp_path / "other"))
    facts = json.loads((tmp_path / "other/config.json").read_text())
    (tmp_path / "other/config.json").write_text(json.dumps(facts | {"calibration": {"scale": 9.0, "bias": -2.0}}))
    assert len(judge.version) == 64
    assert judge.version != other.version


@pytest.mark.parametrize("wrong", ["gone", "cut short", "without a tensor"])
def test_damaged_weights_are_named(judge: Judge, tmp_path: Path, wrong: str) -> None:
    file = next(tmp_path.rglob("model.safetensors"))
    if wrong == "gone":
        file.unlink()
    elif wrong == "cut short":
        file.write_bytes(file.read_bytes()[:-9])
    else:
        tensors = load_file(file)
        tensors.pop(max(tensors))
        save_file(tensors, file, {"format": "pt"})
    if wrong != "without a tensor":  # only loading finds that
        assert judge.unready()
    with pytest.raises(EngineError, match=r"safetensors|cannot be used"):
        judge.embed_pictures([RED])


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "missing" in str(House(tmp_path / "none").unready())
    assert "does not exist" in str(Hub(str(tmp_path / "none")).unready())
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    assert "no CLIP" in str(Hub(str(tmp_path)).unready())
    for judge in (House(tmp_path / "none"), Hub(str(tmp_path / "none"))):
        with pytest.raises(EngineError):
            assert judge.version
        with pytest.raises(EngineError):
            judge.embed_texts(["a"])


def test_the_settings_choose(tmp_path: Path) -> None:
    assert isinstance(catalog.make_judge(Settings()), House)
    assert isinstance(catalog.make_judge(Settings(judge=str(tmp_path))), Hub)
    assert catalog.make_judge(Settings(judge="")) is None


def test_transparency_lies_on_white() -> None:
    for mode in ("RGBA", "LA"):
        assert flat(Image.new(mode, (2, 2))).getpixel((0, 0)) == (255, 255, 255)
    assert flat(Image.new("P", (2, 2))).mode == "RGB"


@pytest.mark.parametrize("text", ["fox", "a red apple on a blue ground, 3d render", "晴天 and a café, " * 9])
def test_sentences_without_torch_are_the_ones_that_torch_makes(text: str) -> None:
    kind: type[BertModel] = BertModel
    bert = kind.from_pretrained(minilm.folder()).eval()
    ids = minilm.tokens(minilm.readable(text)[0])
    with torch.inference_mode():
        wanted = bert(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()
    assert sentences.sentence(text) == pytest.approx(wanted, abs=2e-5)


def test_words_need_no_torch(tmp_path: Path) -> None:
    judges.house(tmp_path)
    code = f"""
import sys
from pathlib import Path
from app.judging.house import House
judge = House(Path({str(tmp_path)!r}))
text = judge.embed_texts(["a fox"])
judge.adherence(text, text[0]), judge.version, judge.unready()
assert not {{"torch", "transformers"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
