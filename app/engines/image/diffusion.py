"""Latent diffusion in the shape of Stable Diffusion; its loop stands in sampler.py.

AutoencoderKL; a network attending to the text encoder's tokens (hourglass.py, or UNet2DConditionModel); v-prediction
(Salimans & Ho 2022), zero terminal SNR and trailing timesteps (Lin et al. 2024), classifier-free guidance (Ho & Salimans
2022), and low-rank changes that need few steps and have the guidance inside (app/training/image/fewsteps.py). A variant
depends on its own seed alone: its noise comes from a generator of its own, on the CPU, and the samplers add none on the way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from app.brief import Prompt
from app.engines.image import fewsteps, sampler
from app.engines.image.latent_space import LatentSpace
from app.engines.image.own_style import Changes, Merging
from app.engines.image.preview import Preview
from app.engines.image.sampler import Level
from app.engines.shared import weights
from app.engines.shared.minilm import TextEncoder
from app.errors import EngineError, _

if TYPE_CHECKING:
    import torch

Velocity = Callable[["torch.Tensor", int], "torch.Tensor"]  # latents and a timestep to the predicted velocity


class LatentDiffusion:
    """A loaded model. Latents are [batch, channels, height/8, width/8] float32, scaled to unit variance."""

    def __init__(self, folder: Path, device: str, dtype: str | None = None) -> None:
        """Load unet, vae and scheduler from `folder` (diffusers' layout) onto `device`.

        `dtype` names the one of torch's that heavy layers compute in; None takes what is quickest on the device.
        Raises EngineError naming the file that is missing, damaged or of another kind.
        """
        import torch
        from diffusers import AutoencoderKL, UNet2DConditionModel

        from app.engines.image.hourglass import Hourglass

        self.device = torch.device(device)
        self.dtype: torch.dtype = getattr(torch, dtype) if dtype else _quickest(self.device)
        kind = Hourglass if weights.class_name(folder / "unet") == "Hourglass" else UNet2DConditionModel
        self.unet = _cast(weights.load(kind, folder / "unet").to(self.device), self.dtype)
        self.vae = weights.load(AutoencoderKL, folder / "vae").to(self.device)
        path = folder / fewsteps.FOLDER / fewsteps.NAME
        self.few = fewsteps.FewSteps(self.unet, path) if path.exists() else None
        self.merging = Merging(self.few)
        self.scheduler = _scheduler(folder / "scheduler" / "scheduler_config.json")
        self.text = TextEncoder(device)
        self.factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        self.side = int(self.unet.config.sample_size) * self.factor
        self.preview = Preview(LatentSpace(self.vae), self.side)

    def levels(self, steps: int) -> list[Level]:
        """The levels that `steps` denoising steps go through: the first is pure noise, the last clean."""
        return sampler.levels(self.scheduler, steps)

    def noise(self, seed: int, size: tuple[int, int]) -> torch.Tensor:
        """The noise [1, channels, height/8, width/8] that belongs to `seed`, for a `size` of (width, height) pixels."""
        import torch

        shape = (1, self.unet.config.in_channels, size[1] // self.factor, size[0] // self.factor)
        return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed)).to(self.device)

    def guided(self, prompt: Prompt, variants: int, guidance: float, style: Changes | None = None) -> Velocity:
        """The velocity by classifier-free guidance: from what to keep away from towards what to see, in a `style`."""
        import torch

        away, towards = self.text.encode(prompt.negative), self.text.encode(prompt.positive)
        condition = torch.cat([away.expand(variants, -1, -1), towards.expand(variants, -1, -1)])

        def velocity(latents: torch.Tensor, timestep: int) -> torch.Tensor:
            self.merging.put(few=False, style=style)
            with self._arithmetic():
                without, told = self.unet(torch.cat([latents, latents]), timestep, condition).sample.float().chunk(2)
                return torch.as_tensor(without + guidance * (told - without))

        return velocity

    def distilled(self, prompt: Prompt, variants: int, guidance: float, style: Changes | None = None) -> Velocity:
        """The velocity of the few-step network, which has its teacher's guidance g inside: S(text) = u + g (v(text) - u).

        Solved for what guidance w would make of the teacher's v, with n what to keep away from and u = S(nothing):
        n + w (v - n) = w/g S(text) + (1 - w)/g S(n) + (1 - 1/g) S(nothing). With nothing to avoid and w = g that is S(text)
        alone, one evaluation; otherwise it takes one more for each further text.
        """
        import torch

        if self.few is None:
            raise EngineError(_("This model has no few-step version."))
        inside = self.few.guidance
        shares: dict[str, float] = {prompt.positive: guidance / inside}
        for text, share in ((prompt.negative, (1 - guidance) / inside), ("", 1 - 1 / inside)):
            shares[text] = shares.get(text, 0.0) + share
        shares = {text: share for text, share in shares.items() if abs(share) > 1e-6}  # noqa: PLR2004 (rounding)
        texts = [self.text.encode(text).expand(variants, -1, -1) for text in shares]
        condition = torch.cat(texts)

        def velocity(latents: torch.Tensor, timestep: int) -> torch.Tensor:
            self.merging.put(few=True, style=style)
            with self._arithmetic():
                told = self.unet(torch.cat([latents] * len(texts)), timestep, condition).sample.float().chunk(len(texts))
                return torch.as_tensor(sum(share * each for share, each in zip(shares.values(), told, strict=True)))

        return velocity

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
