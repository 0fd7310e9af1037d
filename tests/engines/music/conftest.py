"""The engine of tunes on a random model: small, always the same, and ignorant of music. Its grammar must do it all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from app.engines.music.tunes import KNOWN, Tunes
from app.media.music.grammar.tokens import VOCABULARY


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights."""
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        initializer_range=0.3,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=0,
        tie_word_embeddings=True,
    )
    path: Path = tmp_path_factory.mktemp("tunes")
    LlamaForCausalLM(config).save_pretrained(path)
    assert not (path / KNOWN).exists()
    return path


@pytest.fixture(scope="session")
def tunes(folder: Path) -> Tunes:
    engine = Tunes(folder)
    engine.load("cpu")
    return engine
