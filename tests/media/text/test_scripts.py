"""Where a text may be cut: words, characters as a reader sees them, scripts."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from app.media.text.scripts import HAN, WORD, parts_character, tongue


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's a well-known sea.", ["It's", " ", "a", " ", "well-known", " ", "sea", "."]),
        ("秋风cafe\u0301起", ["秋", "风", "cafe\u0301", "起"]),
        ("🇫🇷🇨🇳👩\u200d👧👍🏽!", ["🇫🇷", "🇨🇳", "👩\u200d👧", "👍🏽", "!"]),
        ("กำแพง カナ", [*regex.findall(r"\X", "กำแพง"), " ", "カ", "ナ"]),
        ("a \n\n b", ["a", " ", "\n", "\n", " ", "b"]),
        ("𠀀〇々", ["𠀀", "〇", "々"]),
    ],
)
def test_words_are_letters_together_and_characters_of_scripts_without_spaces(text: str, words: list[str]) -> None:
    assert WORD.findall(text) == words


@given(st.text(st.sampled_from("a 秋é\u0301👩\u200d🏽🇫🇷\n'-ー"), max_size=30))
def test_words_are_the_whole_text_and_part_no_character(text: str) -> None:
    words = WORD.findall(text)
    assert "".join(words) == text
    at = 0
    for word in words:
        assert not parts_character(text, at) or regex.match(r"[\p{M}\p{EMod}\u200d\n]", text[at])
        at += len(word)


def test_what_a_reader_sees_as_one_is_not_parted() -> None:
    text = "e\u0301👩\u200d👧" + "🇫🇷" * 40
    seen = [match.start() for match in regex.finditer(r"\X", text)]
    assert [at for at in range(1, len(text)) if not parts_character(text, at)] == seen[1:]


def test_the_language_is_what_there_is_more_of() -> None:
    assert (tongue("秋风 wind"), tongue("the wind 风"), tongue("")) == ("zh", "en", "en")
    assert HAN.match("ー") is None
