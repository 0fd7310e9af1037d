"""Tiny random models that make recordings, saved as a stranger would find them: the true classes, nothing downloaded."""

from __future__ import annotations

from pathlib import Path
from string import ascii_letters, digits, punctuation
from typing import Any

import torch
from diffusers import AceStepPipeline, AutoencoderOobleck, FlowMatchEulerDiscreteScheduler
from diffusers.models.transformers.ace_step_transformer import AceStepTransformer1DModel
from diffusers.pipelines.ace_step.modeling_ace_step import (
    AceStepAudioTokenDetokenizer,
    AceStepAudioTokenizer,
    AceStepConditionEncoder,
)
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    EncodecConfig,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3Model,
    T5Config,
)

RATE = 1_600  # samples a second of both
A_SECOND = 25  # latents of the first, as in the real one
HOP = 32  # samples in a token of the second: 50 a second, as in the real one


def letters() -> PreTrainedTokenizerFast:
    """A tokenizer that spells, and says where a text ends."""
    known = ["<pad>", "</s>", "<unk>", "<|endoftext|>", *ascii_letters, *digits, *punctuation, " "]
    spelled = Tokenizer(models.WordLevel({letter: id for id, letter in enumerate(known)}, "<unk>"))
    spelled.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    spelled.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", known.index("</s>"))])
    marks = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=spelled, **marks)  # type: ignore[no-untyped-call]  # theirs


def ace_step(folder: Path, *, covers: bool = True, turbo: bool = False) -> Path:
    """A random AceStepPipeline in `folder`, with stereo at RATE; without `covers`, as checkpoints without a tokenizer."""
    torch.manual_seed(0)
    words = letters()
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8}
    text = Qwen3Model(Qwen3Config(vocab_size=len(words), num_hidden_layers=1, **shape))  # type: ignore[arg-type]  # of two kinds
    condition = AceStepConditionEncoder(
        text_hidden_dim=16, timbre_hidden_dim=8, num_lyric_encoder_hidden_layers=1,
        num_timbre_encoder_hidden_layers=1, **shape,
    )  # fmt: skip
    condition.silence_latent.normal_(std=0.1)  # a checkpoint has the silence of its autoencoder there
    small = {"audio_acoustic_hidden_dim": 8, "num_attention_pooler_hidden_layers": 1, **shape}
    kind: Any = AceStepPipeline  # as below: their constructors have no types
    autoencoder: Any = AutoencoderOobleck
    scheduler: Any = FlowMatchEulerDiscreteScheduler
    pipe = kind(
        vae=autoencoder(
            encoder_hidden_size=16, downsampling_ratios=[2, 4, 8], channel_multiples=[1, 1, 2], decoder_channels=8,
            decoder_input_channels=8, audio_channels=2, sampling_rate=RATE,
        ),
        text_encoder=text, tokenizer=words, condition_encoder=condition,
        transformer=AceStepTransformer1DModel(
            num_hidden_layers=2, in_channels=24, audio_acoustic_hidden_dim=8, is_turbo=turbo, **shape
        ),
        scheduler=scheduler(num_train_timesteps=1, shift=1.0),
        audio_tokenizer=AceStepAudioTokenizer(fsq_dim=16, **small) if covers else None,
        audio_token_detokenizer=AceStepAudioTokenDetokenizer(**small) if covers else None,
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return folder


def musicgen(folder: Path, *, channels: int = 1) -> Path:
    """A random MusicgenForConditionalGeneration in `folder`."""
    torch.manual_seed(0)
    words = letters()
    config = MusicgenConfig(
        text_encoder=T5Config(vocab_size=len(words), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2).to_dict(),
        audio_encoder=EncodecConfig(
            sampling_rate=RATE, hidden_size=8, num_filters=4, upsampling_ratios=[8, 4], codebook_size=64,
            codebook_dim=8, num_lstm_layers=1, target_bandwidths=[1.2],
        ).to_dict(),
        decoder=MusicgenDecoderConfig(
            vocab_size=64, hidden_size=16, num_hidden_layers=1, ffn_dim=16, num_attention_heads=2,
            num_codebooks=4 * channels, audio_channels=channels, pad_token_id=64, bos_token_id=64,
        ).to_dict(),
    )  # fmt: skip
    model: Any = MusicgenForConditionalGeneration(config)
    with torch.no_grad():  # random codebooks of size 1 sound like nothing
        for layer in model.audio_encoder.quantizer.layers:
            layer.codebook.embed.normal_()
    model.generation_config.update(
        decoder_start_token_id=64, pad_token_id=64, bos_token_id=64, do_sample=True, guidance_scale=3.0, max_length=1500
    )
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
