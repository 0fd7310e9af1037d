"""What a model is told, and what stays of the artist's text."""

from __future__ import annotations

import pytest

from app.brief import Brief
from app.engines.engine import EngineParams, Parent, Request, Strength, Verb
from app.engines.text.tasks import kept_length, task_of, tongue
from app.errors import EngineError

POEM = "The leaves fall.\nThe heron stands.\nThe wind goes home.\n"


def request(verb: Verb, *texts: str, brief: str = "a poem on autumn", **rest: object) -> Request:
    parents = tuple(Parent(verb, text.encode(), "text/plain", None, None, {}) for text in texts)
    return Request(verb, Brief(intent=brief), EngineParams(), (1,), parents, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("prefills", [True, False])
def test_a_new_text_has_its_brief_in_its_own_language(*, prefills: bool) -> None:
    english = task_of(request(Verb.CREATE), prefills=prefills)
    chinese = task_of(request(Verb.CREATE, brief="写一首抒情诗，描述秋日的景色"), prefills=prefills)
    assert "a poem on autumn" in english.message
    assert chinese.message.startswith("写一首抒情诗，描述秋日的景色。只写"), "an order is not ordered twice"
    assert task_of(request(Verb.CREATE, brief="秋日的景色"), prefills=prefills).message.startswith("请写：秋日的景色。")
    assert (tongue("一首 haiku"), tongue("a haiku on 秋")) == ("zh", "en")


def test_what_is_to_be_avoided_is_said() -> None:
    asked = Request(Verb.CREATE, Brief(intent="a poem", avoid="hearts"), EngineParams(), (1,))
    assert "Avoid: hearts." in task_of(asked, prefills=True).message


def test_a_continuation_goes_on_from_the_cursor_and_keeps_what_follows() -> None:
    task = task_of(request(Verb.CONTINUE, POEM, at=16), prefills=True)
    assert (task.before, task.answer, task.after) == (POEM[:16], POEM[:16], POEM[16:])
    told = task_of(request(Verb.CONTINUE, POEM, at=16), prefills=False)
    assert (told.before, told.answer, told.after) == (POEM[:16], "", POEM[16:])
    assert POEM[:16] in told.message
    assert "The heron stands." in told.message


VERSE = "The leaves are falling on the lake.\nA heron stands and listens to the rain."


@pytest.mark.parametrize("prefills", [True, False])
@pytest.mark.parametrize(
    ("text", "at", "before", "after"),
    [
        (VERSE, len(VERSE), f"{VERSE}\n", ""),  # a whole line: what follows stands on one of its own
        (f"{VERSE}\n", len(VERSE) + 1, f"{VERSE}\n", ""),
        (f"{VERSE}\nAnd the", len(VERSE) + 8, f"{VERSE}\nAnd the", ""),  # a line that is being written goes on
        ("One sentence. And another.", 26, "One sentence. And another.", ""),  # prose goes on in its paragraph
        (f"{VERSE}\n\nThe end.", len(VERSE), f"{VERSE}\n", "\n\nThe end."),
        (f"{VERSE}\nThe end.", len(VERSE) + 1, f"{VERSE}\n", "\nThe end."),  # at the beginning of a line
        ("The fox sleeps.", 4, "The ", " fox sleeps."),
        ("The fox, asleep.", 7, "The fox", ", asleep."),
    ],
)
def test_a_continuation_keeps_line_breaks(text: str, at: int, before: str, after: str, *, prefills: bool) -> None:
    task = task_of(request(Verb.CONTINUE, text, at=at), prefills=prefills)
    assert (task.before, task.after) == (before, after)


def test_a_branch_drops_what_stood_there_and_begins_with_the_choice() -> None:
    task = task_of(request(Verb.BRANCH, POEM, at=4, choice="river"), prefills=True)
    assert (task.before, task.given, task.answer, task.after) == ("The ", "river", "The river", "")


def test_a_line_begins_on_a_line_of_its_own() -> None:
    task = task_of(request(Verb.LINE, POEM.rstrip()), prefills=True)
    assert (task.before, task.stops) == (POEM, ("\n",))
    assert task_of(request(Verb.LINE, ""), prefills=True).before == ""


def test_a_rewriting_leaves_the_rest_and_its_white_space_alone() -> None:
    start, end = POEM.index("\nThe heron"), POEM.index("The wind")
    task = task_of(request(Verb.REWRITE, POEM, selection=(start, end), instruction="Make it a fox."), prefills=True)
    assert (task.before, task.after) == ("The leaves fall.\n", "\nThe wind goes home.\n")
    assert "Make it a fox." in task.message
    assert "\n\nThe heron stands.\n\n" in task.message


def test_a_passage_keeps_its_length_unless_another_is_asked() -> None:
    for instruction, kept_long in (
        ("", True),
        ("Make it sadder.", True),
        ("Make it longer.", False),
        ("In more detail.", False),
    ):
        task = task_of(request(Verb.REWRITE, POEM, selection=(4, 10), instruction=instruction), prefills=True)
        assert ("about as long" in task.message) is kept_long
        assert task.stops == ("\n",), "a part of a line stays in it"
    assert task_of(request(Verb.REWRITE, POEM, selection=(0, 30)), prefills=True).stops == ()


@pytest.mark.parametrize(
    ("text", "strength", "stays"),
    [
        (POEM, Strength.SUBTLE, "The leaves fall.\nThe heron stands.\n"),
        (POEM, Strength.STRONG, "The leaves fall.\n"),
        ("One. Two! Three? Four.", Strength.SUBTLE, "One. Two! Three? "),
        ("秋空千里留，路废一身深。雨过山河上。", Strength.STRONG, "秋空千里留，"),
        ("秋空千里留，路废一身深。\n雨过山河上，云如江海滨。\n", Strength.SUBTLE, "秋空千里留，路废一身深。\n雨过山河上，"),
        ("秋空千里留，路废一身深。\n雨过山河上，云如江海滨。\n", Strength.STRONG, "秋空千里留，"),
        ("One, two. Three.", Strength.STRONG, "One, "),
        ("only four words here", Strength.STRONG, "only "),
        ("word", Strength.SUBTLE, ""),
        ("", Strength.SUBTLE, ""),
    ],
)
def test_a_variation_keeps_whole_lines_sentences_clauses_or_words(text: str, strength: Strength, stays: str) -> None:
    assert text[: kept_length(text, strength)] == stays


def test_two_texts_are_joined_and_one_cannot_be() -> None:
    assert all(text in task_of(request(Verb.JOIN, "One.", "Two."), prefills=False).message for text in ("One.", "Two."))
    with pytest.raises(EngineError, match="two texts"):
        task_of(request(Verb.JOIN, "One."), prefills=False)


def test_a_translation_goes_into_the_other_language() -> None:
    assert "into Chinese" in task_of(request(Verb.TRANSLATE, POEM, brief=""), prefills=False).message
    assert "译成英文" in task_of(request(Verb.TRANSLATE, "秋空千里留", brief=""), prefills=False).message


@pytest.mark.parametrize(
    "asked",
    [
        request(Verb.CONTINUE),
        request(Verb.CONTINUE, POEM, at=len(POEM) + 1),
        request(Verb.REWRITE, POEM, selection=(5, 5)),
        request(Verb.REWRITE, POEM, selection=(0, 999)),
        request(Verb.REWRITE, "a   b", selection=(1, 3)),
        Request(Verb.VARY, Brief(), EngineParams(), (1,), (Parent("vary", b"x", "image/png", None, None, {}),)),
    ],
    ids=["no parent", "beyond the end", "nothing selected", "too much selected", "white space", "a picture"],
)
def test_what_cannot_be_is_said(asked: Request) -> None:
    with pytest.raises(EngineError):
        task_of(asked, prefills=True)
