"""Training of the UNet: latents and captions in, the velocity between picture and noise out.

Written out below as it happens: draw examples and timesteps, add noise, predict, step, average.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from app.training import checkpoint
from app.training.image import growing, networks
from app.training.image.examples import Examples
from app.training.image.export import save_network
from app.training.run import SHEET_EVERY, Clock, Every, Machine, Report, learning_rate, until_spent


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; kept beside the weights."""

    minutes: float = 90.0
    batch: int = 32
    rate: float = 4e-4
    channels: tuple[int, ...] = (64, 128, 256)
    caption_dropout: float = 0.1  # how often the caption is left out, for classifier-free guidance (Ho & Salimans 2022)
    focus: float = 480.0  # the timestep around which shapes are decided: the most often drawn
    spread: float = 260.0
    least: float = 0.35  # of the focus' share, for the most distant timestep
    ema: float = 0.999
    seed: int = 0


class Training:
    """The state of a training: network, running average, optimizer, random numbers; kept and resumed as one."""

    def __init__(self, examples: Examples, folder: Path, settings: Settings, machine: Machine, start: Path | None) -> None:
        """From the UNet of the model in `start` or afresh; on from the last sound checkpoint where there is one."""
        self.examples, self.folder, self.settings, self.machine = examples, folder, settings, machine
        self.dice = torch.Generator().manual_seed(settings.seed)
        torch.manual_seed(settings.seed)
        channels, size = int(examples.latents.shape[1]), examples.latents.shape[-1]
        unet = networks.load_unet(start) if start else networks.new_unet(settings.channels, size, channels)
        if unet.config.in_channels < channels:  # the autoencoder has grown
            unet = growing.grown_unet(unet, channels)
        self.unet = networks.plain_attention(unet).train().to(machine.device)
        self.average: Any = copy.deepcopy(self.unet).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.unet.parameters(), lr=settings.rate, weight_decay=0.01, betas=(0.9, 0.99), fused=True
        )
        signal = networks.noise_schedule().alphas_cumprod  # [timesteps], the share of the picture's variance
        self.signal = signal.to(machine.device)
        self.timesteps = importance(len(signal), settings.focus, settings.spread, settings.least)
        self.empty = examples.empty.to(machine.device)
        self.clock, self.step = Clock(settings.minutes), 0
        self._resume()

    def train_step(self) -> torch.Tensor:
        """One step of the optimizer; the mean squared error of the velocity."""
        s, device = self.settings, self.machine.device
        latents, caption = (tensor.to(device) for tensor in self.examples.draw(s.batch, self.dice))
        dropped = torch.rand(s.batch, generator=self.dice) < s.caption_dropout
        caption[dropped.to(device)] = self.empty

        # Timesteps by importance, spread evenly over the batch: less chance in the gradient than drawing each alone.
        spread = (torch.rand((), generator=self.dice) + torch.arange(s.batch) / s.batch) % 1
        timestep = torch.searchsorted(self.timesteps, spread).clamp(max=len(self.signal) - 1).to(device)
        noise = torch.randn(latents.shape, generator=self.dice).to(device)
        noisy, velocity = diffused(latents, noise, self.signal[timestep])

        with self.machine.autocast():
            predicted = self.unet(noisy, timestep, caption, return_dict=False)[0]
        error = (predicted.float() - velocity).square().mean()
        error.backward()

        torch.nn.utils.clip_grad_norm_(self.unet.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(s.rate, self.step, self.clock.progress)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._follow()
        self.step += 1
        return torch.as_tensor(error.detach())

    def _follow(self) -> None:
        """Move the running average: quickly at first, then by 1 - ema a step."""
        decay = min(self.settings.ema, (2 + self.step) / (11 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.unet.parameters()), 1 - decay)

    def save(self) -> None:
        """A checkpoint, and the running average as a network that loads. Raises OSError."""
        parts = {
            "unet": self.unet.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": checkpoint.optimizer_tensors(self.optimizer),
            "random": {"dice": self.dice.get_state()},
        }
        facts = {
            "spent": self.clock.spent,
            "samples": self.step * self.settings.batch,
            "settings": asdict(self.settings),
        }
        checkpoint.save(self.folder, self.step, parts, facts)
        save_network(self.average, self.folder / "unet", facts)

    def _resume(self) -> None:
        last = checkpoint.load(self.folder)
        if last is None:
            return
        self.unet.load_state_dict(last.part("unet"))
        self.average.load_state_dict(last.part("average"))
        checkpoint.restore_optimizer(self.optimizer, last.part("optimizer"))
        self.dice.set_state(last.tensors["random.dice"])
        self.step, self.clock = last.step, Clock(self.settings.minutes, last.facts["spent"])
        print(f"On from step {self.step}, {self.clock.spent / 60:.0f} minutes in.", flush=True)


def train(training: Training, epoch: Callable[[Any, int], object] = lambda _unet, _number: None) -> bool:
    """Train until the budget is spent (True) or it is asked to stop (False).

    `epoch` is called with the averaged network and a number each time as many examples were seen as there are captions,
    though not more often than every five minutes.
    """
    length = max(1, len(training.examples) // training.settings.batch)
    sheets = Every(SHEET_EVERY)

    def said(error: float) -> str:
        pace = training.step * training.settings.batch / training.clock.spent
        return f"diffusion, step {training.step}, error {error:.4f}, {pace:.1f}/s"

    def shown() -> bool:
        if training.step % length or not sheets.due():
            return False
        epoch(training.average, training.step // length)
        sheets.restart()
        return True

    error = until_spent(training, said, shown)
    Report()(f"diffusion: {training.step} steps, error {error:.4f}", last=True)
    return training.clock.progress >= 1


def diffused(picture: torch.Tensor, noise: torch.Tensor, signal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The noisy latents, and the velocity to predict (Salimans & Ho 2022, §4); `signal` [batch] is alpha squared."""
    alpha, sigma = signal.sqrt()[:, None, None, None], (1 - signal).sqrt()[:, None, None, None]
    return alpha * picture + sigma * noise, alpha * noise - sigma * picture


def importance(timesteps: int, focus: float, spread: float, least: float) -> torch.Tensor:
    """The cumulative distribution [timesteps] by which timesteps are drawn: a bell around `focus` on a floor.

    Uniform timesteps spend much on the last details, min-SNR weights (Hang et al. 2023) nearly all; with few samples
    to learn from, shapes come first.
    """
    at = torch.arange(timesteps, dtype=torch.float32)
    density = least + torch.exp(-(((at - focus) / spread) ** 2))
    return density.cumsum(0) / density.sum()
