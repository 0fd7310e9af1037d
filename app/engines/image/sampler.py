"""From noise to latents, step by step: DDIM (Song et al. 2021) and DPM-Solver++(2M) (Lu et al. 2022, algorithm 2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from app.engines.image.inpainting import Hold


@dataclass(frozen=True, slots=True)
class Level:
    """A place on the way from noise (sigma 1) to picture (alpha 1): latents = alpha × clean + sigma × noise."""

    timestep: int
    alpha: float
    sigma: float

    @property
    def log_snr(self) -> float:
        """Half the logarithm of the signal-to-noise ratio: lambda in Lu et al.; infinite at both ends."""
        if self.alpha == 0 or self.sigma == 0:
            return -math.inf if self.alpha == 0 else math.inf
        return math.log(self.alpha / self.sigma)


CLEAN = Level(0, 1.0, 0.0)


def levels(scheduler: Any, steps: int) -> list[Level]:
    """The levels that `steps` denoising steps go through, by a scheduler of diffusers: first pure noise, last clean."""
    scheduler.set_timesteps(steps)
    powers = [float(scheduler.alphas_cumprod[timestep]) for timestep in scheduler.timesteps]
    timesteps = [int(timestep) for timestep in scheduler.timesteps]
    return [*(Level(t, power**0.5, (1 - power) ** 0.5) for t, power in zip(timesteps, powers, strict=True)), CLEAN]


def denoise(
    latents: torch.Tensor,
    way: Sequence[Level],
    velocity: Callable[[torch.Tensor, int], torch.Tensor],
    *,
    multistep: bool = False,
    hold: Hold | None = None,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Take `latents` along `way`; `velocity` gives the model's prediction for latents at a timestep.

    Yields, after each step, the latents and the clean latents as predicted from there (what a preview shows).
    By DDIM, or `multistep`: each step goes towards the clean latents as this prediction and the last one extrapolate them,
    but for the last step, where the log-SNR becomes infinite. What `hold` keeps of a picture is put back after each prediction.
    """
    before: tuple[torch.Tensor, float] | None = None
    for number, (here, there) in enumerate(pairwise(way), 1):
        predicted = velocity(latents, here.timestep)
        clean = here.alpha * latents - here.sigma * predicted
        noise = here.alpha * predicted + here.sigma * latents
        if hold is not None:
            clean, noise = hold(clean, noise, number)
        aim = clean
        if multistep and before is not None and there is not way[-1]:
            earlier, log_snr = before
            ahead = (there.log_snr - here.log_snr) / (2 * (here.log_snr - log_snr))  # 0 after a step from pure noise
            aim = clean + ahead * (clean - earlier)
            noise = noise + here.alpha / here.sigma * (clean - aim)  # the same latents, seen from the other aim
        latents, before = there.alpha * aim + there.sigma * noise, (clean, here.log_snr)
        yield latents, clean
