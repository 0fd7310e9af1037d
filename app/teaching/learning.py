"""Learning a style: low-rank changes of the house image model, by the error of the velocity over an artist's pictures.

The model itself stays as it is. What is learned is kept as a file at each checkpoint, and learning goes on from such a file
when a worker died: then the optimizer begins anew, with a short warm-up.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load, save

from app.brief import Prompt
from app.engines.image.own_style import BASE, TRIGGER, called
from app.engines.image.sampler import denoise
from app.errors import EngineError, _
from app.teaching.lowrank import Changes
from app.teaching.noise import diffused, importance

if TYPE_CHECKING:
    from PIL import Image

    from app.engines.image.diffusion import LatentDiffusion, Velocity
    from app.teaching.lessons import Lessons

FOCUS, SPREAD, FLOOR = 480.0, 260.0, 0.35  # of the timesteps that are drawn, as the model itself was trained
WARMUP, FALL = 20, 0.3  # steps; the share of the way at whose end the rate falls
SAMPLE_STEPS, SAMPLE_GUIDANCE = 12, 4.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How a style is learned: `minutes` are a core's, whoever else is at work there."""

    steps: int = 600
    minutes: float = 8.0
    rank: int = 8
    rate: float = 1e-3
    batch: int = 8
    own: int = 2  # of a batch, pictures of the model's own
    made: int = 24  # pictures of the model's own
    dropout: float = 0.15  # how often the caption is left out, so that guidance does not drive the style too far
    seed: int = 0


class Learning:
    """One style while it is learned, on a model that nobody else uses meanwhile."""

    def __init__(self, model: LatentDiffusion, lessons: Lessons, settings: Settings, base: str) -> None:
        """Hang changes beside the layers of `model`, whose weights have the digest `base`; they change nothing yet."""
        self.model, self.lessons, self.settings, self.base = model, lessons, settings, base
        self.dice = torch.Generator().manual_seed(settings.seed)
        model.unet.requires_grad_(requires_grad=False)
        self.changes = Changes(model.unet, settings.rank, self.dice)
        self.changes.on = False
        self.optimizer = torch.optim.AdamW(self.changes.parameters, lr=settings.rate, weight_decay=0.0, betas=(0.9, 0.99))
        self.signal = model.scheduler.alphas_cumprod
        self.timesteps = importance(len(self.signal), FOCUS, SPREAD, FLOOR)
        self.step, self.began, self.spent, self.error = 0, 0, 0.0, 0.0

    @property
    def progress(self) -> float:
        """0 at the start, 1 when it has learned enough or its time is up."""
        return min(1.0, max(self.step / self.settings.steps, self.spent / (self.settings.minutes * 60)))

    def go_on(self, data: bytes, step: int, spent: float) -> None:
        """Begin from a checkpoint's file, `step` steps and `spent` seconds in. Raises EngineError (another model's)."""
        values = load(data)
        with torch.no_grad():
            for name, parameter in self.changes.tensors(self.changes.parameters).items():
                if name not in values or values[name].shape != parameter.shape:
                    raise EngineError(_("The checkpoint belongs to another model."))
                parameter.copy_(values[name])  # `parameter` shares its memory with what is learned
        self.step = self.began = step
        self.spent = spent
        self.dice.manual_seed(self.settings.seed + step)

    def train_step(self) -> float:
        """One step of the optimizer; the mean squared error of the velocity, smoothed. Raises EngineError (no number)."""
        began, threads = time.thread_time(), torch.get_num_threads()
        s = self.settings
        latents, text = self.lessons.draw(s.batch, s.own, s.dropout, self.dice)
        spread = (torch.rand((), generator=self.dice) + torch.randperm(s.batch, generator=self.dice) / s.batch) % 1
        timestep = torch.searchsorted(self.timesteps, spread).clamp(max=len(self.signal) - 1)
        noise = torch.randn(latents.shape, generator=self.dice)
        noisy, velocity = diffused(latents, noise, self.signal[timestep])
        self.changes.on = True
        try:
            with torch.enable_grad(), _autocast():
                predicted = self.model.unet(noisy, timestep, text, return_dict=False)[0]
            error = (predicted.float() - velocity).square().mean()
            error.backward()
        finally:
            self.changes.on = False
        torch.nn.utils.clip_grad_norm_(self.changes.parameters, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        found = float(error.detach())
        if not math.isfinite(found):
            raise EngineError(_("Learning lost its way: the error is no number. Teach it anew."))
        self.error = found if self.step == self.began else 0.97 * self.error + 0.03 * found
        self.step += 1
        self.spent += (time.thread_time() - began) * threads
        return self.error

    def _rate(self) -> float:
        """A short warm-up, then constant, then down to a tenth at the end of the way."""
        rising, falling = (self.step - self.began + 1) / WARMUP, (1 - self.progress) / FALL
        return self.settings.rate * min(1.0, rising) * min(1.0, max(0.1, falling))

    def samples(self, words: Sequence[str], seed: int, made: list[Image.Image]) -> Iterator[None]:
        """Make a picture of each of `words` in the style as it is now, into `made`. Yields between two steps."""
        for number, one in enumerate(words):
            latents = self.model.noise(seed + number, (self.model.side,) * 2)
            velocity = self.model.guided(Prompt(called(one)), 1, SAMPLE_GUIDANCE)
            way = denoise(latents, self.model.levels(SAMPLE_STEPS), self._styled(velocity), multistep=True)
            for now, _clean in way:
                latents = now
                yield
            made += self.model.decode(latents)

    def file(self, facts: Mapping[str, str]) -> bytes:
        """What is learned, in float16, as diffusers' `load_lora_weights` reads it; `facts` go into its metadata."""
        tensors = self.changes.tensors(self.changes.parameters)
        halves = {name: value.half().cpu().contiguous() for name, value in tensors.items()}
        told = {BASE: self.base, "trigger": TRIGGER, "rank": str(self.settings.rank), "steps": str(self.step), "format": "pt"}
        return save(halves, told | dict(facts))

    def _styled(self, velocity: Velocity) -> Velocity:
        """`velocity` with what is learned; off between two steps."""

        def styled(latents: torch.Tensor, timestep: int) -> torch.Tensor:
            self.changes.on = True
            try:
                return velocity(latents, timestep)
            finally:
                self.changes.on = False

        return styled


def _autocast() -> AbstractContextManager[object]:
    """Mixed precision, where this processor is quicker with it."""
    able = torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.autocast("cpu", dtype=torch.bfloat16) if able else nullcontext()
