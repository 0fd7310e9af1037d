"""What the bench asks of briefs that nobody tuned for, on a few of each list: the lists are whole, the measures can fail."""

from __future__ import annotations

import importlib.util
from typing import Any, cast

import pytest

from app.benchmarks import hearing, hearing_alone
from app.benchmarks.bench import Bench
from app.benchmarks.goals import GOALS
from app.benchmarks.main import figures_of
from app.benchmarks.studio import Studio
from app.benchmarks.window import Windows
from app.engines.catalog import VERSE
from app.engines.text.verse import Verse
from app.media.music.grammar.tokens import MOODS, RHYTHMS

JIG = 'X:1\nM:6/8\nL:1/8\nR:jig\nK:G\n"G"GBG AcA|"D"Bdg bag|\n'


def test_the_lists_are_whole() -> None:
    for name in ("poems.tsv", "poems_everyday.tsv"):
        poems = list(hearing_alone.listed(name))
        assert len(poems) == len({brief for brief, _answers in poems}) == 60
    for name in (
        "tunes.tsv",
        "tunes_drawn.tsv",
        "tunes_everyday.tsv",
        "tunes_held.tsv",
        "tunes_fresh.tsv",
        "tunes_third.tsv",
        "tunes_fourth.tsv",
    ):
        rows = list(hearing_alone.listed(name))
        assert len(rows) == len({row[0] for row in rows}) == 40
        for _brief, kinds, moods in rows:
            assert {kind.replace("_", " ") for kind in kinds.split()} <= set(RHYTHMS)
            assert set(moods.split()) <= set(MOODS)


def test_a_poem_hears_its_brief_by_any_of_its_answers() -> None:
    assert hearing_alone.hears("一片孤云去", "云 雨 | 山")
    assert hearing_alone.hears("青山", "云 雨 | 山")
    assert not hearing_alone.hears("明月", "云 雨 | 山")


def test_distances_are_nothing_for_the_same_and_much_for_others() -> None:
    assert hearing_alone.of_texts("秋风吹雨", "秋风吹雨") == 0
    assert hearing_alone.of_texts("秋风吹雨", "春山明月") == 1
    assert hearing_alone.of_tunes(JIG, JIG) == 0
    assert hearing_alone.of_tunes(JIG, JIG.replace("K:G", "K:D").replace("GBG AcA", "EFE GFE")) > 0.3
    assert hearing_alone.chords_apart(JIG, JIG) == 0
    assert hearing_alone.chords_apart(JIG, JIG.replace('"D"', '"Em"')) == 0.5
    found = hearing_alone.ratio([["ab", "ac"], ["xy", "xz"]], lambda one, other: float(one[0] != other[0]))
    assert (found["within"], found["across"], found["ratio"]) == (0, 1, 0)


def test_tunes_of_the_lists_are_told_right_from_wrong() -> None:
    found = hearing_alone.tunes("tunes.tsv")
    assert found["right"] >= 36, found["wrong"]
    assert hearing_alone.tunes("tunes_everyday.tsv")["right"] >= 36
    assert hearing_alone.tunes("tunes_drawn.tsv")["right"] >= 35
    assert hearing_alone.tunes("tunes_held.tsv")["right"] >= 34
    assert hearing_alone.tunes("tunes_fresh.tsv")["right"] >= 35
    assert hearing_alone.tunes("tunes_third.tsv")["right"] >= 33
    assert hearing_alone.tunes("tunes_fourth.tsv")["right"] >= 32


@pytest.mark.model
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_poems_hear_their_briefs_begin_differently_and_repeat_no_known_line() -> None:
    engine = Verse(VERSE)
    engine.load("cpu")
    found = hearing_alone.poems(engine, "poems.tsv", 3)  # twelve
    assert found["heard"] >= 10, found["deaf"]
    assert found["by_chance"] < 6
    found = hearing_alone.openings(engine, 1)
    assert found["most"] <= 3
    assert (found["lines"], found["known"]) == (48, [])


ANSWER: dict[str, Any] = {
    "poems": {"briefs": 60, "heard": 58, "deaf": [], "by_chance": 8.0},
    "poems_everyday": {"briefs": 60, "heard": 58, "deaf": [], "by_chance": 8.0},
    "openings": {"most": 2, "by_brief": {"秋": 2}, "lines": 48, "known": []},
    "tunes": {"briefs": 40, "right": 37, "wrong": []},
    "drawn": {"briefs": 40, "right": 25, "wrong": []},
    "tunes_everyday": {"briefs": 40, "right": 37, "wrong": []},
    "held": {"briefs": 40, "right": 29, "wrong": []},
    "fresh": {"briefs": 40, "right": 36, "wrong": []},
    "third": {"briefs": 40, "right": 33, "wrong": []},
    "apart": {name: {"ratio": 0.8} for name in ("verse", "tunes", "english", "pictures")} | {"harmonies": {"least": 0.2}},
}


@pytest.fixture
def bench() -> Bench:
    return Bench(cast("Studio", None), Windows(), quick=True)


def test_every_figure_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "engine_measurements", lambda _few: ANSWER)
    entries = dict(figures_of("hearing", bench))
    assert set(entries) == set(GOALS["hearing"])
    assert all(entry["met"] for entry in entries.values())
