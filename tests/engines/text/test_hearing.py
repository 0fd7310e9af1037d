"""Briefs of verse: the everyday words that they have lead to words of verse, and the lexicon is sound."""

from __future__ import annotations

import json

import pytest

from app.engines.catalog import VERSE
from app.engines.text.hearing import HeardWord, heard_words, keywords, lexicon, rows
from app.media.text.prosody.chinese import is_han

KNOWN = frozenset(json.loads((VERSE / "poem_vocab.json").read_text("utf-8")))


def words(text: str) -> list[str]:
    """What verse makes of a brief, the first word of each."""
    return keywords(heard_words(text), 9)


@pytest.mark.parametrize(
    ("brief", "verse"),
    [
        ("秋日", ["秋风"]),
        ("老友", ["故人"]),
        ("母亲的手", ["慈母", "手"]),
        ("登高望远", ["登高", "望远"]),
        ("我家的猫", ["猫"]),
        ("老師與學生", ["先生", "诸生"]),  # traditional characters
        ("诗风优雅", []),
        ("马上就到月份了", []),  # characters that are words of verse, in words that mean something else
        ("an Old Friend's letters", ["故人", "书信"]),
        ("walking home in the rain", ["行路", "归来", "雨声"]),
        ("raindrops", ["雨声"]),
        ("a lagoon", ["池塘"]),  # by the sentence model
        ("热带鱼", ["鲈鱼"]),  # by the glossary
        ("xyzzy, plugh!", []),
    ],
)
def test_words_lead_to_words_of_verse(brief: str, verse: list[str]) -> None:
    assert words(brief)[: len(verse)] == verse


def test_what_is_not_understood_is_told_apart_from_what_names_nothing() -> None:
    assert heard_words("关于月亮") == [HeardWord("关于", ()), HeardWord("月亮", ("明月", "月色", "新月"))]
    assert heard_words("龘月") == [HeardWord("龘", None), HeardWord("月", ("明月", "月色", "新月"))]
    assert heard_words("qwrtz of the moon")[0] == HeardWord("qwrtz", None)


def test_seeds_in_a_row_take_each_of_several_words() -> None:
    found = heard_words("秋天的夜里")
    assert {keywords(found, 4, seed)[0] for seed in range(4)} == {"秋风", "秋色", "秋声", "秋"}
    assert keywords(found, 1, 3) == keywords(found, 4, 3)[:1]
    assert keywords([HeardWord("x", ("月",)), HeardWord("y", ("月",))], 4) == ["月"]


def test_the_lexicon_is_made_of_words_that_the_model_can_write_and_names_none_twice() -> None:
    everyday = [word for row in rows() for word in row.chinese]
    english = [word for row in rows() for word in row.english]
    assert len(everyday) == len(set(everyday)) > 2_000
    assert len(english) == len(set(english)) > 1_200
    assert sum(bool(row.verse) for row in rows()) > 300
    for row in rows():
        assert all(len(word) <= 2 and set(word) <= KNOWN for word in row.verse), row
    assert all(all(map(is_han, word)) for word in everyday if word not in {"AI", "卡拉OK"})
    assert all(len(word) == 2 for word in lexicon().poems)
