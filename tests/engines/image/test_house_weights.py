"""Weights that are missing, damaged or of another model: the engine names the file and makes nothing up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from app.engines.engine import Verb
from app.engines.image.hourglass import Hourglass
from app.engines.image.house import FOLDER, Aspect, House
from app.errors import EngineError
from tests.engines.pictures import made

pytestmark = pytest.mark.model
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the house model that a test may damage."""
    return Path(shutil.copytree(FOLDER, tmp_path / "house"))


def missing(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])


def another_kind(file: Path) -> None:
    file.write_bytes(b"\x80\x02}q\x00." * 100)  # as pickles begin


def broken_header(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[20:40] = b"\xff" * 20
    file.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", [missing, empty, cut_short, another_kind, broken_header])
@pytest.mark.parametrize("part", ["unet", "vae"])
def test_damage_is_seen_before_torch_is_needed(folder: Path, damage: Callable[[Path], None], part: str) -> None:
    file = folder / part / "diffusion_pytorch_model.safetensors"
    damage(file)
    engine = House(folder)
    assert str(file) in (engine.unready() or "")
    with pytest.raises(EngineError, match=part):
        engine.load("cpu")


def test_a_tensor_that_is_not_there_is_not_made_up(folder: Path) -> None:
    tensors = load_file(folder / UNET)
    del tensors["conv_out.bias"]
    save_file(tensors, folder / UNET)
    engine = House(folder)
    assert engine.unready() is None
    with pytest.raises(EngineError, match=r"unet.*conv_out\.bias"):
        engine.load("cpu")


def test_weights_of_another_shape_are_refused(folder: Path) -> None:
    tensors = load_file(folder / UNET)
    tensors["conv_out.bias"] = torch.zeros(5)
    save_file(tensors, folder / UNET)
    with pytest.raises(EngineError, match=r"unet.*conv_out\.bias"):
        House(folder).load("cpu")


@pytest.mark.parametrize("name", ["unet/config.json", "vae/config.json", "scheduler/scheduler_config.json"])
def test_a_configuration_that_cannot_be_read_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("{")
    with pytest.raises(EngineError, match=name.split("/", maxsplit=1)[0]):
        House(folder).load("cpu")


def test_a_scheduler_of_another_kind_is_refused(folder: Path) -> None:
    path = folder / "scheduler/scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"prediction_type": "epsilon"}))
    with pytest.raises(EngineError, match="v-prediction"):
        House(folder).load("cpu")


def test_numbers_gone_bad_inside_end_in_an_error_not_in_a_picture(folder: Path) -> None:
    tensors = load_file(folder / UNET)
    tensors["conv_in.weight"][0] = float("nan")
    save_file(tensors, folder / UNET)
    engine = House(folder)
    engine.load("cpu")
    with pytest.raises(EngineError, match="damaged"):
        made(engine, Verb.CREATE, "a red apple", (1,), steps=2)


def test_new_weights_have_another_name_in_the_recipe(folder: Path, house: House) -> None:
    tensors = load_file(folder / UNET)
    tensors["conv_out.bias"] += 1
    save_file(tensors, folder / UNET)
    engine = House(folder)
    engine.load("cpu")
    old, new = (made(one, Verb.CREATE, "a red apple", (1,), steps=1)[0] for one in (house, engine))
    assert old.facts["weights"] != new.facts["weights"]
    assert old.data != new.data


@pytest.mark.parametrize("aspect", [Aspect.SQUARE, Aspect.LANDSCAPE_4_3])  # cells of an even number, and of an odd one
def test_a_model_with_the_other_network_makes_pictures(folder: Path, aspect: Aspect) -> None:
    shutil.rmtree(folder / "unet")
    shutil.rmtree(folder / "few-steps")
    torch.manual_seed(0)
    Hourglass(fine=16, width=64, depth=1).save_pretrained(folder / "unet")
    engine = House(folder)
    assert engine.unready() is None
    engine.load("cpu")
    (picture,) = made(engine, Verb.CREATE, "a fox", (3,), aspect=aspect, steps=2)
    assert (picture.width, picture.height) == aspect.size(256, 16)
