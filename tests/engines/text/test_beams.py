"""Beam search, held against transformers'."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from app.engines.shared.language_model import LanguageModel
from app.engines.shared.sampling import Sampling
from app.engines.text.beams import Beam, Beams, search

PROMPT = [3, 14, 15, 9, 26]


def beams(model: LanguageModel, how: Beams, tokens: int, **options: Any) -> list[Beam]:
    *steps, last = search(model, PROMPT, how, tokens, **options)
    assert steps == list(range(1, len(steps) + 1))
    assert isinstance(last, list)
    return last


@pytest.mark.parametrize("length_penalty", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize(("width", "tokens"), [(1, 6), (3, 10), (4, 25), (8, 12)])
@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_texts_and_scores_are_those_of_transformers(
    model: LanguageModel, llama: Any, width: int, tokens: int, length_penalty: float, penalty: float
) -> None:
    torch.manual_seed(0)
    found = beams(
        model,
        Beams(width, length_penalty),
        tokens,
        sampling=Sampling(repetition_penalty=penalty),
        before=PROMPT,
    )
    if width == 1:  # their search with one beam is the greedy one, without scores
        expected = llama.generate(torch.tensor([PROMPT]), do_sample=False, max_new_tokens=tokens, repetition_penalty=penalty)[
            0, len(PROMPT) :
        ].tolist()
        assert [*found[0].ids, 1][: len(expected)] == expected
        return
    expected = llama.generate(
        torch.tensor([PROMPT]),
        num_beams=width,
        num_return_sequences=width,
        do_sample=False,
        max_new_tokens=tokens,
        length_penalty=length_penalty,
        repetition_penalty=penalty,
        early_stopping=False,
        output_scores=True,
        return_dict_in_generate=True,
    )
    texts = [[id for id in row[len(PROMPT) :].tolist() if id not in {0, 1}] for row in expected.sequences]
    assert [beam.score for beam in found] == pytest.approx(expected.sequences_scores.tolist(), abs=1e-4)
    assert [beam.ids for beam in found] == texts


def test_groups_without_diversity_are_the_same_search_again(model: LanguageModel) -> None:
    alone = beams(model, Beams(width=2), 8)
    three = beams(model, Beams(width=6, groups=3, diversity=0.0), 8)
    assert [beam.ids for beam in three] == [beam.ids for beam in alone for _group in range(3)]


def test_groups_keep_apart(model: LanguageModel) -> None:
    near = beams(model, Beams(width=4, groups=1), 8)
    apart = beams(model, Beams(width=4, groups=4, diversity=100.0), 8)
    for place in range(min(len(beam.ids) for beam in apart)):
        assert len({beam.ids[place] for beam in apart}) == 4
    assert len({beam.ids[0] for beam in near}) < 4


def test_every_token_has_its_probability_and_alternatives(model: LanguageModel) -> None:
    for beam in beams(model, Beams(width=3, length_penalty=0), 8):
        if not beam.ended:
            assert sum(pick.logprob for pick in beam.picks) == pytest.approx(beam.score, abs=1e-4)
        assert all(len(pick.alternatives) == 8 for pick in beam.picks)
