"""The difference of two tunes: every bar once and in order, another key told as one change, passages that moved, in time."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.diff.tune import BarPair, TuneDiff, tune_diff
from app.media.music.abc.abc import read_tune
from app.media.music.abc.transpose import transposed

HEAD = "X:1\nT:The Test\nM:4/4\nL:1/8\nK:D\n"
FIRST = "d2fd Adfa | gfed B2AF | G2BG F2AF | EFGA B2A2"
SECOND = "abag fedf | gbge d2cd | efge cdec | d2f2 d2"
TUNE = f"{HEAD}|: A2 | {FIRST} :|\n|: {SECOND} :|\n"
BOUND = 1.0  # seconds of processor time to compare two tunes of 1,000 bars


def told(a: str, b: str) -> TuneDiff:
    """The difference, after everything that always holds was looked at."""
    diff = tune_diff(read_tune(a), read_tune(b))
    assert [pair.old for pair in diff.bars if pair.old is not None] == list(range(len(diff.a.bars)))
    assert [pair.new for pair in diff.bars if pair.new is not None] == list(range(len(diff.b.bars)))
    for pair in diff.bars:
        assert bool(pair.what) == (pair.op == "change")
        assert (pair.op == "move") == (pair.move is not None) == (pair.end is not None)
        has = {"delete": (True, False), "insert": (False, True)}.get(pair.op, (True, True))
        assert has == (pair.a is not None, pair.b is not None) == (pair.at[0] is not None, pair.at[1] is not None)
    return diff


def changes(a: str, b: str) -> list[tuple[str, int | None, int | None]]:
    """What did not stay."""
    return [(pair.op, pair.a, pair.b) for pair in told(a, b).bars if pair.op != "equal"]


BARS = ["d2fd Adfa", "gfed B2AF", "z8", "d8", "[df]4 (3abc d2", '"Em"e>d ~B2 {c}B4', "^c=c_B4 A-A", "A2"]
tunes = st.lists(st.sampled_from(BARS), min_size=1, max_size=24).map(lambda bars: HEAD + " |\n".join(bars) + " |]\n")


@given(tunes, tunes)
def test_every_bar_of_both_tunes_is_told_once_and_in_order(a: str, b: str) -> None:
    told(a, b)


@given(tunes)
def test_a_tune_is_the_same_as_itself(a: str) -> None:
    diff = told(a, a)
    assert diff.same
    assert diff.transposed is None
    assert diff.heading == {}


@given(tunes.filter(lambda tune: bool(read_tune(tune).sounding)), st.integers(-12, 12))
def test_a_tune_in_another_key_is_one_change(a: str, semitones: int) -> None:
    diff = told(a, transposed(read_tune(a), semitones))
    assert diff.transposed == (semitones or None)
    assert diff.same


@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_stands_there_is_compared(a: str, b: str) -> None:
    told(HEAD + a, b)


def test_what_changed_came_and_went() -> None:
    assert changes(TUNE, TUNE.replace("G2BG F2AF", "G2BG FGAB")) == [("change", 3, 3)]
    assert changes(TUNE, TUNE.replace("G2BG", "c8 | e8 | G2BG")) == [("insert", None, 3), ("insert", None, 4)]
    assert changes(TUNE, TUNE.replace("gfed B2AF |", "")) == [("delete", 2, None)]
    assert changes(TUNE, TUNE.replace("|: A2 |", "|:")) == [("delete", 0, None)]  # the pickup


def test_of_fewer_bars_each_stands_beside_the_one_it_is_most_like() -> None:
    found = changes(TUNE, TUNE.replace("gfed B2AF | G2BG F2AF | EFGA B2A2", "G2BG F2AG | EFGA B4"))
    assert found == [("delete", 2, None), ("change", 3, 2), ("change", 4, 3)]


def test_what_a_bar_differs_in() -> None:
    def what(b: str) -> list[tuple[int | None, tuple[str, ...]]]:
        return [(pair.a, pair.what) for pair in told(TUNE, b).bars if pair.op == "change"]

    assert what(TUNE.replace("d2fd", "d2fe")) == [(1, ("pitch",))]
    assert what(TUNE.replace("B2AF", "B>BAF").replace("G2BG", "{A}G2BG")) == [(2, ("pitch", "rhythm")), (3, ("ornaments",))]
    assert what(TUNE.replace("d2fd", '"D"d2fd')) == [(1, ("chords",))]
    assert what(TUNE.replace(":|\n|:", "|")) == [(4, ("repeat",)), (5, ("repeat",))]
    assert what(TUNE.replace("d2f2 d2", "d2f3 d").replace("B2A2 :|", "B2 A2:|")) == [(8, ("rhythm",))]


def test_another_key_and_a_changed_bar_are_two_things() -> None:
    harmonised = TUNE.replace("d2fd", '"D"d2fd').replace("gfed", '"Em/G"gfed')
    diff = told(harmonised, transposed(read_tune(harmonised), 3).replace("c2BB", "c2Bc"))
    assert (diff.transposed, diff.same) == (3, True)  # the chords went along
    other = transposed(read_tune(TUNE), -5)
    bar = read_tune(other).bars[3]
    diff = told(TUNE, other[: bar.source[0]] + "z8" + other[bar.source[1] :])
    assert diff.transposed == -5
    assert [(pair.op, pair.a) for pair in diff.bars if pair.op != "equal"] == [("change", 3)]
    assert diff.heading == {"key": ("D", "A")}


def test_other_tunes_are_not_the_same_in_another_key() -> None:
    chance = random.Random(1)
    a, b = (HEAD + " | ".join("".join(chance.choices("ABcdefg", k=8)) for _bar in range(16)) for _tune in range(2))
    assert told(a, b).transposed is None


def test_sections_that_changed_places_moved() -> None:
    diff = told(TUNE, f"{HEAD}|: {SECOND} :|\n|: A2 | {FIRST} :|\n")
    moved = [pair for pair in diff.bars if pair.op == "move"]
    assert [(pair.a, pair.b, pair.move) for pair in moved] == [(0, 4, 1), (1, 5, 1), (2, 6, 1), (3, 7, 1), (4, 8, 1)] * 2
    assert [pair.end for pair in moved] == ["from"] * 5 + ["to"] * 5
    assert all(pair.op in {"move", "equal"} for pair in diff.bars)
    alike = f"{HEAD}|: {FIRST} :|\n|: {SECOND.replace('d2f2 d2', 'EFGA B2A2')} :|\n"  # both parts end alike
    first, second = alike.removeprefix(HEAD).splitlines(keepends=True)
    assert {pair.op for pair in told(alike, HEAD + second + first).bars[:8]} == {"move", "equal"}
    assert sum(pair.op == "move" for pair in told(alike, HEAD + second + first).bars) == 8


def dances(count: int, seed: int) -> list[str]:
    """So many bars."""
    chance = random.Random(seed)
    return ["".join(chance.choices("ABcdefg", k=4)) + " " + "".join(chance.choices("ABcdefg", k=4)) for _bar in range(count)]


def edited(bars: list[str]) -> list[str]:
    """The same with every fifth changed, a section moved and some gone."""
    bars = ["abcd efga" if at % 5 == 0 else bar for at, bar in enumerate(bars)]
    return bars[300:600] + bars[:300] + bars[600:700] + bars[710:]


@pytest.mark.parametrize("other", [edited(dances(1000, 1)), dances(900, 2), ["abcd efga", "gfed cBAG"] * 500])
def test_a_thousand_bars_take_less_than_a_second(other: list[str]) -> None:
    a, b = (read_tune(HEAD + " |\n".join(bars) + " |]\n") for bars in (dances(1000, 1), other))
    start = time.process_time()
    found: list[BarPair] = tune_diff(a, b).bars
    assert time.process_time() - start < BOUND
    assert sum(pair.old is not None for pair in found) == 1000
