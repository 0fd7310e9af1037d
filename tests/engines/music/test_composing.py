"""Phrases are drafted, heard and kept: none copies a known tune, and what an ear would object to loses."""

from __future__ import annotations

from fractions import Fraction

import pytest

from app.brief import Brief
from app.engines.engine import Content, Request, Verb
from app.engines.music import composing, melody_score, scoring, tasks
from app.engines.music.composing import Composer
from app.engines.music.conditions import TuneConditions
from app.engines.music.decoder import Decoder
from app.engines.music.tunes import Tunes
from app.engines.shared.sampling import Sampling
from app.media.music.abc.abc import read_tune
from app.media.music.grammar.tokens import join_bars, tokens_of
from app.media.music.notation.pitch import Key
from app.media.music.theory.novelty import Known

GOOD = """X:1
M:6/8
L:1/8
K:G
D|GBG AcA|Bdg bag|e2d BGB|A2B c2A|GBG AcA|Bdg bag|fed cAF|G3 G2:|
d|g2g fed|efg dBG|c2e BGB|ABA A2d|g2g fed|efg dBG|fed cAF|G3 G2:|
"""


def heard(text: str) -> float:
    tune = read_tune(text)
    assert tune.metre
    return melody_score.score(join_bars(tokens_of(tune)), tune.metre.length * 8, -0.7)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("fed cAF|G3 G2:|\nd", "fed cAF|G3 E2:|\nd"),  # a part that does not come home
        ("Bdg bag|e2d BGB|", "Bdg bag|Bdg bag|"),  # a bar twice in a row
        ("e2d BGB|A2B c2A|GBG", "eee eee|A2B c2A|GBG"),  # a note that is stuck
        ("c2e BGB|", "c2e C,GB|"),  # a leap
        ("c2e BGB|", "z2e zGB|"),  # holes
        ("c2e BGB|", "_c2^e _BGB|"),  # out of the key
        ("g2g fed|efg dBG|c2e BGB|ABA A2d|g2g", "GBG AcA|Bdg bag|e2d BGB|A2B c2A|GBG"),  # no contrast
        ("|G3 G2:|\nd", "|G3 G3|d3 d2d|"),  # parts that run into one another
    ],
)
def test_the_ear_prefers(good: str, bad: str) -> None:
    assert good in GOOD
    assert heard(GOOD) > heard(GOOD.replace(good, bad, 1)) + 0.2


def test_parts_are_told_apart_without_their_pickups() -> None:
    parts = melody_score.parts_of(join_bars(tokens_of(read_tune(GOOD))), Fraction(6))
    assert [(len(part.bars), part.closed) for part in parts] == [(8, True), (8, True)]
    begun = melody_score.parts_of(join_bars(tokens_of(read_tune(GOOD))[:12]), Fraction(6))
    assert [(len(part.bars), part.closed) for part in begun] == [(8, True), (2, False)]
    assert melody_score.score([], Fraction(6), 0.0) == 0


def made(engine: Tunes, *seeds: int, **params: object) -> list[Content]:
    request = Request(Verb.CREATE, Brief(intent="a jig"), engine.Params.model_validate(params), seeds)
    return [part for part in engine.run(request) if isinstance(part, Content)]


def test_of_more_drafts_better_ones_are_kept(tunes: Tunes) -> None:
    worth = {}
    for drafts in (1, 6):
        texts = [content.data.decode() for content in made(tunes, 1, 2, 3, 4, drafts=drafts, bars=16)]
        worth[drafts] = sum(heard(text) for text in texts)
    assert worth[6] > worth[1] + 4


def test_a_tune_that_is_known_is_not_written_again(tunes: Tunes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "MOST_SHARED", 1.0)
    monkeypatch.setattr(scoring, "MOST_SHARED", 1.0)
    params = tunes.Params(drafts=2)
    model = tunes._model
    assert model
    (first,) = made(tunes, 9, drafts=2, bars=8)
    known = Known.of([read_tune(first.data.decode())])
    composer = Composer(Decoder(model, Sampling(params.temperature, 0, params.top_p)), 2, known)
    conditions = TuneConditions(rhythm="jig", bars=8).whole()
    (other,) = [part for part in tasks.create(composer, [conditions], (9,), "", home=True) if isinstance(part, tasks.Variant)]
    assert known.longest(read_tune(first.data.decode())).bars > 6
    assert known.longest(read_tune(other.text)).bars <= 1.0


def test_a_line_is_followed_from_afar() -> None:
    high, low = (scoring.Judge(None, scoring.Hearing(Key(), Fraction(4), line=[degree] * 8), Fraction(8)) for degree in (7, 0))
    tokens = ["n7", "n8", "n7", "n6", "|", "n7"]
    assert high.worth(tokens, -0.7, 0.0, ended=False) > low.worth(tokens, -0.7, 0.0, ended=False) + 5
