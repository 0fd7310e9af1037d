"""Attention of one query at a time: the same as torch's own, bit by bit the same in any company."""

from __future__ import annotations

import pytest
import torch

from app.engines.shared import attention
from app.engines.shared.language_model import LanguageModel
from tests.engines.text.conftest import END, tiny

PROMPT = [3, 14, 15, 9, 26]


@pytest.fixture(scope="module")
def narrow() -> LanguageModel:
    """A model in bfloat16, as English texts are written with."""
    return LanguageModel(tiny().to(torch.bfloat16), ends=[END])


def said(model: LanguageModel, rows: int, tokens: int = 20) -> torch.Tensor:
    """What the first of `rows` rows expects after each of some tokens, [tokens, vocab]."""
    _logits, cache = model.prefill(PROMPT, rows)
    return torch.stack([model.step([2 + token, *range(3, 2 + rows)], cache)[0] for token in range(tokens)])


def test_it_is_what_the_fused_kernel_says_but_more_exact() -> None:
    torch.manual_seed(7)
    query = torch.randn(3, 9, 1, 64).to(torch.bfloat16)
    key, value = (torch.randn(3, 3, 40, 64).to(torch.bfloat16) for _both in "kv")
    kernel = torch.nn.functional.scaled_dot_product_attention
    exact = kernel(query.double(), key.double(), value.double(), enable_gqa=True).transpose(1, 2)
    fused = kernel(query, key, value, enable_gqa=True).transpose(1, 2)
    ours, _weights = attention.attend(torch.nn.Module(), query, key, value, None)
    torch.testing.assert_close(ours, fused, atol=0.01, rtol=0.02)
    assert (ours - exact).abs().mean() < (fused - exact).abs().mean()


def test_a_model_writes_by_it(narrow: LanguageModel) -> None:
    assert narrow.model.config._attn_implementation == attention.NAME
    ours = said(narrow, 2)
    narrow.model.set_attn_implementation(attention.FUSED)
    torch.testing.assert_close(ours, said(narrow, 2), atol=0.2, rtol=0.05)
    narrow.model.set_attn_implementation(attention.NAME)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_row_is_the_same_alone_and_among_others(narrow: LanguageModel, rows: int) -> None:
    assert torch.equal(said(narrow, rows), said(narrow, 4))


def test_masks_and_several_queries_go_to_the_fused_kernel() -> None:
    module = torch.nn.Module()
    query, key, value = (torch.randn(2, heads, 3, 8, dtype=torch.bfloat16) for heads in (4, 4, 4))
    mask = torch.zeros(2, 1, 1, 3, dtype=torch.bfloat16)
    mask[..., 0] = -torch.inf
    for asked, masked in ((query, None), (query[:, :, -1:], mask)):
        ours, _weights = attention.attend(module, asked, key, value, masked, is_causal=masked is None)
        expected = torch.nn.functional.scaled_dot_product_attention(asked, key, value, masked, is_causal=masked is None)
        torch.testing.assert_close(ours, expected.transpose(1, 2))


def test_a_model_in_float32_keeps_the_kernel(model: LanguageModel) -> None:
    assert model.model.config._attn_implementation == attention.FUSED
