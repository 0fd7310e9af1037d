"""Tiny random pipelines, made in a moment and saved as a stranger would find them: nothing is downloaded."""

from __future__ import annotations

import json
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)


def stable_diffusion(folder: Path) -> Path:
    """A random StableDiffusionPipeline of 32 x 32 pixels in `folder`."""
    torch.manual_seed(0)
    words, text = clip(folder.with_name("words"))
    unet = UNet2DConditionModel(
        sample_size=16, block_out_channels=(8, 16), layers_per_block=1, cross_attention_dim=16, norm_num_groups=4,
        attention_head_dim=2, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    pipe = StableDiffusionPipeline(
        vae=autoencoder(), text_encoder=text, tokenizer=words, unet=unet,
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return folder


def flux(folder: Path) -> Path:
    """A random FluxPipeline in `folder`: latents packed into tokens, two text encoders, a shifted autoencoder."""
    torch.manual_seed(0)
    words, text = clip(folder.with_name("words"))
    pieces = [(piece, -1.0) for piece in ("<pad>", "</s>", "<unk>", "▁", *ascii_lowercase)]
    t5 = T5Config(vocab_size=len(pieces), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=16, pooled_projection_dim=16, axes_dims_rope=(4, 4, 8), guidance_embeds=True,
    )  # fmt: skip
    pipe = FluxPipeline(
        vae=autoencoder(shift_factor=0.1, scaling_factor=0.5), text_encoder=text, tokenizer=words,
        text_encoder_2=T5EncoderModel(t5), tokenizer_2=T5Tokenizer(vocab=pieces, model_max_length=16),
        transformer=transformer, scheduler=FlowMatchEulerDiscreteScheduler(),
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return folder


def autoencoder(**config: Any) -> AutoencoderKL:
    """Four channels unless told, factor 2."""
    return AutoencoderKL(
        block_out_channels=(8, 16), norm_num_groups=4, sample_size=32, down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, **({"latent_channels": 4} | config),
    )  # fmt: skip


def clip(folder: Path) -> tuple[CLIPTokenizer, CLIPTextModel]:
    """A tokenizer that spells (every letter is a token), and an encoder for it."""
    folder.mkdir(parents=True)
    words = [*ascii_lowercase, *(letter + "</w>" for letter in ascii_lowercase), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: at for at, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    end = len(words) - 1
    config = CLIPTextConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_attention_heads=2, num_hidden_layers=1,
        projection_dim=16, bos_token_id=end - 1, eos_token_id=end, pad_token_id=end,
    )  # fmt: skip
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)
    return tokenizer, CLIPTextModel(config)
