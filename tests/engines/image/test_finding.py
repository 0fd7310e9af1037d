"""Searching the library of drawings: the right one is among the first five, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engines.image.composer.finding import find
from app.engines.image.composer.library import Library, library

# English, Chinese, and the labels of which any is right; written down before the search was. The last 50 are no names.
ASKED = [line.split("\t") for line in Path(__file__).with_name("drawings_asked.tsv").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def drawings() -> Library:
    return library()


@pytest.mark.parametrize("language", [0, 1])
def test_the_right_one_is_among_the_first_five_in_four_of_five(drawings: Library, language: int) -> None:
    right = [row[language] for row in ASKED if set(row[2].split("|")) & set(find(drawings, row[language], 5))]
    assert len(right) >= 0.8 * len(ASKED), [row[language] for row in ASKED if row[language] not in right]


@pytest.mark.parametrize("words", ["", " ", "，。", "🦊", "x" * 200])
def test_nothing_said_finds_nothing_and_harms_nothing(drawings: Library, words: str) -> None:
    assert len(find(drawings, words, 5)) <= 5


def test_what_is_called_so_comes_first(drawings: Library) -> None:
    for words in ("fox", "foxes", "Fox ", "狐狸"):
        assert find(drawings, words, 5)[0] == "fox"
