"""English forms over a tiny random model: whatever it writes, the studio's own check finds nothing against it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from app.engines.shared.language_model import LanguageModel
from app.engines.shared.sampling import Sampling
from app.engines.text.decoding import End, Rules, decode
from app.engines.text.line_by_line import Choice, lines
from app.engines.text.within_english import Lexicon, WithinEnglish, word_kinds
from app.errors import EngineError
from app.media.text.prosody.asked import form_of
from app.media.text.prosody.check import check_form
from app.media.text.prosody.form import Form
from app.media.text.prosody.impossible import ImpossibleError
from tests.engines.text.conftest import tiny

_LIST = """
    the a of in on and with my her night light bright sight flight white day way say may gray play stay tree sea free see be
    deep sleep keep blue true through rain pain again plain autumn river golden morning evening shadow whisper silent falling
    leaves wind sky high fly by moon soon tune star far are heart part art apart cold gold old fold told song long among
    forever remember beneath above away today above love dove melody memory beautiful imagination
"""
WORDS = _LIST.split()
PIECES = [b"<pad>", b"<eos>", b",", b".", b";", b"\n", *(f" {word}".encode() for word in dict.fromkeys(WORDS))]
PIECES += [word.capitalize().encode() for word in dict.fromkeys(WORDS)] + [b"zz", b"qu", b" zz"]


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return LanguageModel(tiny(len(PIECES), context=600), ends=[1], banned=[0])


def decoded(ids: Any) -> str:
    return b"".join(PIECES[id] for id in ids).decode()


def encoded(text: str) -> list[int]:
    """As a tokenizer would: the longest piece first."""
    ids = []
    while text:
        piece = max((p for p in PIECES[2:] if text.startswith(p.decode())), key=len, default=None)
        assert piece is not None, text
        ids.append(PIECES.index(piece))
        text = text[len(piece.decode()) :]
    return ids


def within(form: Form, model: LanguageModel, seed: int = 0, before: str = "") -> WithinEnglish:
    lexicon = Lexicon(PIECES, [0])
    return WithinEnglish(form, lexicon, model.usable, [1], decoded, encoded=encoded, before=before, seed=seed)


def written(form: Form, model: LanguageModel, seeds: tuple[int, ...]) -> list[str]:
    holds = [within(form, model, seed) for seed in seeds]
    found: dict[int, list[int]] = {index: [] for index in range(len(seeds))}
    for step in decode(model, [7, 8], seeds, Sampling(), 500, Rules(holds)):
        for word in step:
            assert word.end in {None, End.END}
            if word.pick:
                found[word.index].append(word.pick.id)
    return [decoded(ids) for ids in found.values()]


@pytest.mark.parametrize(
    "asked",
    [
        {"preset": "haiku"},
        {"preset": "couplet"},
        {"preset": "limerick"},
        {"preset": "sonnet"},
        {"language": "en", "stanzas": [4, 4], "measure": [[7, 9]], "rhyme": "xAxA"},
        {"language": "en", "lines": 4, "measure": [8], "metre": "x/x/x/x/", "rhyme": "ABAB"},
        {"language": "en", "lines": 3, "measure": [[5, 8]], "acrostic": "SEA", "avoid": ["light", "the night"]},
        {"language": "en", "lines": 4, "measure": [[6, 9]], "must": ["golden leaves", "rain"]},
        {"language": "en", "lines": 2, "measure": [8]},
    ],
)
def test_the_form_holds_by_construction(model: LanguageModel, asked: dict[str, Any]) -> None:
    form = form_of(asked)
    for text in written(form, model, tuple(range(6))):
        report = check_form(form, text)
        assert report.holds, (text, [finding.said() for finding in report.faults])
        assert text[0].isupper()


@pytest.mark.parametrize(
    "asked",
    [
        {"language": "en", "lines": 2, "measure": [8], "acrostic": "XY"},
        {"language": "en", "lines": 2, "measure": [3], "must": ["beautiful imagination"]},
        {"language": "en", "lines": 40, "measure": [8], "rhyme": "A" * 40},
    ],
)
def test_what_cannot_be_kept_is_said(model: LanguageModel, asked: dict[str, Any]) -> None:
    with pytest.raises(ImpossibleError):
        within(form_of(asked), model)


def test_a_poem_that_is_whole_has_no_further_line(model: LanguageModel) -> None:
    form = form_of({"language": "en", "lines": 2, "measure": [[3, 8]]})
    assert within(form, model, before="The golden leaves\nThe silent night\n").over
    assert not within(form, model, before="The golden leaves\n").over


def test_no_line_ends_on_a_word_that_leans_on_the_next(model: LanguageModel) -> None:
    form = form_of({"language": "en", "lines": 4, "measure": [[5, 8]]})
    ends = [
        line.rstrip(",.;").split()[-1].lower() for text in written(form, model, tuple(range(8))) for line in text.splitlines()
    ]
    assert not word_kinds()["weak"] & set(ends)


def test_line_by_line_keeps_the_form_and_the_best_candidate(model: LanguageModel) -> None:
    form = form_of({"language": "en", "stanzas": [2, 2], "measure": [[6, 8]], "rhyme": "AABB"})
    holds = [within(form, model, seed) for seed in (1, 2)]
    judged: list[int] = []

    def judge(before: Any, candidates: Any, likelihoods: Any, closed: Any) -> int:
        judged.append(len(candidates))
        assert all(decoded(line).strip() for line in candidates)
        assert len(closed) == len(candidates)
        return max(range(len(candidates)), key=lambda index: likelihoods[index])

    found: dict[int, list[int]] = {0: [], 1: []}
    ended = []
    choice = Choice(breaks={5}, closers=[4], judge=judge, candidates=lambda _: 4)
    for step in lines(model, [7, 8], (1, 2), Sampling(), holds, choice):
        found[step[0].index] += [word.pick.id for word in step if word.pick]
        ended += [word.end for word in step if word.end]
    assert ended == [End.END, End.END]
    assert set(judged) == {4}
    for ids in found.values():
        report = check_form(form, decoded(ids))
        assert report.holds, (decoded(ids), [finding.said() for finding in report.faults])


def test_the_cache_of_the_chosen_line_is_that_of_the_text(model: LanguageModel) -> None:
    """What is expected after a chosen line is what a fresh reading of the whole text expects."""
    form = form_of({"language": "en", "lines": 3, "measure": [[4, 6]]})
    ids: list[int] = []
    records: list[float] = []
    how: dict[str, Any] = {"breaks": {5}, "closers": [4], "judge": lambda *_: 1, "candidates": lambda _: 3}
    for step in lines(model, [7, 8], (3,), Sampling(), [within(form, model)], Choice(**how)):
        ids += [word.pick.id for word in step if word.pick]
        records += [word.pick.logprob for word in step if word.pick]
    scores = model.score([7, 8, *ids], len(ids))
    again = within(form, model)
    for at, (id, told) in enumerate(zip(ids, records, strict=True)):
        allowed = again.allowed(ids[:at])
        logs = scores[at].masked_fill(~allowed, float("-inf")).log_softmax(-1)
        torch.testing.assert_close(float(logs[id]), told, atol=1e-3, rtol=1e-3)


def test_a_candidate_is_as_likely_as_the_model_finds_it_form_or_not(model: LanguageModel) -> None:
    """A rhyme that the form forces and the model would never say there is no likely end of a line."""
    form = form_of({"language": "en", "lines": 2, "measure": [[4, 6]], "rhyme": "AA"})
    told: list[tuple[list[int], float]] = []

    def judge(_before: Any, candidates: Any, likelihoods: Any, _closed: Any) -> int:
        told.append((list(candidates[0]), likelihoods[0]))
        return 0

    how: dict[str, Any] = {"breaks": {5}, "closers": [4], "judge": judge, "candidates": lambda _: 3}
    for _step in lines(model, [7, 8], (3,), Sampling(), [within(form, model)], Choice(**how)):
        pass
    ids = [id for line, _likely in told for id in line]
    own = model.score([7, 8, *ids], len(ids)).masked_fill(~model.usable, float("-inf")).log_softmax(-1)
    at = 0
    for line, likely in told:
        expected = [float(own[at + place, id]) for place, id in enumerate(line)]
        at += len(line)
        torch.testing.assert_close(likely, sum(expected) / len(expected), atol=1e-3, rtol=1e-3)


def test_a_stop_ends_a_poem_between_two_lines(model: LanguageModel) -> None:
    stopped: set[int] = set()
    form = form_of({"language": "en", "lines": 4, "measure": [[4, 6]]})
    how: dict[str, Any] = {"breaks": {5}, "closers": [4], "judge": lambda *_: 0}
    steps = lines(model, [7, 8], (3,), Sampling(), [within(form, model)], Choice(**how), stopped=stopped)
    assert next(steps)[-1].end is None
    stopped.add(0)
    assert [word.end for step in steps for word in step if word.end] == [End.STOPPED]


def test_an_impossible_step_is_an_error(model: LanguageModel) -> None:
    with pytest.raises((EngineError, ImpossibleError)):
        within(form_of({"language": "en", "lines": 1, "measure": [1], "must": ["autumn"]}), model).allowed([])
