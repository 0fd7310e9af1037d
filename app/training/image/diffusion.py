"""Training of the diffusion network: latents and captions in, the velocity between picture and noise out.

Written out below as it happens: draw examples and timesteps, add noise, predict, step, average.

The learning rate is constant after a warm-up and the weights that count are a running average, so that a training can
be gone on with for as long as anybody likes: run the same command again with more `--minutes`. Only when a last phase is
asked for (`--final`) does the rate fall to nearly nothing; after that it is done.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from app.teaching.noise import diffused, importance
from app.training import checkpoint
from app.training.averaging import averaged
from app.training.image import networks
from app.training.image.export import save_network
from app.training.image.library import Fixed, Library
from app.training.run import Clock, Machine, Report, until_spent

WARMUP = 300  # steps
FIRST_NOTED = 300  # steps after which it is measured for the first time
TAKEN_UP_EVERY = 200  # steps between two looks for new shards of scenes
LEAST = 0.03  # of the learning rate, at the end of the last phase
Noted = Callable[[Any, int], object]  # the averaged network, and how many samples it has seen


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; kept beside the weights."""

    minutes: float = 90.0
    batch: int = 32
    rate: float = 4e-4
    final: float = 0.0  # minutes of a last phase in which the rate falls, from where it is first asked for; 0: none
    scenes: float = 0.45  # of a batch
    caption_dropout: float = 0.1  # how often the caption is left out, for classifier-free guidance (Ho & Salimans 2022)
    focus: float = 480.0  # the timestep around which shapes are decided: the most often drawn
    spread: float = 260.0
    least: float = 0.35  # of the focus' share, for the most distant timestep
    ema: float = 0.9995
    noted_every: int = 100_000  # samples between two measurements
    seed: int = 0


class Training:
    """The state of a training: network, running average, optimizer, random numbers; kept and resumed as one."""

    def __init__(self, library: Library, folder: Path, settings: Settings, machine: Machine, network: Any) -> None:
        """Of `network`, as it is; on from the last sound checkpoint where there is one."""
        self.library, self.folder, self.settings, self.machine = library, folder, settings, machine
        self.dice = torch.Generator().manual_seed(settings.seed)
        torch.manual_seed(settings.seed)
        self.network = network.train().to(machine.device)
        self._average = averaged(self.network, settings.ema)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=settings.rate, weight_decay=0.01, betas=(0.9, 0.99), fused=True
        )
        signal = networks.noise_schedule().alphas_cumprod  # [timesteps], the share of the picture's variance
        self.signal = signal.to(machine.device)
        self.timesteps = importance(len(signal), settings.focus, settings.spread, settings.least)
        self.empty = library.empty.to(machine.device)
        self.clock, self.step, self.final_from = Clock(settings.minutes), 0, -1.0
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        if settings.final and self.final_from < 0:
            self.final_from = self.clock.spent
        if self.final_from >= 0:
            self.clock = Clock(self.final_from / 60 + settings.final, self.clock.spent)

    @property
    def average(self) -> Any:
        """The running average, as a network."""
        return self._average.module

    @property
    def samples(self) -> int:
        """How many pictures were seen."""
        return self.step * self.settings.batch

    def train_step(self) -> torch.Tensor:
        """One step of the optimizer; the mean squared error of the velocity."""
        s, device = self.settings, self.machine.device
        if self.step % TAKEN_UP_EVERY == 0:
            self.library.refresh()
        latents, caption = (tensor.to(device) for tensor in self.library.draw(s.batch, self.dice))
        dropped = torch.rand(s.batch, generator=self.dice) < s.caption_dropout
        caption[dropped.to(device)] = self.empty

        # Timesteps by importance, spread evenly over the batch: less chance in the gradient than drawing each alone.
        # They are shuffled, for drawings and scenes lie in the batch one after the other.
        spread = (torch.rand((), generator=self.dice) + torch.randperm(s.batch, generator=self.dice) / s.batch) % 1
        timestep = torch.searchsorted(self.timesteps, spread).clamp(max=len(self.signal) - 1).to(device)
        noise = torch.randn(latents.shape, generator=self.dice).to(device)
        noisy, velocity = diffused(latents, noise, self.signal[timestep])

        with self.machine.autocast():
            predicted = self.network(noisy, timestep, caption, return_dict=False)[0]
        error = (predicted.float() - velocity).square().mean()
        error.backward()

        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._average.update_parameters(self.network)
        self.step += 1
        return torch.as_tensor(error.detach())

    def _rate(self) -> float:
        """Linear warm-up, then constant; in a last phase, linearly down."""
        left = 1.0
        if self.final_from >= 0:
            left = max(LEAST, 1 - (self.clock.spent - self.final_from) / (self.settings.final * 60))
        return self.settings.rate * min(1.0, (self.step + 1) / WARMUP) * left

    def save(self) -> None:
        """A checkpoint, and the running average as a network that loads. Raises OSError."""
        parts = {
            "network": self.network.state_dict(),
            "average": self._average.state_dict(),
            "optimizer": checkpoint.optimizer_tensors(self.optimizer),
            "random": {"dice": self.dice.get_state()},
        }
        checkpoint.save(self.folder, self.step, parts, self.facts() | {"final_from": self.final_from})
        save_network(self.average, self.folder / networks.FOLDER, self.facts())

    def facts(self) -> dict[str, Any]:
        """What is kept beside the weights."""
        return {"spent": self.clock.spent, "samples": self.samples, "settings": asdict(self.settings)}

    def _resume(self) -> None:
        last = checkpoint.load(self.folder)
        if last is None:
            return
        self.network.load_state_dict(last.part("network"))
        self._average.load_state_dict(last.part("average"))
        checkpoint.restore_optimizer(self.optimizer, last.part("optimizer"))
        self.dice.set_state(last.tensors["random.dice"])
        self.step, self.clock = last.step, Clock(self.settings.minutes, last.facts["spent"])
        self.final_from = last.facts["final_from"]
        print(f"On from step {self.step}, {self.clock.spent / 60:.0f} minutes in.", flush=True)


def train(training: Training, noted: Noted = lambda _network, _samples: None) -> bool:
    """Train until the budget is spent (True) or it is asked to stop (False).

    Every so many samples the errors are measured and written down (log.jsonl), and `noted` is called.
    """
    fixed, step = training.library.fixed(), max(1, training.settings.noted_every // training.settings.batch)

    def said(error: float) -> str:
        pace = training.samples / training.clock.spent
        return f"diffusion, step {training.step}, {training.samples} samples, error {error:.4f}, {pace:.1f}/s"

    def seldom() -> bool:
        if training.step % step and training.step != FIRST_NOTED:
            return False
        if "held-out scenes" not in fixed:
            fixed.update(training.library.fixed())
        note(training, fixed)
        noted(training.average, training.samples)
        return True

    error = until_spent(training, said, seldom)
    Report()(f"diffusion: {training.step} steps, error {error:.4f}", last=True)
    return training.clock.progress >= 1


def note(training: Training, fixed: dict[str, Fixed]) -> None:
    """Measure the running average, and put the figures at the end of log.jsonl."""
    errors = {name: round(velocity_error(training.average, some, training.machine), 4) for name, some in fixed.items()}
    line = {
        "time": time.strftime("%Y-%m-%d %H:%M:%S"),
        "samples": training.samples,
        "minutes": round(training.clock.spent / 60, 1),
        "shards of scenes": len(training.library.scenes),
        **errors,
    }
    with (training.folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    Report()(json.dumps(line), last=True)


@torch.inference_mode()
def velocity_error(network: Any, fixed: Fixed, machine: Machine, batch: int = 64) -> float:
    """What training minimises, unweighted: timesteps evenly spread, the same noise every time."""
    dice = torch.Generator().manual_seed(0)
    signal, network = networks.noise_schedule().alphas_cumprod, network.eval().to(machine.device)
    timestep = ((torch.arange(len(fixed.latents)) + 0.5) / len(fixed.latents) * len(signal)).long()
    noisy, wanted = diffused(fixed.latents, torch.randn(fixed.latents.shape, generator=dice), signal[timestep])
    errors = []
    for at in range(0, len(noisy), batch):
        some = [tensor[at : at + batch].to(machine.device) for tensor in (noisy, timestep, fixed.text)]
        with machine.autocast():
            predicted = network(*some, return_dict=False)[0].float().cpu()
        errors.append((predicted - wanted[at : at + batch]).square().mean((1, 2, 3)))
    return float(torch.cat(errors).mean())
