"""Latent diffusion in the shape of Stable Diffusion, its loops written out.

AutoencoderKL, UNet2DConditionModel attending to the text encoder's tokens; v-prediction (Salimans & Ho 2022), zero
terminal SNR and trailing timesteps (Lin et al. 2024), DDIM (Song et al. 2021), classifier-free guidance (Ho & Salimans
2022). A variant depends on its own seed alone: its noise comes from a generator of its own, on the CPU, and DDIM adds
none on the way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from app.brief import Prompt
from app.engines.image import weights
from app.engines.image.minilm import TextEncoder
from app.engines.image.preview import Preview
from app.errors import EngineError, _

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Level:
    """A place on the way from noise (sigma 1) to picture (alpha 1): latents = alpha × clean + sigma × noise."""

    timestep: int
    alpha: float
    sigma: float


CLEAN = Level(0, 1.0, 0.0)


class LatentDiffusion:
    """A loaded model. Latents are [batch, channels, height/8, width/8] float32, scaled to unit variance."""

    def __init__(self, folder: Path, device: str, dtype: str | None = None) -> None:
        """Load unet, vae and scheduler from `folder` (diffusers' layout) onto `device`.

        `dtype` names the one of torch's that heavy layers compute in; None takes what is quickest on the device.
        Raises EngineError naming the file that is missing, damaged or of another kind.
        """
        import torch
        from diffusers import AutoencoderKL, UNet2DConditionModel

        self.device = torch.device(device)
        self.dtype: torch.dtype = getattr(torch, dtype) if dtype else _quickest(self.device)
        self.unet = _cast(weights.load(UNet2DConditionModel, folder / "unet").to(self.device), self.dtype)
        self.vae = weights.load(AutoencoderKL, folder / "vae").to(self.device)
        self.scheduler = _scheduler(folder / "scheduler" / "scheduler_config.json")
        self.text = TextEncoder(device)
        self.factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        self.side = int(self.unet.config.sample_size) * self.factor
        self.preview = Preview(self.vae, self.side)

    def levels(self, steps: int) -> list[Level]:
        """The levels that `steps` denoising steps go through: the first is pure noise, the last clean."""
        self.scheduler.set_timesteps(steps)
        powers = [float(self.scheduler.alphas_cumprod[timestep]) for timestep in self.scheduler.timesteps]
        timesteps = [int(timestep) for timestep in self.scheduler.timesteps]
        return [*(Level(t, power**0.5, (1 - power) ** 0.5) for t, power in zip(timesteps, powers, strict=True)), CLEAN]

    def noise(self, seed: int, size: tuple[int, int]) -> torch.Tensor:
        """The noise [1, channels, height/8, width/8] that belongs to `seed`, for a `size` of (width, height) pixels."""
        import torch

        shape = (1, self.unet.config.in_channels, size[1] // self.factor, size[0] // self.factor)
        return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed)).to(self.device)

    def condition(self, prompt: Prompt, variants: int) -> torch.Tensor:
        """What the UNet attends to, [2 × variants, tokens, width]: what to keep away from, then what to go towards."""
        import torch

        away, towards = self.text.encode(prompt.negative), self.text.encode(prompt.positive)
        return torch.cat([away.expand(variants, -1, -1), towards.expand(variants, -1, -1)])

    def denoise(
        self, latents: torch.Tensor, levels: Sequence[Level], condition: torch.Tensor, guidance: float
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Take `latents` from the first level to the last by DDIM.

        Yields, after each step, the latents and the clean latents as predicted from there (what a preview shows).
        """
        import torch

        for here, there in pairwise(levels):
            with self._arithmetic():
                velocity = self.unet(torch.cat([latents, latents]), here.timestep, condition).sample.float()
                away, towards = velocity.chunk(2)
                velocity = away + guidance * (towards - away)
                clean = here.alpha * latents - here.sigma * velocity
                noise = here.alpha * velocity + here.sigma * latents
                latents = there.alpha * clean + there.sigma * noise
            yield latents, clean

    def encode(self, picture: Image.Image) -> torch.Tensor:
        """The latents [1, channels, height/8, width/8] of an RGB picture whose sides are multiples of the factor."""
        import numpy as np
        import torch

        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].to(self.device) / 127.5 - 1
        with torch.inference_mode():
            latents: torch.Tensor = self.vae.encode(pixels).latent_dist.mean * self.vae.config.scaling_factor
            return latents

    def decode(self, latents: torch.Tensor) -> list[Image.Image]:
        """The pictures of `latents`. Raises EngineError when they are not finite: the weights are damaged inside."""
        if not latents.isfinite().all():
            raise EngineError(_("The model computed no picture: its weights seem to be damaged."))
        with self._arithmetic():
            pixels = self.vae.decode(latents / self.vae.config.scaling_factor).sample.float()
            array = ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return [Image.fromarray(one) for one in array]

    @contextmanager
    def _arithmetic(self) -> Iterator[None]:
        """No gradients, heavy layers in `dtype`. Never held across a yield: both are states of the whole thread."""
        import torch

        half = self.dtype != torch.float32
        with torch.inference_mode(), torch.autocast(self.device.type, self.dtype, enabled=half):
            yield


def slerp(start: torch.Tensor, end: torch.Tensor, part: float) -> torch.Tensor:
    """From `start` (part 0) to `end` (part 1) along the sphere, so that noise stays noise (Shoemake 1985)."""
    import torch

    cosine = torch.nn.functional.cosine_similarity(start.flatten(), end.flatten(), dim=0).clamp(-1, 1)
    angle = torch.acos(cosine)
    if angle.sin().abs() < 1e-4:  # noqa: PLR2004 (one direction: nothing to turn, and the formula divides by it)
        return start
    turned: torch.Tensor = (((1 - part) * angle).sin() * start + (part * angle).sin() * end) / angle.sin()
    return turned


def _cast(unet: torch.nn.Module, dtype: torch.dtype) -> Any:
    """`unet` with the weights of its heavy layers in `dtype`, once: autocast casts weights that need no gradient anew at
    every step. The numbers are the same to the bit.
    """
    import torch

    for layer in unet.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            layer.to(dtype)
    return unet


def _scheduler(path: Path) -> Any:
    from diffusers import DDIMScheduler

    kind: Any = DDIMScheduler
    try:
        scheduler = kind.from_config(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise EngineError(_("%(file)s cannot be read."), file=str(path)) from error
    if scheduler.config.prediction_type != "v_prediction":
        raise EngineError(_("%(file)s: only v-prediction is supported."), file=str(path))
    return scheduler


def _quickest(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware computes in it: a step of eight latents then takes 70 ms instead of 110."""
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    able = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32
