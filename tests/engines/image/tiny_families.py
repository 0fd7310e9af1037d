"""A tiny random pipeline of each family that the hub engine knows, made in a moment and saved as a stranger would find it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import diffusers
import torch
import transformers
from tokenizers import AddedToken, pre_tokenizers

from tests.engines.image.tiny_pipelines import autoencoder, clip, flux, stable_diffusion

CHAT = "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
FLOW: Any = diffusers.FlowMatchEulerDiscreteScheduler


def qwen_words() -> Any:
    """Qwen's tokenizer over single bytes."""
    letters = {letter: at for at, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    words = transformers.Qwen2Tokenizer(vocab=letters | {mark: len(letters) + at for at, mark in enumerate(MARKS)}, merges=[])
    words.add_tokens([AddedToken(mark, special=True) for mark in MARKS])
    words.pad_token, words.chat_template = "<|endoftext|>", CHAT
    return words


SMALL = {
    "vocab_size": 300, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 2048,
}  # fmt: skip


def qwen_eyes() -> Any:
    """A Qwen2.5-VL of two layers."""
    rope = {"type": "default", "mrope_section": [2, 1, 1], "rope_type": "default"}
    marks = {"image_token_id": 261, "video_token_id": 262, "vision_start_token_id": 259, "vision_end_token_id": 260}
    vision = {
        "depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16,
        "fullatt_block_indexes": [0], "patch_size": 14, "spatial_merge_size": 2, "window_size": 28,
    }  # fmt: skip
    config = transformers.Qwen2_5_VLConfig(text_config=SMALL | {"rope_parameters": rope}, vision_config=vision, **marks)
    return transformers.Qwen2_5_VLForConditionalGeneration(config)


class Eyes:
    """What a Qwen2VLProcessor does for one text and one picture: transformers' own wants torchvision."""

    def __init__(self, words: Any) -> None:
        self.words, self.seen = words, transformers.Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=56 * 56)

    def __call__(self, text: list[str], images: Any, **_options: Any) -> Any:
        if len(text) != 1:
            raise ValueError("one text goes with one picture")
        found = self.seen(images, return_tensors="pt")
        pads = int(found["image_grid_thw"].prod()) // 4
        told = self.words([text[0].replace("<|image_pad|>", "<|image_pad|>" * pads)], return_tensors="pt")
        return transformers.BatchFeature({**told, **found})


def qwen_autoencoder() -> Any:
    return diffusers.AutoencoderKLQwenImage(
        base_dim=8, z_dim=4, dim_mult=[1, 2], num_res_blocks=1, temperal_downsample=[True],
        latents_mean=[0.1, -0.2, 0.0, 0.3], latents_std=[1.5, 2.0, 1.0, 0.8],
    )  # fmt: skip


def sixteenth(**config: Any) -> Any:
    """Four channels, factor 8."""
    kind: Any = diffusers.AutoencoderKL
    return kind(
        block_out_channels=(4, 4, 8, 8), norm_num_groups=2, latent_channels=4, sample_size=32, layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, **config,
    )  # fmt: skip


def t5() -> tuple[Any, Any]:
    pieces = [(piece, -1.0) for piece in ("<pad>", "</s>", "<unk>", "▁", *ascii_lowercase)]
    config = transformers.T5Config(vocab_size=len(pieces), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    return transformers.T5Tokenizer(vocab=pieces, model_max_length=16), transformers.T5EncoderModel(config)


def clip_projected(folder: Path) -> tuple[Any, Any]:
    words, text = clip(folder)
    return words, transformers.CLIPTextModelWithProjection(text.config)


def stable_diffusion_xl(folder: Path) -> Any:
    words, text = clip(folder.with_name("words-xl"))
    unet = diffusers.UNet2DConditionModel(
        sample_size=16, block_out_channels=(8, 16), layers_per_block=1, cross_attention_dim=32, norm_num_groups=4,
        attention_head_dim=(2, 4), down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), transformer_layers_per_block=1,
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=4, projection_class_embeddings_input_dim=16 + 6 * 4,
    )  # fmt: skip
    return diffusers.StableDiffusionXLPipeline(
        vae=autoencoder(), text_encoder=text, tokenizer=words,
        text_encoder_2=transformers.CLIPTextModelWithProjection(text.config),
        tokenizer_2=words, unet=unet, scheduler=diffusers.EulerDiscreteScheduler(steps_offset=1),
    )  # fmt: skip


def stable_diffusion_3(folder: Path) -> Any:
    words, text = clip_projected(folder.with_name("words-3"))
    pieces, third = t5()
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=16, patch_size=2, in_channels=16, num_layers=1, attention_head_dim=8, num_attention_heads=2,
        out_channels=16,
        joint_attention_dim=32, caption_projection_dim=16, pooled_projection_dim=32, pos_embed_max_size=32,
    )  # fmt: skip
    third = transformers.T5EncoderModel(transformers.T5Config(**(third.config.to_dict() | {"d_model": 32})))
    return diffusers.StableDiffusion3Pipeline(
        vae=autoencoder(latent_channels=16, shift_factor=0.06, scaling_factor=1.5), text_encoder=text, tokenizer=words,
        text_encoder_2=text, tokenizer_2=words, text_encoder_3=third, tokenizer_3=pieces,
        transformer=transformer, scheduler=FLOW(shift=3.0),
    )  # fmt: skip


def kontext(folder: Path) -> Any:
    whole: Any = diffusers.FluxPipeline.from_pretrained(flux(folder.with_name("flux-of-kontext")))
    return diffusers.FluxKontextPipeline(**whole.components)


def flux_2_klein(folder: Path) -> Any:
    config = transformers.Qwen3Config(**(SMALL | {"num_hidden_layers": 28}))  # its pipeline listens at layers 9, 18 and 27
    transformer = diffusers.Flux2Transformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=48, timestep_guidance_channels=16, axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLFlux2(
        block_out_channels=(8, 16), norm_num_groups=4, latent_channels=4, sample_size=32, layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    vae.bn.running_mean.uniform_(-0.3, 0.3)
    vae.bn.running_var.uniform_(0.5, 2)
    return diffusers.Flux2KleinPipeline(
        scheduler=FLOW(use_dynamic_shifting=True), vae=vae, text_encoder=transformers.Qwen3ForCausalLM(config),
        tokenizer=qwen_words(), transformer=transformer, is_distilled=False,
    )  # fmt: skip


def z_image(folder: Path) -> Any:
    transformer = diffusers.ZImageTransformer2DModel(
        in_channels=4, dim=32, n_layers=1, n_refiner_layers=1, n_heads=2, n_kv_heads=2, cap_feat_dim=16, axes_dims=[4, 6, 6],
        axes_lens=[1024, 64, 64],
    )  # fmt: skip
    with torch.no_grad():
        for value in transformer.parameters():  # its pads are made empty
            torch.nn.init.normal_(value, std=0.05)
    return diffusers.ZImagePipeline(
        scheduler=FLOW(shift=3.0), vae=autoencoder(shift_factor=0.1, scaling_factor=0.5), tokenizer=qwen_words(),
        text_encoder=transformers.Qwen3Model(transformers.Qwen3Config(**SMALL)), transformer=transformer,
    )  # fmt: skip


def _qwen_transformer() -> Any:
    return diffusers.QwenImageTransformer2DModel(
        patch_size=2, in_channels=16, out_channels=4, num_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=16, axes_dims_rope=(4, 6, 6),
    )  # fmt: skip


def qwen_image(folder: Path) -> Any:
    return diffusers.QwenImagePipeline(
        scheduler=FLOW(use_dynamic_shifting=True), vae=qwen_autoencoder(), text_encoder=qwen_eyes(), tokenizer=qwen_words(),
        transformer=_qwen_transformer(),
    )  # fmt: skip


def qwen_image_edit(folder: Path) -> Any:
    words = qwen_words()
    processor = Eyes(words)
    return diffusers.QwenImageEditPipeline(
        scheduler=FLOW(use_dynamic_shifting=True), vae=qwen_autoencoder(), text_encoder=qwen_eyes(), tokenizer=words,
        processor=processor, transformer=_qwen_transformer(),
    )  # fmt: skip


def krea_2(folder: Path) -> Any:
    text = SMALL | {"rope_parameters": {"rope_type": "default", "mrope_section": [2, 1, 1], "mrope_interleaved": True}}
    vision = {
        "depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16,
        "deepstack_visual_indexes": [0],
    }  # fmt: skip
    config = transformers.Qwen3VLConfig(text_config=text, vision_config=vision)
    transformer = diffusers.Krea2Transformer2DModel(
        in_channels=16, num_layers=1, attention_head_dim=16, num_attention_heads=2, num_key_value_heads=1, intermediate_size=16,
        timestep_embed_dim=16, text_hidden_dim=16, num_text_layers=2, text_num_attention_heads=2, text_num_key_value_heads=1,
        text_intermediate_size=16, num_layerwise_text_blocks=1, num_refiner_text_blocks=1, axes_dims_rope=(4, 6, 6),
    )  # fmt: skip
    return diffusers.Krea2Pipeline(
        scheduler=FLOW(use_dynamic_shifting=True), vae=qwen_autoencoder(), text_encoder=transformers.Qwen3VLModel(config),
        tokenizer=qwen_words(), transformer=transformer, text_encoder_select_layers=(1, 2),
    )  # fmt: skip


def pixart(folder: Path) -> Any:
    words, text = t5()
    transformer = diffusers.PixArtTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=4, out_channels=8, num_layers=1, cross_attention_dim=16,
        sample_size=16, caption_channels=16, norm_num_groups=4, use_additional_conditions=False,
    )  # fmt: skip
    return diffusers.PixArtSigmaPipeline(
        tokenizer=words, text_encoder=text, vae=autoencoder(), transformer=transformer,
        scheduler=diffusers.DPMSolverMultistepScheduler(),
    )  # fmt: skip


def lumina_2(folder: Path) -> Any:
    transformer = diffusers.Lumina2Transformer2DModel(
        sample_size=8, in_channels=4, hidden_size=24, num_layers=1, num_refiner_layers=1, num_attention_heads=2, num_kv_heads=1,
        multiple_of=8, axes_dim_rope=(4, 4, 4), axes_lens=(300, 64, 64), cap_feat_dim=16,
    )  # fmt: skip
    config = transformers.Gemma2Config(**SMALL, query_pre_attn_scalar=8)
    return diffusers.Lumina2Pipeline(
        transformer=transformer, scheduler=FLOW(shift=6.0), vae=sixteenth(shift_factor=0.1, scaling_factor=0.4),
        text_encoder=transformers.Gemma2Model(config), tokenizer=qwen_words(),
    )  # fmt: skip


MAKERS: dict[str, Callable[[Path], Any]] = {
    "StableDiffusionPipeline": stable_diffusion,
    "StableDiffusionXLPipeline": stable_diffusion_xl,
    "StableDiffusion3Pipeline": stable_diffusion_3,
    "FluxPipeline": flux,
    "FluxKontextPipeline": kontext,
    "Flux2KleinPipeline": flux_2_klein,
    "ZImagePipeline": z_image,
    "QwenImagePipeline": qwen_image,
    "QwenImageEditPipeline": qwen_image_edit,
    "Krea2Pipeline": krea_2,
    "PixArtSigmaPipeline": pixart,
    "Lumina2Pipeline": lumina_2,
}


def made(name: str, folder: Path) -> Path:
    """The family whose class is called `name`, in `folder`."""
    torch.manual_seed(0)
    pipe = MAKERS[name](folder)
    if not isinstance(pipe, Path):
        pipe.save_pretrained(folder)
    return folder
