"""A language model small enough for every test, with random weights that are always the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from app.engines.shared.language_model import LanguageModel

END = 1


def tiny(vocabulary: int = 50, context: int = 128, sharpness: float = 0.3) -> Any:
    """A random Llama of two layers."""
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        initializer_range=sharpness,
        bos_token_id=None,
        eos_token_id=END,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="session")
def llama() -> Any:
    """The bare model of transformers."""
    return tiny()


@pytest.fixture(scope="session")
def model(llama: Any) -> LanguageModel:
    """The same, as decoding asks for it: token 1 ends a text, no token is banned."""
    return LanguageModel(llama, ends=[END])
