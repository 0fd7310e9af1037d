"""English without a form, and which form a brief takes for granted."""

from __future__ import annotations

import pytest
import torch

from app.brief import Brief
from app.engines.engine import EngineParams, Parent, Request, Verb
from app.engines.text.english_forms import LYRIC, english_form, line_by_line, rhymes
from app.engines.text.english_only import EnglishOnly, remarks

POEM = """The golden leaves are falling down,
They drift along the river's side,
And every street in every town
Is quiet as the turning tide.

The morning light is thin and cold,
The branches bend beneath the rain,
And all the stories we were told
Come walking slowly back again."""


def wish(intent: str, verb: Verb = Verb.CREATE, text: str = "") -> Request:
    parents = (Parent(verb, text.encode(), "text/plain", None, None, {}),) if text else ()
    return Request(verb, Brief(intent=intent), EngineParams(), (1,), parents)


def test_only_letters_of_english_may_be_written() -> None:
    pieces = [b" leaf", "é".encode(), "秋".encode(), "秋".encode()[:2], "’".encode(), "’".encode()[:2], "ж".encode(), b"\n"]
    usable = torch.tensor([True] * 7 + [False])
    assert EnglishOnly(usable, pieces).allowed([]).tolist() == [True, True, False, False, True, True, False, False]


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("Here is the text as requested.", True),
        ("Sure! A poem about the sea:", True),
        ("Title: Autumn", True),
        ("Stanza 1:", True),
        ("Here is the river where we met,", False),
        ("This is the house of a quiet god", False),
        ("Sure as the tide, the boats come home", False),
    ],
)
def test_a_remark_is_told_from_a_line(line: str, is_one: bool) -> None:
    assert remarks(line) is is_one


@pytest.mark.parametrize(
    ("request_", "form", "by_line"),
    [
        (wish("a poem about rain"), LYRIC, True),
        (wish("a poem about rain in free verse"), None, True),
        (wish("unrhymed verses on rain"), None, True),
        (wish("a story about rain"), None, False),
        (wish("a poem about autumn", Verb.VARY, POEM), LYRIC, True),
        (wish("a poem about autumn", Verb.VARY, "One line of my own\nand another"), None, True),
        (wish("a poem about autumn", Verb.CONTINUE, POEM), None, False),
    ],
)
def test_the_form_that_a_brief_takes_for_granted(request_: Request, form: object, by_line: bool) -> None:
    assert english_form(request_) == form
    assert line_by_line(request_, english_form(request_)) is by_line


def test_which_line_has_to_rhyme() -> None:
    lines = POEM.splitlines(keepends=True)
    told = [rhymes(LYRIC, "".join(lines[:at])) for at in range(9) if at != 4]
    assert told == [False, False, False, True, False, False, False, True]
