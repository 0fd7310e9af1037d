"""Wildcards: what a seed chooses, and every way in which they can be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.brief import MAX_TEXT, Brief
from app.errors import InvalidError
from app.requests.wildcards import DEEPEST, MOST_CHOICES, Choosing, a_name, as_written, literal, wild

LISTS = {"birds": ["gull", "owl", "{grey|white} heron"], "鸟": ["白鹭"], "sky": ["a __birds__ in the sky"]}


def chosen(text: str, seed: int = 0, lists: Mapping[str, list[str]] = LISTS) -> str:
    return Choosing(lists.get).brief(Brief(intent=text), seed).intent


def refusal(text: str, lists: Mapping[str, list[str]] = LISTS, **fields: object) -> str:
    with pytest.raises(InvalidError) as refused:
        Choosing(lists.get).brief(Brief.model_validate({"intent": text, **fields}), 0)
    (found,) = refused.value.errors()
    return f"{found['field']}: {found['message']}"


def test_the_seed_chooses_and_chooses_the_same_again() -> None:
    text = "a {red|blue} fox, {running|asleep|{under|over} a __birds__}"
    said = [chosen(text, seed) for seed in range(200)]
    assert said == [chosen(text, seed) for seed in range(200)]
    assert {one.split()[1] for one in said} == {"red", "blue"}
    assert {"under", "over"} < {word for one in said for word in one.split()}
    assert not any(wild(one) for one in said)


def test_each_choice_is_as_likely_as_the_others() -> None:
    found = Counter(chosen("{a|b|c|d}", seed) for seed in range(2000))
    assert set(found) == set("abcd")
    assert min(found.values()) > 400


def test_lists_are_named_in_any_script_and_case() -> None:
    assert chosen("一只__鸟__在海边") == "一只白鹭在海边"
    assert chosen("__BIRDS__", 1) == chosen("__birds__", 1)
    assert chosen("__sky__").startswith("a ")


@pytest.mark.parametrize(
    "text", ["{a}", "{}", "a | b", "a } b | c {", "{ a | b", "snake_case", "____", "__ birds __", "__a", "{{}"]
)
def test_what_is_no_wildcard_stays_as_it_is(text: str) -> None:
    assert chosen(text) == text


def test_every_field_is_read_and_the_others_stay() -> None:
    brief = Brief(intent="fox", style="{ink|oil}", materials=["__birds__", "{|snow}"], criteria=["{calm|calm}"], avoid="{x|x}")
    made = Choosing(LISTS.get).brief(brief, 3)
    assert (made.intent, made.criteria, made.avoid) == ("fox", ["calm"], "x")
    assert made.style in {"ink", "oil"}
    assert made.materials[0] in {"gull", "owl", "grey heron", "white heron"}
    assert as_written(brief) == {
        "style": "{ink|oil}",
        "materials": "__birds__\n{|snow}",
        "criteria": "{calm|calm}",
        "avoid": "{x|x}",
    }
    assert as_written(made) == {}


def test_what_cannot_be_chosen_is_said() -> None:
    assert refusal("__fish__") == "brief.intent: this project has no list “fish”"
    assert refusal("__a__", {"a": ["__A__ and more"]}) == "brief.intent: the list “a” names itself, so it has no end"
    circle = {"a": ["x", "{y|__b__}"], "b": ["__c__"], "c": ["__a__"]}
    assert "“a” names itself" in refusal("__a__", circle)  # whatever the seed would have chosen
    assert refusal("x", materials=["snow", "__fish__"]).startswith("brief.materials: ")
    assert refusal("{a|" * (DEEPEST + 1) + "b" + "}" * (DEEPEST + 1)) == (
        f"brief.intent: choices lie in one another more than {DEEPEST} deep"
    )
    deep = {f"l{n}": [f"__l{n + 1}__"] for n in range(DEEPEST + 1)} | {f"l{DEEPEST + 1}": ["end"]}
    assert "lists name one another" in refusal("__l0__", deep)


def test_what_would_grow_without_bounds_ends() -> None:
    doubling = {f"l{n}": [f"__l{n + 1}____l{n + 1}__"] for n in range(18)}
    assert f"more than {MAX_TEXT} characters" in refusal("__l0__", {**doubling, "l18": ["word"]})
    assert f"more than {MOST_CHOICES} choices" in refusal("__l0__", {**doubling, "l18": ["{|}"]})
    wide = {f"l{n}": [" ".join(f"__l{m}__" for m in range(n + 1, 40))] for n in range(40)}
    assert refusal("__l0__", {**wide, "l39": ["end"]})  # thousands of millions of ways, looked at once each


def test_names() -> None:
    assert all(map(a_name, ("birds", "sea_birds", "sea-birds", "海鸟", "b2")))
    assert not any(map(a_name, ("", "_birds", "birds_", "sea__birds", "sea birds", "a|b", "{a}")))


@given(st.text(alphabet="{|}_ab\\\n ", max_size=200), st.integers(0, 2**53 - 1))
def test_whatever_is_written_is_chosen_or_refused(text: str, seed: int) -> None:
    try:
        made = chosen(text, seed, {"a": ["b"], "b": ["{a|b}"]})
    except InvalidError:
        return
    assert len(made) <= len(text)
    assert wild(text) or made == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"\{a|b\}", "{a|b}"),
        (r"\{a|b}", "{a|b}"),
        (r"{a\|b}", "{a|b}"),
        (r"\__birds__", "__birds__"),
        (r"\__birds\__ and {x|x}", "__birds__ and x"),
        (r"\\{a|a}", r"\a"),
        (r"\\\{a|b\}", r"\{a|b}"),
        (r"C:\dir\\x", r"C:\dir\\x"),
    ],
)
def test_a_backslash_leaves_a_sign_as_it_is(text: str, read: str) -> None:
    assert chosen(text) == read


@given(st.text(alphabet="{|}_ab\\ ", max_size=60), st.integers(0, 99))
def test_a_literal_brief_reads_as_it_stands(text: str, seed: int) -> None:
    brief = Brief(intent=text, materials=["{a|b}"])
    kept = literal(brief)
    assert Choosing({}.get).brief(kept, seed) == brief
    assert literal(Brief(intent="{a} | b")).intent == "{a} | b", "nothing to be chosen: nothing is said of it"
