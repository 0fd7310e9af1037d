"""Sketches: the few-step version merged into the network and taken out again, and the house without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from app.brief import Brief
from app.engines.engine import Strength, Verb
from app.engines.image import fewsteps
from app.engines.image.fewsteps import FewSteps
from app.engines.image.house import FOLDER, SKETCH_STEPS, House
from app.errors import EngineError
from app.teaching.lowrank import Changes
from tests.engines.pictures import apart, made, parent

FACTS = {"steps": "4", "guidance": "4.0", "format": "pt"}
APPLE = "a red apple, flat vector"
SKETCH = {"pace": "sketch"}


class Two(torch.nn.Module):
    """A linear and a convolutional layer."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.conv = torch.nn.Linear(6, 5), torch.nn.Conv2d(3, 4, 3, padding=1)


def some(unet: torch.nn.Module, path: Path, size: float = 0.3) -> Changes:
    """Low-rank changes by chance for every layer of `unet`, in a file."""
    changes = Changes(unet, 2, torch.Generator().manual_seed(1))
    with torch.no_grad():
        for _down, up in changes.pairs.values():
            up.normal_(0, size, generator=torch.Generator().manual_seed(2))
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(changes.tensors(changes.parameters), path, FACTS)
    return changes


def test_merged_it_computes_what_the_changes_add(tmp_path: Path) -> None:
    network, picture, row = Two(), torch.randn(2, 3, 8, 8), torch.randn(2, 6)
    changes = some(network, tmp_path / "file")
    with torch.no_grad():
        beside = network.line(row), network.conv(picture)
        changes.on = False
        plain = network.line(row), network.conv(picture)
        version = FewSteps(network, tmp_path / "file")
        version.put(merged=True)
        merged = network.line(row), network.conv(picture)
        version.put(merged=True)  # it is there already
        version.put(merged=False)
        again = network.line(row), network.conv(picture)
    for one, other, before, after in zip(merged, beside, plain, again, strict=True):
        assert torch.allclose(one, other, atol=1e-5)
        assert not torch.allclose(one, before, atol=1e-2)
        assert torch.equal(before, after), "to the bit"
    assert (version.steps, version.guidance) == (4, 4.0)


@pytest.mark.parametrize("wrong", ["missing layer", "shape", "one half", "no facts", "nothing", "no file"])
def test_a_file_that_does_not_fit_is_named(tmp_path: Path, wrong: str) -> None:
    network, path = Two(), tmp_path / "file"
    changes = some(network, path)
    tensors = changes.tensors(changes.parameters)
    if wrong == "missing layer":
        tensors = {name.replace("line", "other"): value for name, value in tensors.items()}
    elif wrong == "shape":
        tensors["unet.line.lora_A.weight"] = torch.ones(2, 7)
    elif wrong == "one half":
        del tensors["unet.conv.lora_B.weight"]
    elif wrong == "nothing":
        tensors = {}
    save_file(tensors, path, {} if wrong == "no facts" else FACTS)
    if wrong == "no file":
        path.write_bytes(b"half a file")
    with pytest.raises(EngineError, match=str(path)):
        FewSteps(network, path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The house's model without a few-step version."""
    to = tmp_path_factory.mktemp("models") / "house-image"
    to.mkdir()
    for part in ("unet", "vae", "scheduler"):
        (to / part).symlink_to(FOLDER / part)
    return to


@pytest.fixture(scope="module")
def plain(folder: Path) -> House:
    """The engine on that folder."""
    engine = House(folder)
    engine.load("cpu")
    return engine


@pytest.fixture(scope="module")
def sketching(folder: Path, plain: House) -> Iterator[House]:
    """The engine with a few-step version by chance: small changes, so that its pictures are still pictures."""
    assert plain._model is not None  # loaded while the file was not there
    path = folder / fewsteps.FOLDER / fewsteps.NAME
    unet = House(folder)
    unet.load("cpu")
    assert unet._model is not None
    some(unet._model.unet.float(), path, 0.02)
    engine = House(folder)
    engine.load("cpu")
    yield engine
    path.unlink()


@pytest.mark.model
class TestTheHouse:
    """With and without the file."""

    def test_without_the_file_it_sketches_by_the_solver(self, plain: House) -> None:
        once, again = (made(plain, Verb.CREATE, APPLE, (5,), **SKETCH)[0] for _time in range(2))
        assert once.data == again.data
        assert (once.facts["sampler"], once.facts["steps_taken"]) == ("DPM-Solver++(2M)", SKETCH_STEPS)
        whole, coarse = (made(plain, Verb.CREATE, APPLE, (5,), steps=steps)[0].data for steps in (25, 4))
        assert apart(once.data, whole) < 0.6 * apart(coarse, whole)

    def test_a_sketch_is_the_same_whatever_was_made_before(self, sketching: House, plain: House) -> None:
        once = made(sketching, Verb.CREATE, APPLE, (5, 6), **SKETCH)
        whole = made(sketching, Verb.CREATE, APPLE, (5,), steps=3)[0]
        again = made(sketching, Verb.CREATE, APPLE, (6,), **SKETCH)[0]
        assert once[1].data == again.data
        assert whole.data == made(plain, Verb.CREATE, APPLE, (5,), steps=3)[0].data, "full pace knows nothing of it"
        assert (again.facts["sampler"], again.facts["steps_taken"]) == ("DDIM, few-step", 4)
        assert again.facts["weights"] != whole.facts["weights"]

    def test_what_to_avoid_and_guidance_count_in_a_sketch_too(self, sketching: House) -> None:
        briefs = (Brief(intent="a heart"), Brief(intent="a heart", avoid="red"))
        pictures = [made(sketching, Verb.CREATE, brief, (3,), **SKETCH)[0].data for brief in briefs]
        pictures.append(made(sketching, Verb.CREATE, briefs[0], (3,), guidance=2.0, **SKETCH)[0].data)
        assert len(set(pictures)) == 3

    def test_one_evaluation_a_step_unless_more_is_asked(self, sketching: House) -> None:
        seen: list[int] = []
        assert sketching._model is not None
        hook = sketching._model.unet.register_forward_hook(lambda _unet, inputs, _output: seen.append(len(inputs[0])))
        for brief in (Brief(intent="a heart"), Brief(intent="a heart", avoid="red")):
            made(sketching, Verb.CREATE, brief, (3, 4), **SKETCH)
        hook.remove()
        assert seen == [2] * 4 + [6] * 4

    @pytest.mark.parametrize("kind", ["plain", "sketching"])
    def test_a_sketch_is_varied_refined_and_finished(self, kind: str, request: pytest.FixtureRequest) -> None:
        house: House = request.getfixturevalue(kind)
        (base,) = made(house, Verb.CREATE, "cat face on a blue background", (5,), **SKETCH)
        before = (parent(base, house),)
        (near,), (far,), (refined,) = (
            made(house, verb, "cat face on a blue background", (11,), before, strength=strength, **SKETCH)
            for verb, strength in ((Verb.VARY, Strength.SUBTLE), (Verb.VARY, Strength.STRONG), (Verb.REFINE, None))
        )
        assert 0 < apart(base.data, near.data) < apart(base.data, far.data)
        assert refined.data != base.data
        (finished,) = made(house, Verb.FINISH, "cat face on a blue background", (5,), before)
        assert (finished.facts["sampler"], finished.facts["steps_taken"]) == ("DDIM", 20)
        if kind == "plain":  # changes by chance make what the plain model would not
            assert apart(base.data, finished.data) < apart(base.data, far.data), "the same picture, carried out"

    def test_the_house_own_sketch_is_the_picture_that_its_seed_makes(self, house: House) -> None:
        for prompt in ("a red apple", "a yellow car, flat vector"):
            (sketch,), (other,) = (made(house, Verb.CREATE, prompt, (seed,), **SKETCH) for seed in (5, 6))
            assert (sketch.facts["sampler"], sketch.facts["steps_taken"]) == ("DDIM, few-step", 4)
            (full,) = made(house, Verb.CREATE, prompt, (5,))
            (finished,) = made(house, Verb.FINISH, prompt, (5,), (parent(sketch, house),))
            for carried_out in (full, finished):
                assert apart(sketch.data, carried_out.data) < 0.7 * apart(sketch.data, other.data)

    def test_a_damaged_file_makes_the_engine_unready(self, folder: Path, plain: House) -> None:
        assert plain.unready() is None
        path = folder / fewsteps.FOLDER / fewsteps.NAME
        path.parent.mkdir(exist_ok=True)
        kept = path.read_bytes() if path.exists() else None
        path.write_bytes(b"half")
        assert fewsteps.NAME in (plain.unready() or "")
        path.unlink()
        if kept:
            path.write_bytes(kept)
