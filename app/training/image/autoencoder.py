"""Training of the autoencoder: a picture of size × size pixels into a small grid of latents, and back.

Small crops first (quick), whole pictures last (so that the borders come right), on white and on coloured grounds.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)

from app.training import checkpoint
from app.training.faults import TrainingError
from app.training.image import dataset, growing, networks
from app.training.image.captions import View
from app.training.image.colours import BACKGROUNDS, Pixels
from app.training.image.examples import Part, encoded, pictures
from app.training.image.export import save_network
from app.training.run import Clock, Keeper, Machine, Report, bar, learning_rate, sound, stoppable

COLOURS = tuple(BACKGROUNDS)
HALF = 0.5  # of the pictures are mirrored


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; kept beside the weights."""

    minutes: float = 60.0
    batch: int = 16  # whole pictures; four times as many crops
    rate: float = 7e-4
    channels: tuple[int, ...] = (16, 32, 64, 128)
    latents: int = networks.LATENT_CHANNELS
    grow: bool = False  # start from a model of half the side, whose latents stay the first channels
    held: float = 1.0  # how strongly they are held there
    whole: float = 0.75  # of the budget, from which on whole pictures are seen
    coloured: float = 0.6  # share of pictures on a coloured ground
    seed: int = 0


def train(data: Path, folder: Path, settings: Settings, machine: Machine, start: Path | None = None) -> bool:
    """Train into `folder`, from the model in `start` or afresh, or on from the last sound checkpoint.

    True when the budget is spent, False when it was asked to stop. Writes `vae/` with the latents' scale measured.
    """
    pixels, drawings = dataset.load(data)
    known = [number for number, drawing in enumerate(drawings) if not drawing.held_out]
    if not known:
        raise TrainingError("The data set in %(folder)s has nothing to learn from.", folder=data)
    dice = torch.Generator().manual_seed(settings.seed)
    torch.manual_seed(settings.seed)
    small = networks.load_autoencoder(start).eval().to(machine.device) if start and settings.grow else None
    vae = _first(small, start, settings, pixels.shape[1]).train().to(machine.device)
    optimizer = torch.optim.AdamW(vae.parameters(), lr=settings.rate, weight_decay=0.0, betas=(0.9, 0.99), fused=True)
    clock, step = Clock(settings.minutes), 0
    if (last := checkpoint.load(folder)) is not None:
        step, clock = last.step, Clock(settings.minutes, last.facts["spent"])
        vae.load_state_dict(last.part("vae"))
        checkpoint.restore_optimizer(optimizer, last.part("optimizer"))
        dice.set_state(last.tensors["random.dice"])
        torch.set_rng_state(last.tensors["random.global"])

    def save() -> None:
        random = {"dice": dice.get_state(), "global": torch.get_rng_state()}
        parts = {"vae": vae.state_dict(), "optimizer": checkpoint.optimizer_tensors(optimizer), "random": random}
        checkpoint.save(folder, step, parts, {"spent": clock.spent, "settings": asdict(settings)})

    keeper, report = Keeper(save), Report()
    clock.skip()
    with stoppable() as stopped:
        while clock.progress < 1 and not stopped():
            whole = clock.progress >= settings.whole
            x = batch(pixels, known, settings, dice, whole).to(machine.device)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(settings.rate, step, clock.progress, warmup=100)
            with machine.autocast():
                posterior = vae.encode(x).latent_dist
                y = vae.decode(posterior.sample()).sample
                held = settings.held * growing.drift(small, x, posterior.mean) if small else 0.0
            loss = reconstruction(y.float(), x) + 2e-3 * posterior.kl().mean() / posterior.mean[0].numel() + held
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
            optimizer.step()
            step += 1
            clock.tick()
            report(f"{bar(clock.progress)} autoencoder, step {step}, loss {sound(loss.item(), step):.4f}")
            if keeper.due():
                keeper.keep()
                clock.skip()
    keeper.finish()
    latents = means(vae, pixels, known, machine)
    if small:
        latents = growing.level(vae, latents, int(small.config.latent_channels))
    vae.register_to_config(scaling_factor=1 / float(latents.std()))
    save_network(vae, folder / "vae")
    report(f"autoencoder: {step} steps, latents' standard deviation {1 / vae.config.scaling_factor:.3f}", last=True)
    return clock.progress >= 1


def batch(pixels: Pixels, known: list[int], settings: Settings, dice: torch.Generator, whole: bool) -> torch.Tensor:
    """Random drawings on random grounds, [batch, 3, size, size]; or four times as many crops of half the side."""
    count = settings.batch if whole else settings.batch * 4
    picks = torch.randint(len(known), (count,), generator=dice).tolist()
    chances = torch.rand(count, 3, generator=dice).tolist()
    views = [
        View(known[pick], COLOURS[int(which * len(COLOURS))] if ground < settings.coloured else "white", side < HALF)
        for pick, (ground, which, side) in zip(picks, chances, strict=True)
    ]
    if whole:
        return pictures(pixels, views)
    half = pixels.shape[1] // 2
    top, left = torch.randint(half + 1, (2,), generator=dice).tolist()
    return pictures(pixels, views, Part(top, left, half))


def reconstruction(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """How far a picture is off: by pixel, by edge and by patch of 4 × 4, in L1, which keeps edges sharp."""
    d = made - wanted
    edges = (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()
    return d.abs().mean() + 0.5 * edges + 0.5 * F.avg_pool2d(d, 4).abs().mean()


def means(vae: Any, pixels: Pixels, known: list[int], machine: Machine) -> torch.Tensor:
    """The mean latents of a few hundred pictures [pictures, channels, h, w]: diffusion wants a deviation of 1."""
    vae.eval()
    chosen = known[:: max(1, len(known) // 256)]
    views = [View(number, COLOURS[at % len(COLOURS)] if at % 2 else "white", False) for at, number in enumerate(chosen)]
    parts = [encoded(vae, pixels, views[at : at + 32], machine) for at in range(0, len(views), 32)]
    return torch.cat(parts)


def _first(small: Any | None, start: Path | None, settings: Settings, size: int) -> Any:
    if small:
        if (grown := 2 * int(small.config.sample_size)) != size:
            raise TrainingError("It grows to %(grown)s pixels, the drawings have %(size)s.", grown=grown, size=size)
        return growing.grown_autoencoder(small, settings.latents)
    if start:
        return networks.load_autoencoder(start)
    return networks.new_autoencoder(settings.channels, size, settings.latents)
