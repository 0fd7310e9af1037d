"""A grown model does what the smaller one did: nothing that was learned is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)

from app.training.faults import TrainingError
from app.training.image import autoencoder, dataset, growing, networks
from app.training.image.captions import View
from app.training.image.colours import Pixels, paired
from app.training.image.dataset import Drawing
from app.training.image.examples import view_pixels
from app.training.image.export import save_network
from app.training.run import Machine

KEPT, ALL = 4, 7


@pytest.fixture
def old() -> Any:
    """A small autoencoder whose latents have a spread, as trained ones do."""
    torch.manual_seed(0)
    return networks.new_autoencoder((16, 32), 32).eval()


@pytest.fixture
def smooth() -> torch.Tensor:
    """Pictures without detail of single pixels: only such look the same at half the side."""
    return F.interpolate(torch.rand(3, 3, 4, 4) * 2 - 1, (64, 64), mode="bicubic").clamp(-1, 1)


@torch.no_grad()
def test_the_first_latents_and_what_they_decode_to_stay(old: Any, smooth: torch.Tensor) -> None:
    new = growing.grown_autoencoder(old, ALL).eval()
    before = old.encode(F.avg_pool2d(smooth, 2)).latent_dist.mean
    latents = new.encode(smooth).latent_dist.mean
    assert latents.shape == (3, ALL, 16, 16)
    assert growing.drift(old, smooth, latents) < 0.05 * before.var()
    assert growing.drift(old, smooth, latents.roll(1, 0)) > 0.3 * before.var()  # the measure tells pictures apart
    silent = torch.cat([before, torch.zeros(3, ALL - KEPT, 16, 16)], 1)
    error = F.avg_pool2d(new.decode(silent).sample, 2) - old.decode(before).sample
    assert error.square().mean() < 0.4 * old.decode(before).sample.var()  # its last taps lie half as far apart


@torch.no_grad()
def test_new_channels_take_the_size_of_the_old_and_decode_the_same(old: Any, smooth: torch.Tensor) -> None:
    new = growing.grown_autoencoder(old, ALL).eval()
    before = new.encode(smooth).latent_dist
    decoded = new.decode(before.mean).sample
    levelled = growing.level(new, before.mean, KEPT)
    after = new.encode(smooth).latent_dist
    assert torch.allclose(after.mean, levelled, atol=1e-4)
    assert torch.allclose(after.mean[:, :KEPT], before.mean[:, :KEPT])
    wanted = before.mean[:, :KEPT].std().expand(ALL - KEPT)
    assert torch.allclose(after.mean[:, KEPT:].std((0, 2, 3)), wanted, rtol=1e-3)
    assert torch.allclose(new.decode(after.mean).sample, decoded, atol=1e-3)
    ratio = after.std[:, KEPT:] / before.std[:, KEPT:]
    assert torch.allclose(ratio.mean((0, 2, 3)), wanted / before.mean[:, KEPT:].std((0, 2, 3)), rtol=1e-3)


def test_training_grows_from_a_model_and_refuses_another_size(tmp_path: Path, old: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (8, 64, 64, 4), np.uint8)
    drawings = [Drawing(f"thing-{n}", f"thing {n}", (), "flat", 5) for n in range(8)]
    save_network(old, tmp_path / "start/vae")
    _data(tmp_path / "data", pixels, drawings)
    settings = autoencoder.Settings(minutes=0.01, batch=1, latents=ALL, grow=True)
    machine = Machine.of("cpu", 1)
    assert autoencoder.train(tmp_path / "data", tmp_path / "made", settings, machine, tmp_path / "start")
    made = networks.load_autoencoder(tmp_path / "made")
    assert (made.config.sample_size, made.config.latent_channels) == (64, ALL)
    _data(tmp_path / "small", pixels[:, :32, :32].copy(), drawings)
    with pytest.raises(TrainingError, match="64 pixels"):
        autoencoder.train(tmp_path / "small", tmp_path / "other", settings, machine, tmp_path / "start")


def test_two_things_stand_side_by_side() -> None:
    pixels = np.zeros((2, 8, 8, 4), np.uint8)
    pixels[0], pixels[1] = (255, 0, 0, 255), (0, 0, 255, 255)
    both = paired(pixels[0], pixels[1])
    assert (both[2:6, :4] == (255, 0, 0, 255)).all()
    assert (both[2:6, 4:] == (0, 0, 255, 255)).all()
    assert not both[:2].any()
    seen = view_pixels(pixels, [View(0, "white", False, beside=1)])[0]
    assert seen[:, 4, 1].tolist() == [1, -1, -1]
    assert seen[:, 4, 6].tolist() == [-1, -1, 1]
    assert seen[:, 0, 0].tolist() == [1, 1, 1]


def _data(folder: Path, pixels: Pixels, drawings: list[Drawing]) -> None:
    dataset._save(folder, pixels, drawings, [])
