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
from app.training.image.examples import Part, encoded, view_pixels
from app.training.image.export import save_network
from app.training.run import Clock, Machine, Report, learning_rate, until_spent

COLOURS = tuple(BACKGROUNDS)
KL = 2e-3  # weight of the divergence from plain noise
HALF = 0.5  # of the pictures are mirrored


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; kept beside the weights."""

    minutes: float = 60.0
    batch: int = 16  # whole pictures; four times as many crops
    rate: float = 7e-4
    channels: tuple[int, ...] = (16, 32, 64, 128)
    latents: int = networks.LATENT_CHANNELS
    polish: bool = False  # only the decoder, so that latents made before stay true
    grow: bool = False  # start from a model of half the side, whose latents stay the first channels
    held: float = 1.0  # how strongly they are held there
    whole: float = 0.75  # of the budget, from which on whole pictures are seen
    coloured: float = 0.6  # share of pictures on a coloured ground
    seed: int = 0


class Training:
    """The state of a training: network, optimizer, random numbers; kept and resumed as one."""

    def __init__(self, data: Path, folder: Path, settings: Settings, machine: Machine, start: Path | None) -> None:
        """From the model in `start` or afresh; on from the last sound checkpoint. Raises TrainingError."""
        self.pixels, drawings = dataset.load(data)
        self.known = [number for number, drawing in enumerate(drawings) if not drawing.held_out]
        if not self.known:
            raise TrainingError("The data set in %(folder)s has nothing to learn from.", folder=data)
        self.folder, self.settings, self.machine = folder, settings, machine
        self.dice = torch.Generator().manual_seed(settings.seed)
        torch.manual_seed(settings.seed)
        self.small = networks.load_autoencoder(start).eval().to(machine.device) if start and settings.grow else None
        self.vae = _first(self.small, start, settings, self.pixels.shape[1]).train().to(machine.device)
        if settings.polish:
            for part in (self.vae.encoder, self.vae.quant_conv):
                part.requires_grad_(False)
        self.learning = [parameter for parameter in self.vae.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(self.learning, lr=settings.rate, weight_decay=0.0, betas=(0.9, 0.99), fused=True)
        self.clock, self.step = Clock(settings.minutes), 0
        self._resume()

    def train_step(self) -> torch.Tensor:
        """One step of the optimizer; what it minimises."""
        s = self.settings
        x = batch(self.pixels, self.known, s, self.dice, self.clock.progress >= s.whole).to(self.machine.device)
        with self.machine.autocast():
            posterior = self.vae.encode(x).latent_dist
            y = self.vae.decode(posterior.sample()).sample
            held = s.held * growing.drift(self.small, x, posterior.mean) if self.small else 0.0
        loss = reconstruction(y.float(), x) + KL * posterior.kl().mean() / posterior.mean[0].numel() + held
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.learning, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(s.rate, self.step, self.clock.progress, warmup=100)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return torch.as_tensor(loss.detach())

    def save(self) -> None:
        """A checkpoint. Raises OSError."""
        random = {"dice": self.dice.get_state(), "global": torch.get_rng_state()}
        parts = {"vae": self.vae.state_dict(), "optimizer": checkpoint.optimizer_tensors(self.optimizer), "random": random}
        checkpoint.save(self.folder, self.step, parts, {"spent": self.clock.spent, "settings": asdict(self.settings)})

    def finish(self) -> None:
        """Write `vae/`, with the latents' scale measured where the encoder has learned. Raises OSError."""
        if not self.settings.polish:
            latents = means(self.vae, self.pixels, self.known, self.machine)
            if self.small:
                latents = growing.level(self.vae, latents, int(self.small.config.latent_channels))
            self.vae.register_to_config(scaling_factor=1 / float(latents.std()))
        save_network(self.vae, self.folder / "vae")

    def _resume(self) -> None:
        last = checkpoint.load(self.folder)
        if last is None:
            return
        self.vae.load_state_dict(last.part("vae"))
        checkpoint.restore_optimizer(self.optimizer, last.part("optimizer"))
        self.dice.set_state(last.tensors["random.dice"])
        torch.set_rng_state(last.tensors["random.global"])
        self.step, self.clock = last.step, Clock(self.settings.minutes, last.facts["spent"])


def train(data: Path, folder: Path, settings: Settings, machine: Machine, start: Path | None = None) -> bool:
    """Train into `folder` until the budget is spent (True) or it is asked to stop (False)."""
    training = Training(data, folder, settings, machine, start)
    until_spent(training, lambda loss: f"autoencoder, step {training.step}, loss {loss:.4f}")
    training.finish()
    scale = 1 / training.vae.config.scaling_factor
    Report()(f"autoencoder: {training.step} steps, latents' standard deviation {scale:.3f}", last=True)
    return training.clock.progress >= 1


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
        return view_pixels(pixels, views)
    half = pixels.shape[1] // 2
    top, left = torch.randint(half + 1, (2,), generator=dice).tolist()
    return view_pixels(pixels, views, Part(top, left, half))


def reconstruction(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """How far a picture is off: by pixel, by edge and by patch of 4 × 4, in L1, which keeps edges sharp.

    The square is there for what is far off: a colour that is wrong, a thing that is missing.
    """
    d = made - wanted
    edges = (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()
    return d.abs().mean() + 0.5 * edges + 0.5 * F.avg_pool2d(d, 4).abs().mean() + d.square().mean()


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
