"""The recipe of the few-step version on a network small enough for a test."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.engines.image.fewsteps import NAME, FewSteps
from app.training.faults import TrainingError
from app.training.image import fewsteps, networks, sketches
from app.training.image.examples import Examples
from app.training.run import Machine

TINY = fewsteps.Settings(minutes=1e6, batch=3, rank=4, lesson=4, lessons_every=2, first_lessons=2, teacher_steps=8, rate=3e-3)


class Few(Examples):
    """Twelve captions by chance, in memory."""

    def __init__(self) -> None:
        dice = np.random.default_rng(0)
        self.text = dice.standard_normal((13, 24, 384)).astype(np.float16)
        self.latents = dice.standard_normal((12, 4, 8, 8)).astype(np.float16)
        self._text_of = self._view_of = np.arange(12)
        self.held_out, self.scaling = [10, 11], 1.0
        self._cumulative = torch.tensor([0.1] * 10 + [0.0] * 2, dtype=torch.float64).cumsum(0)


@pytest.fixture
def machine() -> Machine:
    return Machine.of("cpu", threads=1)


@pytest.fixture(params=["unet", "hourglass"])
def unet(request: pytest.FixtureRequest) -> Any:
    """A network of each kind, its last layer moved away from the zeros that the hourglass begins with."""
    torch.manual_seed(3)
    if request.param == "unet":
        return networks.new_unet((16, 32), 8)
    network = networks.new_hourglass(fine=16, width=64, depth=1, size=8, latent_channels=4)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.02)
    return network


def training(unet: Any, folder: Path, machine: Machine, settings: fewsteps.Settings = TINY) -> fewsteps.Training:
    return fewsteps.Training(copy.deepcopy(unet), Few(), folder, settings, machine)


def numbers(one: fewsteps.Training) -> torch.Tensor:
    """Changes, average and trajectories in one row."""
    parts = [*one.changes.parameters, *one.average, one.states.float()]
    return torch.cat([part.detach().flatten() for part in parts])


def test_interrupted_and_resumed_it_comes_to_the_same_numbers(tmp_path: Path, machine: Machine, unet: Any) -> None:
    straight = training(unet, tmp_path / "straight", machine)
    for _step in range(5):
        straight.train_step()
    first = training(unet, tmp_path / "broken", machine)
    for _step in range(3):
        first.train_step()
    first.save()
    first.train_step()  # lost: the process dies here
    second = training(unet, tmp_path / "broken", machine)
    assert second.step == 3
    for _step in range(2):
        second.train_step()
    assert torch.equal(numbers(straight), numbers(second))


def test_at_first_the_student_is_the_network_as_it_was(tmp_path: Path, machine: Machine, unet: Any) -> None:
    student = training(unet, tmp_path, machine)
    latents, text = torch.randn(2, 4, 8, 8), torch.randn(2, 24, 384)
    with torch.no_grad():
        before = networks.plain_attention(unet)(latents, 500, text).sample
        assert torch.equal(student.unet(latents, 500, text).sample, before)


def test_the_teacher_is_not_the_student(tmp_path: Path, machine: Machine, unet: Any) -> None:
    student = training(unet, tmp_path, machine)
    latents, text = torch.randn(2, 4, 8, 8), torch.randn(2, 24, 384)
    before = student._plain(latents, 500, text)
    for _step in range(2):
        student.train_step()
    assert torch.equal(student._plain(latents, 500, text), before)
    assert not torch.equal(student.unet(latents, 500, text).sample.float(), before)


@pytest.mark.parametrize("unet", ["unet"], indirect=True)  # weights by chance make an hourglass no velocity to learn
def test_it_learns_and_the_file_carries_it_into_a_network(tmp_path: Path, machine: Machine, unet: Any) -> None:
    student = training(unet, tmp_path, machine)
    first = sum(float(student.train_step()) for _step in range(5))
    for _step in range(40):
        student.train_step()
    last = sum(float(student.train_step()) for _step in range(5))
    assert last < 0.8 * first
    student.save()
    version = FewSteps(unet, tmp_path / NAME)
    assert (version.steps, version.guidance, version.unet) == (4, 4.0, fewsteps.unet_digest(unet))
    latents, text = torch.randn(2, 4, 8, 8), torch.randn(2, 24, 384)
    with torch.no_grad():
        for parameter, value in zip(student.changes.parameters, student.average, strict=True):
            parameter.copy_(value)
        wanted = student.unet(latents, 500, text).sample
        version.put(merged=True)
        assert torch.allclose(networks.plain_attention(unet)(latents, 500, text).sample, wanted, atol=2e-2)


def test_another_network_is_refused(tmp_path: Path, machine: Machine, unet: Any) -> None:
    student = training(unet, tmp_path, machine)
    student.train_step()
    student.save()
    other = copy.deepcopy(unet)
    torch.nn.init.normal_(other.conv_in.weight)
    with pytest.raises(TrainingError, match="another UNet"):
        training(other, tmp_path, machine)
    (tmp_path / sketches.FIGURES).write_text("{}")
    with pytest.raises(TrainingError, match="another UNet"):
        sketches.finished(tmp_path, other)
    assert sketches.finished(tmp_path, unet) is not None
    assert sketches.finished(tmp_path / "nowhere", unet) is None


def test_a_half_written_checkpoint_is_left_out(tmp_path: Path, machine: Machine, unet: Any, capsys: Any) -> None:
    student = training(unet, tmp_path, machine)
    for _step in range(2):
        student.train_step()
        student.save()
    newest = max(tmp_path.glob("checkpoint-*"))
    newest.write_bytes(newest.read_bytes()[:1000])
    assert training(unet, tmp_path, machine).step == 1
    assert "is damaged and left out" in capsys.readouterr().out


def test_steps_that_do_not_fit_are_refused(tmp_path: Path, machine: Machine, unet: Any) -> None:
    with pytest.raises(TrainingError, match="multiple"):
        training(unet, tmp_path, machine, fewsteps.Settings(steps=4, teacher_steps=10))


def test_figures_and_a_sheet_tell_how_near_it_comes(tmp_path: Path, machine: Machine, unet: Any) -> None:
    student = training(unet, tmp_path, machine)
    student.train_step()
    student.save()
    vae = networks.new_autoencoder((8, 8), 16)
    vae.register_to_config(scaling_factor=1.0)
    figures = sketches.report(unet, vae, Few(), tmp_path, machine)
    assert set(figures["sketch_distance"]["value"]) == {"DDIM 4", "DPM-Solver++ 4", "DPM-Solver++ 8", "few-step 4"}
    assert all(value > 0 for value in figures["sketch_sharpness"]["value"].values())
    assert (tmp_path / "sheet.png").exists()
