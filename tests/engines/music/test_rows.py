"""The pass of many drafts over one beginning gives what the model itself gives; what is drawn is what single draws allow."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from app.engines.shared import sampling
from app.engines.shared.phrase_cache import Rows
from app.engines.shared.sampling import Sampling

PROMPT = [2, 9, 30, 31]


@pytest.fixture(scope="module", params=[1, 2], ids=["a head a key", "two heads a key"])
def model(request: pytest.FixtureRequest) -> LlamaForCausalLM:
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=40,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4 // request.param,
        max_position_embeddings=1024,
        initializer_range=0.3,
    )
    made: LlamaForCausalLM = LlamaForCausalLM(config)
    return made


def told(model: LlamaForCausalLM, tokens: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = model(input_ids=torch.tensor([tokens])).logits[0, -1]
    return logits


def test_drafts_that_wait_are_taken_up_and_begin_again(model: LlamaForCausalLM) -> None:
    chance = torch.Generator().manual_seed(1)
    rows = Rows(model, 2, 2)
    rows.read([PROMPT] * 2)
    read: list[list[int]] = [[], [], [], []]
    bases = [PROMPT, PROMPT]
    for step in range(150):  # longer than a cache gets at once
        live = [row for row in range(4) if step % 3 or row != 1]
        tokens = torch.randint(0, 40, (len(live),), generator=chance).tolist()
        logits = rows.step(tokens, live)
        for at, row in enumerate(live):
            read[row].append(tokens[at])
            if step % 25 == 0:
                torch.testing.assert_close(logits[at], told(model, [*bases[row // 2], *read[row]]), atol=1e-4, rtol=1e-4)
        if step in {40, 90}:
            rows.take(0, 1)
            bases[0] = [*bases[0], *read[1]]
            read[0], read[1] = [], []
        if step == 60:
            rows.again(1)
            read[2], read[3] = [], []


def test_without_a_beginning(model: LlamaForCausalLM) -> None:
    rows = Rows(model, 1, 1)
    rows.read([[]] * rows.tunes)
    torch.testing.assert_close(rows.step([5], [0])[0], told(model, [5]), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "how",
    [
        Sampling(),
        Sampling(temperature=0.7),
        Sampling(top_k=3),
        Sampling(top_p=0.6),
        Sampling(min_p=0.2),
        Sampling(typical_p=0.5),
        Sampling(temperature=1.4, top_k=12, top_p=0.9, min_p=0.05, typical_p=0.9),
    ],
)
def test_many_draws_are_many_single_ones(how: Sampling) -> None:
    scores = torch.randn((6, 30), generator=torch.Generator().manual_seed(2)) * 2
    scores[:, 7:9] = sampling.IMPOSSIBLE
    found = sampling.probabilities(scores, how)
    for row in range(6):
        torch.testing.assert_close(found[row], sampling.probabilities(scores[row], how))
    for points in ([0.0] * 6, [0.3] * 6, [0.999999999] * 6):
        for row, id in enumerate(sampling.drawn_at(found, points)):
            assert found[row, id] > 0
    greedy = sampling.probabilities(scores, Sampling(temperature=0))
    assert sampling.drawn_at(greedy, [0.5] * 6) == scores.argmax(-1).tolist()
