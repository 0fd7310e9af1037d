"""A version of the UNet that needs few steps and no guidance, for live drafting: low-rank changes learned from itself.

The teacher is the UNet with guidance and a good solver in a dozen steps; the student, the same UNet with low-rank changes
(Hu et al. 2022), learns to reach in one DDIM step where the teacher is after several (Salimans & Ho 2022, with the
guidance inside as in Meng et al. 2023). The student walks all its steps from the teacher's noise, often from where it
came to itself, so that it learns to mend its own errors. Nothing but captions is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_bytes

from app.engines.image.fewsteps import NAME
from app.engines.image.sampler import Level, denoise, levels
from app.teaching.lowrank import Changes
from app.training import checkpoint
from app.training.averaging import averaged
from app.training.faults import TrainingError
from app.training.image import networks
from app.training.image.examples import Examples
from app.training.run import Clock, Machine, Report, learning_rate, until_spent


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; kept beside the weights."""

    minutes: float = 15.0
    steps: int = 4  # of the student
    teacher_steps: int = 12  # a multiple of the student's
    guidance: float = 4.0  # the teacher's, which the student has inside
    rank: int = 16
    rate: float = 1e-3
    batch: int = 8  # trajectories a step; each is as many examples as the student has steps
    lesson: int = 16  # trajectories that the teacher makes at once
    lessons_every: int = 8  # steps of the student
    first_lessons: int = 8
    own: float = 0.5  # how often the student goes on from where it came to itself
    caption_dropout: float = 0.1  # the student without a caption is what its guidance is taken out with
    ema: float = 0.99
    seed: int = 0


class Training:
    """Student, running average, the teacher's trajectories so far, random numbers; kept and resumed as one."""

    def __init__(self, unet: Any, examples: Examples, folder: Path, settings: Settings, machine: Machine) -> None:
        """For `unet`, which stays as it is; on from the last sound checkpoint where there is one.

        Raises TrainingError when that checkpoint belongs to another UNet, or the steps do not fit.
        """
        if settings.teacher_steps % settings.steps:
            raise TrainingError("The teacher's steps must be a multiple of the student's.")
        self.examples, self.folder, self.settings, self.machine = examples, folder, settings, machine
        self.dice = torch.Generator().manual_seed(settings.seed)
        self.teacher_digest = unet_digest(unet)
        self.unet = networks.plain_attention(unet).eval().requires_grad_(False).to(machine.device)
        self.changes = Changes(self.unet, settings.rank, self.dice)
        self._learnt = torch.nn.ParameterList(self.changes.parameters)
        self._average = averaged(self._learnt, settings.ema)
        self.optimizer = torch.optim.AdamW(self.changes.parameters, lr=settings.rate, weight_decay=0.0, betas=(0.9, 0.99))
        self.empty = examples.empty.to(machine.device)
        scheduler = networks.noise_schedule()
        self.way, self.teacher_way = levels(scheduler, settings.steps), levels(scheduler, settings.teacher_steps)
        self.states, self.captions = torch.empty(0, dtype=torch.float16), torch.empty(0, dtype=torch.float16)
        self.clock, self.step = Clock(settings.minutes), 0
        self._resume()

    @property
    def average(self) -> list[torch.Tensor]:
        """The running average of the changes' parameters."""
        return list(self._average.parameters())

    def teach(self) -> None:
        """The teacher makes some trajectories more: its latents where the student's steps begin and end."""
        s, device = self.settings, self.machine.device
        text = self.examples.draw(s.lesson, self.dice)[1]
        text[torch.rand(s.lesson, generator=self.dice) < s.caption_dropout] = self.examples.empty
        unet = self.unet.config
        shape = (s.lesson, unet.in_channels, unet.sample_size, unet.sample_size)
        noise = torch.randn(shape, generator=self.dice).half()
        velocity = guided(self._plain, text.to(device), self.empty, s.guidance)
        states = [noise.to(device).float()]
        for latents, _clean in denoise(states[0], self.teacher_way, velocity, multistep=True):
            states.append(latents)
        kept = torch.stack(states[:: s.teacher_steps // s.steps], dim=1).half().cpu()
        self.states, self.captions = torch.cat([self.states, kept]), torch.cat([self.captions, text.half()])

    def train_step(self) -> torch.Tensor:
        """One step of the optimizer over whole trajectories; the mean squared error of the student's velocity."""
        s, device = self.settings, self.machine.device
        if self.step % s.lessons_every == 0:
            for _lesson in range(1 if self.step else s.first_lessons):
                self.teach()
        rows = torch.randint(len(self.states), (s.batch,), generator=self.dice)
        own = torch.rand(s.batch, s.steps, generator=self.dice) < s.own
        states, text = self.states[rows].to(device).float(), self.captions[rows].to(device).float()
        latents, total = states[:, 0], torch.zeros((), device=device)
        for number, (here, there) in enumerate(pairwise(self.way)):
            wanted, moved = states[:, number + 1], there.alpha * here.sigma - there.sigma * here.alpha
            with self.machine.autocast():
                velocity = self.unet(latents, here.timestep, text, return_dict=False)[0].float()
            reached = after(latents, velocity, here, there)
            error = ((reached - wanted) / moved).square().mean() / s.steps  # reached is linear in the velocity, by moved
            torch.autograd.backward(error)
            total += error.detach()
            latents = torch.where(own[:, number, None, None, None].to(device), reached.detach(), wanted)
        torch.nn.utils.clip_grad_norm_(self.changes.parameters, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(s.rate, self.step, self.clock.progress, warmup=50)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._average.update_parameters(self._learnt)
        self.step += 1
        return total

    def save(self) -> None:
        """A checkpoint, and the running average as a file that the engine and diffusers load. Raises OSError."""
        parts = {
            "changes": self.changes.tensors(self.changes.parameters),
            "average": self.changes.tensors(self.average),
            "optimizer": checkpoint.optimizer_tensors(self.optimizer),
            "teacher": {"states": self.states, "captions": self.captions},
            "random": {"dice": self.dice.get_state()},
        }
        facts = {"spent": self.clock.spent, "settings": asdict(self.settings), "unet": self.teacher_digest}
        checkpoint.save(self.folder, self.step, parts, facts)
        checkpoint.write(self.folder / NAME, self.file())

    def file(self) -> bytes:
        """The running average in float16, with what an engine must know of it."""
        s = self.settings
        told = {"steps": str(s.steps), "guidance": str(s.guidance), "unet": self.teacher_digest, "rank": str(s.rank)}
        halves = {name: value.half().cpu().contiguous() for name, value in self.changes.tensors(self.average).items()}
        return to_bytes(halves, told | {"format": "pt"})

    def _plain(self, latents: torch.Tensor, timestep: int, text: torch.Tensor) -> torch.Tensor:
        """The UNet's velocity without the changes, without gradients."""
        self.changes.on = False
        try:
            with torch.no_grad(), self.machine.autocast():
                return torch.as_tensor(self.unet(latents, timestep, text, return_dict=False)[0].float())
        finally:
            self.changes.on = True

    def _resume(self) -> None:
        last = checkpoint.load(self.folder)
        if last is None:
            return
        if last.facts["unet"] != self.teacher_digest:
            raise TrainingError("%(folder)s belongs to another UNet: delete that folder first.", folder=self.folder)
        with torch.no_grad():
            for part, values in (("changes", self.changes.parameters), ("average", self.average)):
                for value, name in zip(values, self.changes.tensors(values), strict=True):
                    value.copy_(last.tensors[f"{part}.{name}"])
        checkpoint.restore_optimizer(self.optimizer, last.part("optimizer"))
        self.states, self.captions = last.tensors["teacher.states"], last.tensors["teacher.captions"]
        self.dice.set_state(last.tensors["random.dice"])
        self._average.n_averaged.fill_(last.step)
        self.step, self.clock = last.step, Clock(self.settings.minutes, last.facts["spent"])
        print(f"On from step {self.step}, {self.clock.spent / 60:.0f} minutes in.", flush=True)


def train(training: Training) -> bool:
    """Train until the budget is spent (True) or it is asked to stop (False)."""

    def said(error: float) -> str:
        return f"few steps, step {training.step}, error {error:.4f}, {len(training.states)} trajectories"

    error = until_spent(training, said)
    Report()(f"few steps: {training.step} steps, error {error:.4f}", last=True)
    return training.clock.progress >= 1


def unet_digest(unet: Any) -> str:
    """SHA-256 of the UNet's weights in float16, as they are exported: whose changes these are."""
    whole = hashlib.sha256()
    for value in unet.state_dict().values():
        whole.update(value.detach().cpu().half().numpy().tobytes())
    return whole.hexdigest()


def after(latents: torch.Tensor, velocity: torch.Tensor, here: Level, there: Level) -> torch.Tensor:
    """The latents after a DDIM step."""
    clean = here.alpha * latents - here.sigma * velocity
    return there.alpha * clean + there.sigma * (here.alpha * velocity + here.sigma * latents)


def guided(
    unet: Callable[[torch.Tensor, int, torch.Tensor], torch.Tensor], text: torch.Tensor, empty: torch.Tensor, guidance: float
) -> Callable[[torch.Tensor, int], torch.Tensor]:
    """The velocity with classifier-free guidance for captions `text` [batch, 24, 384]."""
    both = torch.cat([empty.expand_as(text), text])

    def velocity(latents: torch.Tensor, timestep: int) -> torch.Tensor:
        without, told = unet(torch.cat([latents, latents]), timestep, both).chunk(2)
        return without + guidance * (told - without)

    return velocity
