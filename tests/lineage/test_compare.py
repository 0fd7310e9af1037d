"""What an artist changed between two revisions, in words."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest

from app.brief import Brief
from app.lineage.compare import DiffRun, brief_diff, word_diff

STORM = "A lighthouse on a low rock, the first light before a storm."
CALM = "A lighthouse on a low rock, the last light before the calm."


def old(pieces: list[DiffRun]) -> str:
    return "".join(p.text for p in pieces if p.op != "insert")


def new(pieces: list[DiffRun]) -> str:
    return "".join(p.text for p in pieces if p.op != "delete")


def changes(pieces: list[DiffRun]) -> list[tuple[str, str]]:
    return [(p.op, p.text) for p in pieces if p.op != "equal"]


def test_words_that_went_and_words_that_came() -> None:
    assert changes(word_diff(STORM, CALM)) == [
        ("delete", "first"),
        ("insert", "last"),
        ("delete", "a storm"),  # the space between two changed words changes with them
        ("insert", "the calm"),
    ]


def test_a_chinese_character_is_a_word() -> None:
    assert changes(word_diff("江南的雨巷里, 一个狐狸", "江南的深巷里, 一只狐狸")) == [
        ("delete", "雨"), ("insert", "深"), ("delete", "个"), ("insert", "只"),
    ]  # fmt: skip


def test_apostrophes_and_hyphens_stay_inside_a_word() -> None:
    assert changes(word_diff("the well-worn sailor's coat", "the well-made sailor’s coat")) == [
        ("delete", "well-worn sailor's"),
        ("insert", "well-made sailor’s"),
    ]


@pytest.mark.parametrize(("a", "b"), [("", ""), ("", "new"), ("old", ""), ("same", "same"), ("a\nb\n", "a\n\nb")])
def test_the_pieces_spell_both_texts(a: str, b: str) -> None:
    pieces = word_diff(a, b)
    assert (old(pieces), new(pieces)) == (a, b)


def test_the_pieces_spell_both_texts_whatever_they_are() -> None:
    dice = random.Random(3)
    for _ in range(300):
        a, b = ("".join(dice.choices(["sea ", "fog", "雨", " ", "\n", ", "], k=dice.randrange(40))) for _ in range(2))
        pieces = word_diff(a, b)
        assert (old(pieces), new(pieces)) == (a, b)
        assert all(p.text for p in pieces)
        assert all(p.op != q.op for p, q in pairwise(pieces))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("sea fog " * 1000, "fog sea " * 1000),
        ("雨" * 8000, "深" * 8000),
        ("a b\n" * 2000, "b a\n" * 2000),
        (
            " ".join(random.Random(1).choices(STORM.split(), k=1400)),
            " ".join(random.Random(2).choices(CALM.split(), k=1400)),
        ),
    ],
)
def test_long_and_repetitive_texts_take_bounded_time(a: str, b: str) -> None:
    began = time.process_time()
    pieces = word_diff(a, b)
    assert time.process_time() - began < 2  # difflib did not finish the third in a minute
    assert (old(pieces), new(pieces)) == (a, b)


def test_a_rewritten_text_still_shows_the_lines_that_stayed() -> None:
    kept = "the silver river remembers her name\n"
    a, b = (kept + "".join(f"{head}{line} {head} {head}{-line}\n" for line in range(200)) for head in ("fog", "sea"))
    pieces = word_diff(a, b)  # 600 words differ on each side
    assert [p.op for p in pieces][:3] == ["equal", "delete", "insert"]
    assert pieces[0].text == kept


def test_only_fields_that_changed_are_told_and_lists_go_line_by_line() -> None:
    a = Brief(intent=STORM, materials=["dusk", "swell"], avoid="ships")
    b = Brief(intent=STORM, materials=["dusk", "spray", "swell"], avoid="")
    told = brief_diff(a, b)
    assert list(told) == ["materials", "avoid"]
    assert changes(told["materials"]) == [("insert", "spray\n")]
    assert told["avoid"] == [DiffRun("delete", "ships")]
