"""Decoding, held against transformers' own processors and probabilities."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from transformers.generation import logits_process as theirs

from app.engines.shared import sampling
from app.engines.shared.language_model import LanguageModel
from app.engines.shared.sampling import Sampling, drawn, penalised, probabilities
from app.engines.text.decoding import End, Pick, Rules, decode
from app.errors import EngineError

PROMPT = [3, 14, 15, 9, 26]
PLAIN = Sampling()


def run(model: LanguageModel, seeds: Sequence[int], tokens: int = 24, how: Sampling = PLAIN, **options: Any) -> dict[int, Any]:
    """Each variant's picks and why it ended, by index."""
    found: dict[int, Any] = {index: ([], None) for index in range(len(seeds))}
    for step in decode(model, PROMPT, seeds, how, tokens, Rules(**options)):
        for written in step:
            picks, _end = found[written.index]
            found[written.index] = ([*picks, written.pick] if written.pick else picks, written.end)
    return found


def ids(picks: Sequence[Pick]) -> list[int]:
    return [pick.id for pick in picks]


class Only:
    """A form: these tokens, and whatever `then` says after so many."""

    def __init__(self, vocabulary: int, *steps: Sequence[int]) -> None:
        self.vocabulary, self.steps = vocabulary, steps

    def allowed(self, written: Sequence[int]) -> torch.Tensor | None:
        if len(written) >= len(self.steps):
            return None
        mask = torch.zeros(self.vocabulary, dtype=torch.bool)
        mask[list(self.steps[len(written)])] = True
        return mask


@pytest.mark.parametrize("vocabulary", [50, 5000], ids=["small", "large"])
@pytest.mark.parametrize(
    ("how", "processor"),
    [
        (Sampling(temperature=0.7), theirs.TemperatureLogitsWarper(0.7)),
        (Sampling(top_k=7), theirs.TopKLogitsWarper(7)),
        (Sampling(top_p=0.8), theirs.TopPLogitsWarper(0.8)),
        (Sampling(top_p=0.999), theirs.TopPLogitsWarper(0.999)),
        (Sampling(min_p=0.1), theirs.MinPLogitsWarper(0.1)),
        (Sampling(typical_p=0.6), theirs.TypicalLogitsWarper(0.6)),
        (Sampling(typical_p=0.99), theirs.TypicalLogitsWarper(0.99)),
    ],
    ids=lambda value: str(value) if isinstance(value, Sampling) else "",
)
def test_truncations_are_those_of_transformers(how: Sampling, processor: Any, vocabulary: int) -> None:
    for seed in range(20):
        logits = torch.randn(vocabulary, generator=torch.Generator().manual_seed(seed)) * 2
        expected = processor(torch.tensor([PROMPT]), logits[None].clone())[0].softmax(-1)
        torch.testing.assert_close(probabilities(logits, how), expected, atol=1e-6, rtol=1e-4)


def test_penalties_are_those_of_transformers() -> None:
    history = [4, 7, 9, 4, 7, 2, 4, 7]
    for seed in range(20):
        logits = torch.randn(12, generator=torch.Generator().manual_seed(seed)) * 3
        both = theirs.LogitsProcessorList(
            [theirs.RepetitionPenaltyLogitsProcessor(1.3), theirs.NoRepeatNGramLogitsProcessor(3)]
        )
        expected = both(torch.tensor([history]), logits[None].clone())[0]
        kept = logits.clone()
        torch.testing.assert_close(penalised(logits, history, Sampling(repetition_penalty=1.3, no_repeat_ngram=3)), expected)
        assert torch.equal(logits, kept)
    assert expected[9] == expected[2] == -math.inf


def test_the_order_is_that_of_transformers() -> None:
    how = Sampling(temperature=1.4, top_k=30, top_p=0.9, min_p=0.02, typical_p=0.9)
    all_of = theirs.LogitsProcessorList(
        [
            theirs.TemperatureLogitsWarper(1.4),
            theirs.TopKLogitsWarper(30),
            theirs.TopPLogitsWarper(0.9),
            theirs.MinPLogitsWarper(0.02),
            theirs.TypicalLogitsWarper(0.9),
        ]
    )
    for seed in range(20):
        logits = torch.randn(200, generator=torch.Generator().manual_seed(seed)) * 2
        expected = all_of(torch.tensor([PROMPT]), logits[None].clone())[0].softmax(-1)
        torch.testing.assert_close(probabilities(logits, how), expected, atol=1e-6, rtol=1e-4)


def test_draws_follow_the_distribution() -> None:
    chances = torch.tensor([0.0, 0.5, 0.0, 0.3, 0.2, 0.0])
    generator = torch.Generator().manual_seed(1)
    counts = Counter(drawn(chances, generator) for _draw in range(4000))
    assert set(counts) == {1, 3, 4}
    for id in (1, 3, 4):
        assert counts[id] / 4000 == pytest.approx(float(chances[id]), abs=0.03)


def test_every_token_has_the_probability_that_the_bare_model_gives_it(model: LanguageModel, llama: Any) -> None:
    how = Sampling(temperature=1.5, top_k=20, repetition_penalty=1.2)
    for picks, _end in run(model, [1, 2, 3], how=how).values():
        with torch.no_grad():
            logs = llama(torch.tensor([PROMPT + ids(picks)])).logits[0].log_softmax(-1)
        for at, pick in enumerate(picks):
            expected = logs[len(PROMPT) + at - 1]
            assert pick.logprob == pytest.approx(float(expected[pick.id]), abs=1e-4)
            best = expected.topk(8)
            assert [id for id, _logprob in pick.alternatives] == best.indices.tolist()
            assert [logprob for _id, logprob in pick.alternatives] == pytest.approx(best.values.tolist(), abs=1e-4)


def test_a_variant_is_the_same_alone_and_among_others(model: LanguageModel) -> None:
    together = run(model, [11, 12, 13, 14], tokens=60)
    for index, seed in enumerate((11, 12, 13, 14)):
        (alone, end) = run(model, [seed], tokens=60)[0]
        assert ids(alone) == ids(together[index][0])
        assert end == together[index][1]
        assert [p.logprob for p in alone] == pytest.approx([p.logprob for p in together[index][0]], abs=1e-4)
    assert len({tuple(ids(picks)) for picks, _end in together.values()}) == 4


def test_without_temperature_the_likeliest_token_is_taken(model: LanguageModel, llama: Any) -> None:
    (picks, _end) = run(model, [1], tokens=12, how=Sampling(temperature=0))[0]
    expected = llama.generate(torch.tensor([PROMPT]), do_sample=False, max_new_tokens=12)[0, len(PROMPT) :].tolist()
    assert [*ids(picks), END_TOKEN][: len(expected)] == expected


END_TOKEN = 1


def test_one_variant_is_stopped_and_its_neighbours_write_on(model: LanguageModel) -> None:
    whole = run(model, [11, 12, 13], tokens=20)
    stopped: set[int] = set()
    found: dict[int, list[int]] = {0: [], 1: [], 2: []}
    ends = {}
    for step in decode(model, PROMPT, [11, 12, 13], PLAIN, 20, Rules(stopped=stopped)):
        for written in step:
            if written.pick:
                found[written.index].append(written.pick.id)
            if written.end:
                ends[written.index] = written.end
        if len(found[1]) == 5:
            stopped.add(1)
    assert ends[1] is End.STOPPED
    assert found[1] == ids(whole[1][0])[:5]
    assert found[0] == ids(whole[0][0])
    assert found[2] == ids(whole[2][0])


def test_closing_ends_all(model: LanguageModel) -> None:
    running = decode(model, PROMPT, [1, 2], PLAIN, 50)
    next(running)
    running.close()
    assert list(running) == []


def test_a_form_decides_and_says_where_it_forced(model: LanguageModel) -> None:
    form = Only(50, [7, 8], [9])
    (picks, _end) = run(model, [3], tokens=5, constraints=[form])[0]
    first, second, third, *_rest = picks
    assert first.id in {7, 8}
    assert {id for id, _logprob in first.alternatives} == {7, 8}
    assert sum(math.exp(logprob) for _id, logprob in first.alternatives) == pytest.approx(1)
    assert not first.forced
    assert (second.id, second.forced, second.logprob, second.alternatives) == (9, True, 0.0, ())
    assert len(third.alternatives) == 8


def test_a_form_that_allows_nothing_is_said(model: LanguageModel) -> None:
    with pytest.raises(EngineError, match="leaves nothing"):
        run(model, [3], constraints=[Only(50, [])])


def test_truncation_never_hides_an_alternative(model: LanguageModel) -> None:
    for picks, _end in run(model, [5, 6], how=Sampling(top_k=1)).values():
        assert all(len(pick.alternatives) == 8 and pick.id == pick.alternatives[0][0] for pick in picks)


def test_where_everything_would_repeat_it_repeats(model: LanguageModel) -> None:
    form = Only(50, *[[7]] * 3, [7, 8], [7, 8])
    (picks, _end) = run(model, [3], tokens=5, how=Sampling(no_repeat_ngram=1), constraints=[form])[0]
    assert sorted(ids(picks)[3:]) == [7, 8] or ids(picks)[3] == 8
    assert len(picks) == 5


def test_a_banned_token_never_comes(llama: Any) -> None:
    first = run(LanguageModel(llama, ends=[1]), [1], tokens=1)[0][0][0]
    banned = [id for id, _logprob in first.alternatives[:4]]
    other = run(LanguageModel(llama, ends=[1], banned=banned), [1, 2, 3], tokens=30)
    for picks, _end in other.values():
        assert not set(ids(picks)) & set(banned)
        assert all(id not in banned for pick in picks for id, _logprob in pick.alternatives)


def test_the_context_ends_a_text_and_a_prompt_that_fills_it_is_refused(model: LanguageModel) -> None:
    long = [5] * 100
    ends = {w.index: (w.end, w.pick) for step in decode(model, long, [1, 2], PLAIN, 500) for w in step}
    assert all(end in {End.CONTEXT, End.END} for end, _pick in ends.values())
    with pytest.raises(EngineError, match="120 tokens, and it sees 128"):
        list(decode(model, [5] * 120, [1], PLAIN, 5))


def test_typical_needs_no_whole_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    logits = torch.randn(3000, generator=torch.Generator().manual_seed(2)) * 6
    whole = probabilities(logits, Sampling(top_p=0.7, typical_p=0.7))
    monkeypatch.setattr(sampling, "NUCLEUS", 4)
    torch.testing.assert_close(probabilities(logits, Sampling(top_p=0.7, typical_p=0.7)), whole)
