"""Training of the verse model: poems in, the next character out."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from app.training import checkpoint
from app.training.averaging import averaged
from app.training.image.export import swap
from app.training.run import SHEET_EVERY, Clock, Every, Machine, Report, learning_rate, until_spent
from app.training.verse import network as networks
from app.training.verse.examples import Examples


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; kept beside the weights."""

    minutes: float = 90.0
    tokens: int = 3072  # of a batch, about
    rate: float = 2e-3
    ema: float = 0.998
    decay: float = 0.05  # of weights
    measured: int = 400  # held-out poems at each sheet
    seed: int = 0


class Training:
    """The state of a training: network, running average, optimizer, random numbers; kept and resumed as one."""

    def __init__(self, examples: Examples, folder: Path, settings: Settings, machine: Machine, network: Any) -> None:
        """Of `network`; on from the last sound checkpoint where there is one."""
        self.examples, self.folder, self.settings, self.machine = examples, folder, settings, machine
        self.words = list(examples.index)
        self.network = network.train().to(machine.device)
        self._average = averaged(self.network, settings.ema)
        tables = [p for p in self.network.parameters() if p.dim() > 1]
        scales = [p for p in self.network.parameters() if p.dim() <= 1]
        groups = [{"params": tables, "weight_decay": settings.decay}, {"params": scales, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.97), fused=True)
        self.dtype = torch.bfloat16 if torch.backends.cpu.get_cpu_capability() == "AVX512" else torch.float32
        if machine.device.type != "cpu":
            self.dtype = torch.bfloat16
        self.clock, self.step, self.seen, self.recent = Clock(settings.minutes), 0, 0, float("nan")
        self._resume()
        dice = random.Random(f"{settings.seed} {self.step}")  # other poems after an interruption
        self.batches = examples.batches(settings.tokens, dice)

    @property
    def average(self) -> Any:
        """The running average, as a network."""
        return self._average.module

    def train_step(self) -> torch.Tensor:
        """One step of the optimizer; the mean cross-entropy in nats a token."""
        s, device = self.settings, self.machine.device
        batch = next(self.batches)
        error: Any = networks.error(self.network, batch.ids.to(device), batch.begins.to(device), self.dtype)
        error.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(s.rate, self.step, self.clock.progress, decay=0.5)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._average.update_parameters(self.network)
        self.step += 1
        self.seen += batch.ids.numel()
        return torch.as_tensor(error.detach())

    def measure(self) -> float:
        """The averaged network's error on poems it never saw, in nats a token of the poem."""
        batches = self.examples.measuring(self.settings.tokens, self.settings.measured)
        with torch.no_grad():
            found = [
                (networks.error(self.average, b.ids.to(self.machine.device), b.begins.to(self.machine.device), self.dtype), b)
                for b in batches
            ]
        own = [int((b.ids.shape[1] - b.begins).sum()) for _error, b in found]
        return sum(float(e) * n for (e, _b), n in zip(found, own, strict=True)) / max(1, sum(own))

    def save(self) -> None:
        """A checkpoint, and the running average as a model folder that loads. Raises OSError."""
        parts = {
            "network": dict(self.network.named_parameters()),
            "average": dict(self.average.named_parameters()),
            "optimizer": checkpoint.optimizer_tensors(self.optimizer),
        }
        facts = {
            "spent": self.clock.spent,
            "tokens": self.seen,
            "steps": self.step,
            "held_out_error": self.recent,
            "settings": asdict(self.settings),
        }
        checkpoint.save(self.folder, self.step, parts, facts)
        part = self.folder / "model.part"
        networks.save(self.average, self.words, part)
        checkpoint.write(part / "training.json", json.dumps(facts, indent=1).encode())
        swap(part, self.folder / "model")

    def _resume(self) -> None:
        last = checkpoint.load(self.folder)
        if last is None:
            return
        self.network.load_state_dict(last.part("network"), strict=False)  # tied: the head's table is the embeddings'
        self.average.load_state_dict(last.part("average"), strict=False)
        checkpoint.restore_optimizer(self.optimizer, last.part("optimizer"))
        self.step, self.seen = last.step, int(last.facts["tokens"])
        self._average.n_averaged.fill_(self.step)
        self.recent, self.clock = float(last.facts["held_out_error"]), Clock(self.settings.minutes, last.facts["spent"])
        print(f"On from step {self.step}, {self.clock.spent / 60:.0f} minutes in.", flush=True)


def train(training: Training, epoch: Callable[[Any, int], object] = lambda _network, _number: None) -> bool:
    """Train until the budget is spent (True) or it is asked to stop (False).

    `epoch` is called with the averaged network and a number every five minutes.
    """
    sheets = Every(SHEET_EVERY)
    number = 0

    def said(error: float) -> str:
        pace = training.seen / max(training.clock.spent, 1e-9)
        held = f", held out {training.recent:.3f}" if training.recent == training.recent else ""
        return f"verse, step {training.step}, {training.seen / 1e6:.2f} M tokens, error {error:.3f}{held}, {pace:.0f}/s"

    def shown() -> bool:
        nonlocal number
        if not sheets.due():
            return False
        number += 1
        training.recent = training.measure()
        epoch(training.average, number)
        sheets.restart()
        return True

    error = until_spent(training, said, shown)
    Report()(f"verse: {training.step} steps, {training.seen / 1e6:.2f} M tokens, error {error:.4f}", last=True)
    return training.clock.progress >= 1
