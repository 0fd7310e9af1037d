"""What prose goes on from, and where it ends."""

from __future__ import annotations

import pytest

from app.brief import Brief
from app.engines.text.ending import Ending, ends_sentence
from app.engines.text.prose import first_sentence, opening
from app.engines.text.transcript import RawToken, Transcript


@pytest.mark.parametrize(
    ("wish", "sentence", "opened"),
    [
        ("The rain fell.", "The rain fell. ", None),
        ("a story about a girl who finds a door", "", "There was once a girl who finds a door."),
        ("Write a short story about two ghosts.", "", "It began with two ghosts."),
        ("a letter to my younger self", "", "Dear younger self,"),
        ("write a scene where a king loses his crown", "", "A king loses his crown."),
        ("autumn in the mountains, prose", "", "It began with autumn in the mountains."),
        ("a story", "", "It began on a morning in autumn."),
    ],
)
def test_a_wish_becomes_a_first_sentence_where_it_is_none(wish: str, sentence: str, opened: str | None) -> None:
    assert first_sentence(Brief(intent=wish)) == sentence
    assert opened is None or opening(Brief(intent=wish)) == opened


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("It rained.", True),
        ("It rained. Mr.", False),
        ("It rained", False),
        ('"It rained.', False),
        ('"It rained."', True),
        ("“It rained.”", True),
        ("He is J.", False),
        ("Did it rain?\n", True),
    ],
)
def test_where_a_sentence_ends(text: str, over: bool) -> None:
    assert ends_sentence(text) is over


def test_near_its_last_token_only_whole_sentences_are_sure() -> None:
    ending, sheet = Ending(10), Transcript()
    for word in ("It", " rained", ".", " Then", " it"):
        sheet.add(RawToken(word.encode(), -1.0))
    assert ending.sure(4, sheet) == 5
    assert ending.sure(6, sheet) == 3
    assert not ending.over(6, sheet)
    sheet.cut(3)
    assert sheet.text == "It rained."
    assert ending.over(6, sheet)
    assert not ending.over(2, sheet)
