"""Learning a style on a tiny model: it learns, keeps a file that the engine merges, goes on from it, and harms nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load

from app.brief import Brief
from app.engines.engine import Content, Request, Style, Verb
from app.engines.image.diffusion import LatentDiffusion
from app.engines.image.house import House
from app.engines.image.own_style import TRIGGER
from app.errors import EngineError
from app.teaching.learning import Learning, Settings
from app.teaching.lessons import Lessons, Shown
from app.teaching.nearness import Nearness
from tests.teaching.tiny import drawings, one_thread, tiny_house

FEW = Settings(steps=60, made=4, batch=4, own=1, rank=4, rate=3e-3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with one_thread():
        yield tiny_house(tmp_path_factory.mktemp("tiny"))


def begun(folder: Path, settings: Settings = FEW) -> Learning:
    """Learning that has its lessons."""
    model = LatentDiffusion(folder, "cpu", "float32")
    lessons = Lessons(model, [Shown(one, "blots") for one in drawings(10)])
    learning = Learning(model, lessons, settings, House(folder).base())
    for _step in lessons.prepare(settings.made, learning.dice):
        pass
    return learning


def make(house: House, style: Style | None) -> bytes:
    """A picture by the house, with a style or without."""
    request = Request(Verb.CREATE, Brief(intent="a red fox"), House.Params(steps=3), (5,), style=style)
    return next(one for one in house.run(request) if isinstance(one, Content)).data


@pytest.mark.model
def test_it_learns_and_the_engine_merges_what_was_learned(folder: Path) -> None:
    learning = begun(folder)
    errors = []
    while learning.progress < 1:
        learning.train_step()
        errors.append(learning.error)
    assert learning.step == 60
    assert errors[-1] < errors[0]
    data = learning.file({"name": "Blots", "consent": "now These are mine."})
    house = House(folder)
    house.load("cpu")
    plain = make(house, None)
    style = Style("Blots", data, house.base(), 1.0, {"own_style": "Blots"})
    assert make(house, style) != plain
    assert make(house, None) == plain, "the plain weights came back to the bit"
    assert make(house, style) == make(house, style)
    with pytest.raises(EngineError, match="another model"):
        make(house, Style("Blots", data, "0" * 64))
    with pytest.raises(EngineError, match="cannot be used"):
        make(house, Style("Blots", b"half a file", house.base()))


@pytest.mark.model
def test_its_file_tells_whose_it_is(folder: Path, tmp_path: Path) -> None:
    learning = begun(folder)
    learning.train_step()
    (tmp_path / "style").write_bytes(learning.file({"pictures": "a b", "consent": "mine"}))
    with safe_open(tmp_path / "style", framework="pt") as file:
        told = file.metadata()
    assert told["base"] == House(folder).base()
    assert (told["trigger"], told["steps"], told["pictures"], told["consent"]) == (TRIGGER, "1", "a b", "mine")


@pytest.mark.model
def test_it_goes_on_from_a_checkpoint(folder: Path) -> None:
    first = begun(folder)
    for _step in range(5):
        first.train_step()
    data = first.file({})
    again = begun(folder)
    again.go_on(data, first.step, first.spent)
    values = load(data)
    assert all(torch.equal(values[name], one.half()) for name, one in again.changes.tensors(again.changes.parameters).items())
    again.train_step()
    assert again.step == 6
    assert again.spent > first.spent
    with pytest.raises(EngineError, match="another model"):
        begun(folder, Settings(rank=2, made=0)).go_on(data, 5, 1.0)


@pytest.mark.model
def test_samples_leave_the_model_as_it_is(folder: Path) -> None:
    learning = begun(folder)
    for _step in range(10):
        learning.train_step()
    made: list[object] = []
    assert sum(1 for _step in learning.samples(["a cat", "a boat"], 1, made)) == 24  # type: ignore[arg-type]  # pictures
    assert len(made) == 2
    assert not learning.changes.on


def test_what_repeats_a_picture_is_told() -> None:
    pictures = drawings(12)
    near = Nearness(pictures[:10])
    assert near.repeats(pictures[3].resize((96, 128))) == 3
    assert near.repeats(pictures[7].transpose(0)) == 7  # mirrored
    assert near.repeats(pictures[11]) is None
    assert Nearness(pictures[:1]).repeats(pictures[0]) == 0
