"""What is longer than a model reads: how long it is, what can be left unread, and that the text keeps every word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.brief import Brief
from app.engines.engine import Content, Fit, Parent, Part, Request, Strength, Verb
from app.engines.text.hub import Hub
from app.engines.text.remote import Remote
from app.engines.text.tasks import Task
from app.engines.text.token_budget import unread_length
from app.settings import TextSetting
from tests.engines.text.tiny_hub import tiny_hub

LINES = "".join(f"line {at} of the rain on the lake.\n" for at in range(90))
BRIEF = Brief(intent="a poem about rain", materials=["wet stones " * 30])
CONTEXT = 512


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_hub(tmp_path_factory.mktemp("narrow"), context=CONTEXT)


def hub(folder: Path, *, loaded: bool = True) -> Hub:
    engine = Hub(TextSetting(name="mine", kind="transformers", model=str(folder)))
    if loaded:
        engine.load("cpu")
    return engine


def asked(engine: Hub | Remote, verb: Verb, text: str = LINES, brief: Brief = BRIEF, **rest: object) -> Request:
    parents = (Parent(verb, text.encode(), "text/plain", None, None, {}),)
    return Request(verb, brief, engine.Params(tokens=24), (1,), parents, **rest)  # type: ignore[arg-type]  # the rest of a request


def fit(engine: Hub | Remote, request: Request) -> Fit:
    found = engine.fit(request)
    assert found is not None
    return found


def leaving(request: Request, *parts: Part) -> Request:
    return replace(request, leave_out=frozenset(parts))


def test_a_short_request_fits(folder: Path) -> None:
    found = fit(hub(folder), asked(hub(folder), Verb.CONTINUE, "rain\n", Brief(intent="rain")))
    assert not found.over
    assert found.parts == {}
    assert found.most == CONTEXT - 24


def test_what_fits_leaves_room_for_the_shortest_answer(folder: Path) -> None:
    engine = hub(folder)
    request = leaving(replace(asked(engine, Verb.CONTINUE), params=engine.Params(tokens=2)), Part.BEGINNING)
    assert not fit(engine, request).over
    (content,) = (part for part in engine.run(request) if isinstance(part, Content))
    assert len(content.data.decode()) > len(LINES)


@pytest.mark.parametrize("verb", [Verb.CONTINUE, Verb.LINE, Verb.VARY])
def test_the_beginning_is_cut_between_lines_and_the_text_keeps_it(folder: Path, verb: Verb) -> None:
    engine = hub(folder)
    request = asked(engine, verb, brief=Brief(intent="rain"), strength=Strength.SUBTLE if verb is Verb.VARY else None)
    found = fit(engine, request)
    assert found.over
    assert set(found.parts) == {Part.BEGINNING}
    request = leaving(request, Part.BEGINNING)
    assert not fit(engine, request).over
    (content,) = (part for part in engine.run(request) if isinstance(part, Content))
    unread = content.facts["left_out"]["beginning"]
    assert 0 < unread < len(LINES)
    assert LINES[unread - 1] == "\n"
    assert LINES[unread:].splitlines()[0] in content.facts["prompt"]
    assert LINES[:unread].splitlines()[-1] not in content.facts["prompt"]
    assert CONTEXT / 2 < content.facts["prompt_tokens"] <= CONTEXT - 24, "no more is left out than must be"
    kept = LINES if verb is not Verb.VARY else LINES[: content.facts["kept"]]
    assert content.data.decode().startswith(kept)


def test_each_part_tells_what_it_saves(folder: Path) -> None:
    engine = hub(folder)
    other = Parent("inspire", ("the sea at night " * 40).encode(), "text/plain", None, None, {})
    request = asked(engine, Verb.CREATE, brief=Brief(intent="rain", materials=["wet stones " * 40]))
    request = replace(request, parents=(other,))
    found = fit(engine, request)
    assert found.over
    assert set(found.parts) == {Part.INSPIRATION, Part.MATERIALS}
    for part, saved in found.parts.items():
        assert fit(engine, leaving(request, part)).tokens == found.tokens - saved
    request = leaving(request, Part.INSPIRATION, Part.MATERIALS)
    (content,) = (part for part in engine.run(request) if isinstance(part, Content))
    assert content.facts["left_out"] == {"inspiration": True, "materials": True}
    assert "stones" not in content.facts["prompt"]
    assert "sea" not in content.facts["prompt"]


def test_of_a_passage_its_surroundings_can_be_left_out_and_stay_to_the_byte(folder: Path) -> None:
    engine, start = hub(folder), LINES.index("line 45")
    request = asked(engine, Verb.REWRITE, brief=Brief(intent="rain"), selection=(start, start + 7))
    assert {Part.BEGINNING, Part.AFTER} <= set(fit(engine, request).parts)
    request = leaving(request, Part.BEGINNING, Part.AFTER)
    assert not fit(engine, request).over
    (content,) = (part for part in engine.run(request) if isinstance(part, Content))
    text = content.data.decode()
    assert text.startswith(LINES[:start])
    assert text.endswith(LINES[start + 7 :])
    assert "line 46" not in content.facts["prompt"]


def test_a_model_that_is_not_loaded_is_measured_nearly_alike(folder: Path) -> None:
    request = asked(hub(folder, loaded=False), Verb.CONTINUE)
    here, there = fit(hub(folder, loaded=False), request), fit(hub(folder), request)
    assert here.most == there.most
    assert abs(here.tokens - there.tokens) <= 64  # a template


def test_a_service_is_measured_where_its_setting_tells_how_much_it_reads() -> None:
    told = TextSetting(name="far", url="https://far.example/v1", model="m", context=CONTEXT)
    engine = Remote(told, {})
    request = asked(engine, Verb.CONTINUE, brief=Brief(intent="雨"))
    assert set(fit(engine, request).parts) == {Part.BEGINNING}
    assert not fit(engine, leaving(request, Part.BEGINNING)).over
    assert Remote(told.model_copy(update={"context": None}), {}).fit(request) is None


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("one. two. three. four. five. six. ", ". "),
        ("word " * 9, " "),
        ("秋风起兮白云飞草木黄落兮雁南归", ""),
        ("👨‍👩‍👧" * 9, ""),
    ],
)
def test_where_lines_are_too_long_it_is_cut_at_what_is_next_smaller(text: str, ends: str) -> None:
    def make(unread: int) -> Task:
        return Task("", answer=text, unread=unread)

    unread = unread_length(text, make, lambda task: len(task.begun), 11)
    assert 5 < len(text) - unread <= 11
    assert text[:unread].endswith(ends)
