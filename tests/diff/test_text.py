"""The difference of two texts: words, characters, passages that moved; and it is there in time, whatever the texts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.diff.align import matches
from app.diff.text import Passage, text_diff

LONG = 200_000  # characters
BOUND = 1.0  # seconds of processor time for two texts of LONG characters


def old(passages: list[Passage]) -> str:
    """The old text as the passages spell it."""
    return "".join(p.text for p in passages if p.a and p.end != "to")


def new(passages: list[Passage]) -> str:
    """The new text as the passages spell it."""
    return "".join(p.text for p in passages if p.b and p.end != "from")


def checked(a: str, b: str) -> list[Passage]:
    """The passages, after everything that always holds was looked at."""
    found = text_diff(a, b)
    assert (old(found), new(found)) == (a, b)
    for p in found:
        assert p.text
        assert p.a is None or a[slice(*p.a)] == p.text
        assert p.b is None or b[slice(*p.b)] == p.text
        assert (p.op == "move") == (p.move is not None) == (p.end is not None)
        assert {"equal": (1, 1), "delete": (1, 0), "insert": (0, 1), "move": (1, 1)}[p.op] == (p.a is not None, p.b is not None)
    ends = sorted((p.move, p.end) for p in found if p.move)
    assert ends == [(at, end) for at in range(1, len(ends) // 2 + 1) for end in ("from", "to")]
    return found


def told(a: str, b: str) -> list[tuple[str, str]]:
    """What changed, without what stayed."""
    return [(p.op, p.text) for p in checked(a, b) if p.op != "equal"]


SOME = ["sea ", "fog", "雨", "月满空庭", " ", "\n", ", ", "👩‍👩‍👧", "e\u0301", "مرحبا", "\u202e", "夜未收。"]
pieces = st.lists(st.sampled_from(SOME), max_size=60)


@given(pieces, pieces)
def test_the_passages_spell_both_texts_whatever_they_are(a: list[str], b: list[str]) -> None:
    checked("".join(a), "".join(b))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_characters_at_all(a: str, b: str) -> None:
    checked(a, b)


@given(st.text("xyz", max_size=14), st.text("xyz", max_size=14))
def test_the_common_part_is_as_long_as_can_be(a: str, b: str) -> None:
    longest = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            longest[i + 1][j + 1] = longest[i][j] + 1 if x == y else max(longest[i][j + 1], longest[i + 1][j])
    runs = matches(a, b)
    assert runs is not None
    assert sum(n for _, _, n in runs) == longest[-1][-1]
    assert all(a[i : i + n] == b[j : j + n] for i, j, n in runs)


def test_english_by_words_and_chinese_by_characters() -> None:
    assert told("the first light", "the last light") == [("delete", "first"), ("insert", "last")]
    assert told("月满空庭夜未收。", "月满空庭夜已收。") == [("delete", "未"), ("insert", "已")]
    assert told("她说 hello world。", "她说 hello there。") == [("delete", "world"), ("insert", "there")]


def test_what_belongs_together_is_never_taken_apart() -> None:
    family, couple = "👩‍👩‍👧", "👩‍👩"
    assert told(f"a {family} b", f"a {couple} b") == [("delete", family), ("insert", couple)]
    assert told("cafe\u0301 au lait", "cafe au lait") == [("delete", "cafe\u0301"), ("insert", "cafe")]
    assert told("🇨🇳!", "🇨🇭!") == [("delete", "🇨🇳"), ("insert", "🇨🇭")]


def test_a_verse_that_moved_is_told_as_moved_from_where_to_where() -> None:
    a = "微风拂面过东楼，\n月满空庭夜未收。\n一树寒声听不得，\n谁家灯火下帘钩。\n"
    b = "月满空庭夜未收。\n一树寒声听不得，\n谁家灯火下帘钩。\n微风拂面过东楼，\n"
    moves = [p for p in checked(a, b) if p.op == "move"]
    assert [(p.end, p.text, p.a, p.b) for p in moves] == [
        ("from", "微风拂面过东楼，\n", (0, 9), (27, 36)),
        ("to", "微风拂面过东楼，\n", (0, 9), (27, 36)),
    ]


def test_a_stanza_moves_as_one_and_part_of_a_sentence_too() -> None:
    stanza = "The harbour lay in fog,\nthe boats in rows of two,\n\nand nobody came.\n"
    rest = "".join(f"Line {n} of the rest stays where it is.\n" for n in range(8))
    assert {p.text.strip() for p in checked(stanza + rest, rest + stanza) if p.op == "move"} == {stanza.strip()}
    a = "Before the storm the old fisherman mended his nets. Then he went home and slept."
    b = "He slept. At dawn the old fisherman mended his nets."
    assert "the old fisherman mended his nets" in [p.text.strip(" .") for p in checked(a, b) if p.op in {"move", "equal"}]


def test_an_added_line_begins_where_a_line_begins() -> None:
    assert told("a b\nc d\n", "a b\na b\nc d\n") == [("insert", "a b\n")]
    assert told("one two three", "one two two three") == [("insert", "two ")]


def test_letters_that_stayed_by_chance_are_no_islands_but_whole_lines_are_kept() -> None:
    a = "Nothing of this was a plan for anybody at all."
    b = "When morning rose a ship stood far beyond the bay."
    assert [p.op for p in checked(a, b)] == ["delete", "insert", "equal"]
    kept = f"{a * 3}\nsilver river\n{a * 3}", f"{b * 3}\nsilver river\n{b * 3}"
    assert any(p.op == "equal" and "silver river" in p.text for p in checked(*kept))


def prose(dice: random.Random, units: list[str], breaks: str, size: int) -> str:
    """A text of `size` characters whose words are as unevenly common as in a language (Zipf)."""
    weights = [1 / (rank + 3) for rank in range(len(units))]
    words = dice.choices(units, weights, k=size // max(1, len(units[0])) + size // 2)
    ended = [word + (dice.choice(breaks) if dice.random() < 0.09 else "") for word in words]
    return (" " if len(units[0]) > 1 else "").join(ended)[:size]


def scattered(dice: random.Random, text: str, edits: int, units: list[str]) -> str:
    """The text after so many insertions, deletions and replacements anywhere in it."""
    letters = list(text)
    for at in sorted(dice.sample(range(len(text) - 9), edits), reverse=True):
        size, word = dice.choice([(0, 1), (3, 0), (2, 1)])
        letters[at : at + size] = [dice.choice(units)] if word else []
    return "".join(letters)


DICE = random.Random(4)
ENGLISH = ["".join(DICE.choices("abcdefghijklmnopqrstuvwxyz", k=DICE.randrange(2, 9))) for _ in range(8000)]
CHINESE = [chr(0x4E00 + n) for n in range(3000)]
LONG_ONES: dict[str, Callable[[], tuple[str, str]]] = {
    "English, 2,000 edits": lambda: (t := prose(DICE, ENGLISH, ",.\n", LONG), scattered(DICE, t, 2000, ENGLISH)),
    "Chinese, 2,000 edits": lambda: (t := prose(DICE, CHINESE, "，。\n", LONG), scattered(DICE, t, 2000, CHINESE)),
    "one paragraph": lambda: (t := prose(DICE, CHINESE, "，。", LONG), scattered(DICE, t, 2000, CHINESE)),
    "English, rewritten": lambda: (prose(DICE, ENGLISH, ",.\n", LONG), prose(DICE, ENGLISH, ",.\n", LONG)),
    "Chinese, rewritten": lambda: (prose(DICE, CHINESE, "，。\n", LONG), prose(DICE, CHINESE, "，。\n", LONG)),
    "lines reversed": lambda: (t := prose(DICE, ENGLISH, ",.\n", LONG), "\n".join(t.split("\n")[::-1])),
    "a refrain": lambda: ("sea fog " * (LONG // 8), "fog sea " * (LONG // 8)),
    "one character": lambda: ("雨" * LONG, "深" * LONG),
    "short lines": lambda: ("a b\n" * (LONG // 4), "b a\n" * (LONG // 4)),
    "two letters": lambda: ("\n".join(DICE.choices("xy", k=LONG // 2)), "\n".join(DICE.choices("xy", k=LONG // 2))),
    "two characters": lambda: ("".join(DICE.choices("雨深", k=LONG)), "".join(DICE.choices("雨深", k=LONG))),
    "spaces": lambda: (" " * LONG, " " * (LONG // 2) + "x" + " " * (LONG // 2)),
}


@pytest.mark.parametrize("name", LONG_ONES)
def test_long_texts_are_compared_in_time(name: str) -> None:
    a, b = LONG_ONES[name]()
    began = time.process_time()
    found = text_diff(a, b)
    took = time.process_time() - began
    assert took < BOUND * 3, f"{took:.2f} s"  # a busy machine takes up to three times what a quiet one does
    assert (old(found), new(found)) == (a, b)
    if "2,000" in name or "paragraph" in name:
        assert sum(len(p.text) for p in found if p.op == "equal") > 0.85 * len(b)
