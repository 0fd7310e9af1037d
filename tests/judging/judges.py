"""Judges small enough for a test, never trained: the house's kind, a CLIP and a SigLIP."""

from __future__ import annotations

import json
from pathlib import Path
from string import ascii_lowercase

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTextConfig,
    CLIPTokenizer,
    CLIPVisionConfig,
    PreTrainedTokenizerFast,
    ResNetConfig,
    ResNetModel,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipTextConfig,
    SiglipVisionConfig,
)

SIDE, DIMENSIONS, FEATURES = 32, 16, 12
TINY = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


def house(folder: Path) -> Path:
    """A judge of the house's kind in `folder`."""
    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, FEATURES], depths=[1, 1], layer_type="basic")
    ResNetModel(config).half().save_pretrained(folder / "vision")
    shapes = {
        "picture": (DIMENSIONS, FEATURES),
        "text": (DIMENSIONS, 384),
        "text_hidden": (8, 384),
        "text_hidden_bias": (8,),
        "text_out": (DIMENSIONS, 8),
    }
    save_file({name: torch.randn(shape).half() for name, shape in shapes.items()}, folder / "heads.safetensors")
    facts = {"side": SIDE, "calibration": {"scale": 10.0, "bias": -2.0}}
    (folder / "config.json").write_text(json.dumps(facts))
    return folder


def clip(folder: Path) -> Path:
    """A random CLIPModel with a tokenizer that spells."""
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    words = [*ascii_lowercase, *(letter + "</w>" for letter in ascii_lowercase), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: at for at, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    text = CLIPTextConfig(
        vocab_size=len(words), max_position_embeddings=16, bos_token_id=52, eos_token_id=53, pad_token_id=53, **TINY
    )
    seen = CLIPVisionConfig(image_size=SIDE, patch_size=8, **TINY)
    CLIPModel(CLIPConfig(text_config=text, vision_config=seen, projection_dim=DIMENSIONS)).save_pretrained(folder)
    CLIPTokenizer.from_pretrained(folder, model_max_length=16).save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE).save_pretrained(folder)
    return folder


def siglip(folder: Path) -> Path:
    """A random SiglipModel with a tokenizer that spells."""
    torch.manual_seed(0)
    words = ["<pad>", "<unk>", *ascii_lowercase]
    spelled = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, words[1]))
    spelled.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    text = SiglipTextConfig(vocab_size=len(words), max_position_embeddings=16, projection_size=DIMENSIONS, **TINY)
    seen = SiglipVisionConfig(image_size=SIDE, patch_size=8, **(TINY | {"hidden_size": DIMENSIONS}))
    SiglipModel(SiglipConfig(text_config=text, vision_config=seen)).save_pretrained(folder)
    marks = dict(zip(("pad_token", "unk_token"), words, strict=False))
    PreTrainedTokenizerFast(tokenizer_object=spelled, **marks).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder
