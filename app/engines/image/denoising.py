"""Following a pipeline of diffusers step by step through its scheduler, which every family calls.

What a family cannot do itself is done there: going on from a picture (SDEdit, Meng et al. 2021: noise is added to it, and the
rest of the schedule takes the noise away), and putting back what a mask keeps (Differential Diffusion, Levin & Fried 2023).
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from app.engines.image.latent_space import LatentSpace


@dataclass(frozen=True, slots=True)
class Base:
    """The picture that a run goes on from, as cells of `space`: its clean latents, and noise for each variant."""

    space: LatentSpace
    clean: torch.Tensor  # [1, c, h, w]
    noise: torch.Tensor  # [n, c, h, w]
    reach: float = 1.0  # the share of the schedule that is run again; 1: all of it, from noise
    changes: torch.Tensor | None = None  # [1, 1, h, w] in 0…1: how much of each cell may change; None: all of it


class Denoising:
    """One call of a pipeline: a copy of it that shares its weights and has a scheduler of its own."""

    def __init__(self, pipe: Any, tell: Callable[[int, int, int, torch.Tensor], None], base: Base | None = None) -> None:
        """`tell(number, total, timestep, latents)` is called after each step; what it raises ends the call."""
        self.pipe = copy.copy(pipe)
        self.pipe.scheduler = self.scheduler = copy.deepcopy(pipe.scheduler)
        self.tell, self.base, self.taken = tell, base, 0
        self.reach = base.reach if base else 1.0
        self.begins = self.reach < 1
        _wrap(self.scheduler, "step", self._step)
        if self.begins:
            _wrap(self.scheduler, "set_timesteps", self._set_timesteps)

    def _set_timesteps(self, original: Callable[..., Any], *values: Any, **named: Any) -> None:
        """Only what is to be run of the schedule, and one step before it, which is there to be replaced by the picture."""
        original(*values, **named)
        scheduler = self.scheduler
        count = len(scheduler.timesteps)
        skipped = count - max(1, int(count * self.reach)) - 1
        if skipped > 0 and scheduler.order == 1:
            scheduler.timesteps = scheduler.timesteps[skipped:]
            if getattr(scheduler, "sigmas", None) is not None and hasattr(scheduler, "step_index"):
                scheduler.sigmas = scheduler.sigmas[skipped:]

    def _step(self, original: Callable[..., Any], *values: Any, **named: Any) -> Any:
        made = original(*values, **named)
        timestep = int(named["timestep"] if "timestep" in named else values[1])
        whole = isinstance(made, tuple)
        latents = self._after(timestep, made[0] if whole else made.prev_sample)
        if whole:
            return (latents, *made[1:])
        made.prev_sample = latents
        return made

    def _after(self, timestep: int, latents: torch.Tensor) -> torch.Tensor:
        """What goes on to the next step."""
        self.taken += 1
        begins = self.begins and self.taken == 1
        if self.base:
            latents = self._mixed(self.base, latents, begins)
        extra = int(self.begins)
        if not begins:
            total = (getattr(self.pipe, "num_timesteps", None) or len(self.scheduler.timesteps)) - extra
            self.tell(self.taken - extra, max(total, self.taken - extra), timestep, latents)
        return latents

    def _mixed(self, base: Base, latents: torch.Tensor, begins: bool) -> torch.Tensor:
        import torch

        timesteps = self.scheduler.timesteps
        clean, noise = base.clean.expand_as(base.noise), base.noise
        kept = base.space.like(clean, latents)
        if self.taken < len(timesteps):
            noised = getattr(self.scheduler, "scale_noise", None) or self.scheduler.add_noise
            kept = noised(kept, base.space.like(noise, latents), timesteps[self.taken : self.taken + 1])
            kept = kept.to(latents)
        if begins:
            if hasattr(self.scheduler, "model_outputs"):  # a solver of higher order forgets what it came from
                self.scheduler.model_outputs = [None] * len(self.scheduler.model_outputs)
                self.scheduler.lower_order_nums = 0
            return kept
        if base.changes is None:
            return latents
        share = self.taken / len(timesteps)
        free = base.space.like((base.changes > 1 - share).float().expand_as(noise), latents)
        return torch.where(free > 0, latents, kept)


def _wrap(scheduler: Any, name: str, around: Callable[..., Any]) -> None:
    """Have `around(original, …)` called for `scheduler.name(…)`; its signature, which pipelines look at, stays."""
    original = getattr(scheduler, name)

    @functools.wraps(original)
    def called(*values: Any, **named: Any) -> Any:
        return around(original, *values, **named)

    setattr(scheduler, name, called)
