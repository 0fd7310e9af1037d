"""The networks, in diffusers' classes, so that what is trained here loads with plain diffusers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import diffusers
from diffusers.models.attention_processor import AttnProcessor

from app.engines.image.hourglass import Hourglass
from app.engines.shared.weights import class_name
from app.training.faults import TrainingError
from app.training.image.text import WIDTH

# diffusers carries no complete types.
AutoencoderKL: Any = diffusers.AutoencoderKL
DDIMScheduler: Any = diffusers.DDIMScheduler
UNet2DConditionModel: Any = diffusers.UNet2DConditionModel
LATENT_CHANNELS = 4
HEAD = 32  # channels of an attention head
FOLDER = "unet"  # of the diffusion network in a model folder


def new_autoencoder(
    channels: Sequence[int] = (16, 32, 64, 128), size: int = 128, latent_channels: int = LATENT_CHANNELS
) -> Any:
    """A KL-regularised autoencoder (Rombach et al. 2022, §3.1) without attention: each level but the last halves."""
    levels = len(channels)
    return AutoencoderKL(
        sample_size=size,
        block_out_channels=tuple(channels),
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        layers_per_block=1,
        latent_channels=latent_channels,
        norm_num_groups=min(8, channels[0]),
        mid_block_add_attention=False,
    )


def new_unet(channels: Sequence[int] = (64, 128, 256), size: int = 16, latent_channels: int = LATENT_CHANNELS) -> Any:
    """A UNet over latents of `size` × `size` cells; all levels but the finest attend to themselves and to the words."""
    attending = len(channels) - 1
    return UNet2DConditionModel(
        sample_size=size,
        in_channels=latent_channels,
        out_channels=latent_channels,
        block_out_channels=tuple(channels),
        layers_per_block=1,
        down_block_types=["DownBlock2D"] + ["CrossAttnDownBlock2D"] * attending,
        up_block_types=["CrossAttnUpBlock2D"] * attending + ["UpBlock2D"],
        cross_attention_dim=WIDTH,
        attention_head_dim=[max(1, width // HEAD) for width in channels],
        norm_num_groups=min(16, channels[0]),
    )


def new_hourglass(fine: int = 64, width: int = 384, depth: int = 6, size: int = 16, latent_channels: int = 12) -> Any:
    """A transformer between convolutions, over latents of `size` × `size` cells."""
    return Hourglass(sample_size=size, in_channels=latent_channels, fine=fine, width=width, depth=depth)


def noise_schedule() -> Any:
    """Zero terminal SNR, velocity prediction, trailing steps (Lin et al. 2024): the last step is pure noise.

    So the model learns to set the brightness and colour of a whole ground.
    """
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,  # trailing steps never read it; diffusers warns of any other value
    )


def load_autoencoder(folder: Path) -> Any:
    """The autoencoder of a model folder. Raises TrainingError when there is none."""
    return _load(AutoencoderKL, folder / "vae")


def load_unet(folder: Path) -> Any:
    """The diffusion network of a model folder, of either kind. Raises TrainingError when there is none."""
    return _load(Hourglass if class_name(folder / FOLDER) == "Hourglass" else UNet2DConditionModel, folder / FOLDER)


def plain_attention(unet: Any) -> Any:
    """The same network with attention as plain matrix products: for such short sequences a third quicker on a CPU."""
    if isinstance(unet, UNet2DConditionModel):  # the hourglass multiplies plainly itself
        unet.set_attn_processor(AttnProcessor())
    return unet


def _load(kind: Any, folder: Path) -> Any:
    try:
        return kind.from_pretrained(folder, use_safetensors=True, local_files_only=True).float()
    except (OSError, ValueError, RuntimeError) as error:
        raise TrainingError("There is no network in %(folder)s that can be used.", folder=folder) from error
