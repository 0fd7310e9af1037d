"""Previews of a pipeline of diffusers, whose callback hands over noisy latents only.

Two latents in a row tell the clean picture between the lines: with x = alpha × clean + sigma × noise at both, and the
same noise (deterministic samplers of first order move on that line, others stay near it), clean solves two equations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.engines.image.preview import Pace, Preview

if TYPE_CHECKING:
    import torch

    from app.engines.image.latent_space import LatentSpace

FIT = 64  # pixels of the drawings that a preview is fitted on
LIMIT = 4.0  # standard deviations; what a clean latent never reaches is an error of the estimate


class Outlook:
    """The previews of one run at `size` (width, height in pixels), at the preview's pace."""

    def __init__(self, preview: Preview | None, space: LatentSpace | None, size: tuple[int, int]) -> None:
        self.preview, self.space, self.size, self.pace = preview, space, size, Pace()
        self.before: tuple[torch.Tensor, tuple[float, float]] | None = None

    def __call__(self, scheduler: Any, timestep: int, latents: torch.Tensor) -> tuple[bytes, ...]:
        """What the step at `timestep` ended in, as WebPs; empty when it is too early or the family is unknown."""
        level, before = level_after(scheduler, timestep), self.before
        self.before = (latents, level) if level else None
        if self.preview is None or self.space is None or not self.pace.due():
            return ()
        if level and before:
            latents = clean(*before, latents, level)
        cells = self.space.cells(latents, self.size)
        if cells is None:
            return ()
        # Noise is brought down to a variance of one.
        return self.preview(cells / cells.std(dim=(1, 2, 3), keepdim=True).clamp(min=1))


def clean(before: torch.Tensor, level: tuple[float, float], after: torch.Tensor, reached: tuple[float, float]) -> torch.Tensor:
    """The clean latents on the line from `before` at (alpha, sigma) `level` to `after` at `reached`."""
    (alpha, sigma), (alpha_reached, sigma_reached) = level, reached
    found = (sigma * after.float() - sigma_reached * before.float()) / (sigma * alpha_reached - sigma_reached * alpha)
    return found.clamp(-LIMIT, LIMIT)


def level_after(scheduler: Any, timestep: int) -> tuple[float, float] | None:
    """(alpha, sigma) of the latents that the step at `timestep` ended in.

    None for a scheduler that does not tell, or that adds fresh noise on the way.
    """
    name = type(scheduler).__name__
    if any(word in name + scheduler.config.get("algorithm_type", "") for word in ("Ancestral", "SDE", "sde", "LCM")):
        return None
    sigmas, index = getattr(scheduler, "sigmas", None), getattr(scheduler, "step_index", None)
    if sigmas is not None and index is not None:  # DPM-Solver, Euler, flow matching
        sigma = sigmas[index]
        if hasattr(scheduler, "_sigma_to_alpha_sigma_t"):
            alpha, sigma = scheduler._sigma_to_alpha_sigma_t(sigma)
            return float(alpha), float(sigma)
        return (1 - float(sigma) if "FlowMatch" in name else 1.0), float(sigma)
    if name == "DDIMScheduler":
        before = timestep - scheduler.config.num_train_timesteps // scheduler.num_inference_steps
        power = float(scheduler.alphas_cumprod[before] if before >= 0 else scheduler.final_alpha_cumprod)
        return power**0.5, (1 - power) ** 0.5
    return None


def preview_of(space: LatentSpace | None) -> Preview | None:
    """The linear map of this autoencoder, where it is of a kind that is known."""
    return Preview(space, FIT) if space else None
