"""The table of verbs, row by row: what it promises is there, and it is the only list of verbs."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from app.brief import Brief, Medium
from app.engines.catalog import RefusedError, able, catalog
from app.engines.engine import Engine
from app.engines.music.ace_step import AceStep
from app.engines.music.musicgen import MusicGen
from app.engines.text.hub import Hub
from app.engines.text.remote import INSTRUCTED, PLAIN
from app.models.edge import ROLES
from app.requests.place import FIELDS, READERS
from app.requests.starts import HOLDS
from app.settings import ROOT, Settings
from app.verbs.place import Place
from app.verbs.rule import EVERY, SHEET
from app.verbs.verb import Verb, keys, rule_of, toolbar, verbs_in
from app.web.templates import translations

ASKED = [verb for verb in Verb if verb.rule.media]
BENCHES = {Medium.IMAGE: (Medium.IMAGE,), Medium.TEXT: (Medium.TEXT, SHEET), Medium.MUSIC: (Medium.MUSIC,)}
ELSEWHERE = {Verb.CREATE, Verb.BRANCH}  # asked for by the brief's form, and by a press on a token


@pytest.mark.parametrize(("verb", "medium"), [(verb, medium) for verb in ASKED for medium in verb.rule.media])
def test_an_engine_does_it_or_it_is_said_what_would(verb: Verb, medium: Medium, config: Settings) -> None:
    engines = catalog(config)
    if any(verb in engine.verbs for engine in engines.values() if engine.medium == medium):
        return
    with pytest.raises(RefusedError) as refused:
        able(engines, medium, verb, Brief(intent="rain"), (), ("text/plain",))
    assert refused.value.reasons


def test_no_engine_claims_what_its_medium_has_not(config: Settings) -> None:
    engines: list[Engine | type[Engine]] = [*catalog(config).values(), Hub, AceStep, MusicGen]
    assert [engine.name for engine in catalog(config).values() if not engine.verbs] == []
    assert [one for one in engines if not one.verbs <= verbs_in(one.medium)] == []
    assert verbs_in(Medium.TEXT) >= INSTRUCTED | PLAIN


@pytest.mark.parametrize("verb", ASKED)
def test_a_row_is_whole(verb: Verb) -> None:
    rule = verb.rule
    assert rule.word
    assert bool(rule.role) == bool(rule.how) == (rule.sources > 0)
    assert set(rule.holds) <= set(rule.media) & HOLDS.keys()
    assert set(rule.takes) <= {"strength", "mask", *FIELDS}
    assert {FIELDS[name] for name in rule.takes if name in FIELDS} <= set(rule.media)
    assert rule.count == 1 or not rule.single
    assert rule.draft or rule.sources  # what is missing comes from somewhere
    assert rule.buttons or verb in ELSEWHERE
    shown = {bar for button in rule.buttons for bar in button.bars}
    assert shown <= {bar for medium in rule.media for bar in BENCHES[medium]}
    assert verb in ELSEWHERE or all(shown & set(BENCHES[medium]) for medium in rule.media)


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in ASKED])
def test_what_cannot_be_asked_for_is_an_edge(verb: Verb) -> None:
    assert verb.rule.role
    assert (verb.rule.word, verb.rule.buttons) == ("", ())


def test_every_field_of_a_place_is_read_and_taken() -> None:
    assert FIELDS.keys() == READERS.keys() == Place.model_fields.keys() - {"leave_out"}
    assert {name for verb in ASKED for name in verb.rule.takes} == {"strength", "mask", *FIELDS}


@pytest.mark.parametrize("verb", Verb)
def test_its_words_are_said_in_both_languages(verb: Verb) -> None:
    labels = [text for button in verb.rule.buttons for text in (button.label, button.legend)]
    for text in filter(None, (verb.rule.word, verb.rule.role, verb.rule.how, *labels)):
        assert translations("zh").gettext(text) != text, text


@pytest.mark.parametrize("medium", BENCHES)
def test_a_key_does_one_thing_on_a_bench(medium: Medium, web: TestClient, project: str) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "Work", "medium": medium}).json()["id"]
    page = web.get(f"/works/{work}", headers={"Accept": "text/html"}).text
    pressed = [chord for value in re.findall(r'aria-keyshortcuts="([^"]+)"', page) for chord in value.split()]
    assert sorted(pressed) == sorted(set(pressed))
    wanted = [chord for bar in BENCHES[medium] for _verb, button in toolbar(bar) for chord in button.keys]
    assert wanted
    assert set(wanted) <= set(pressed)
    told = [chord for bar in ("", *BENCHES[medium]) for chords, _label in keys(bar) for chord in chords]
    listed = re.findall(r"<kbd>([^<]+)</kbd>", page)
    assert [listed.count(chord) for chord in told] == [1] * len(told)


def test_the_buttons_on_every_bench_are_listed_once() -> None:
    assert len(keys()) == sum(set(EVERY) <= set(button.bars) for verb in Verb for button in verb.rule.buttons)


def test_a_word_of_a_row_is_read_as_its_verb_or_as_nothing() -> None:
    assert {*ROLES} == {*map(str, Verb)} - {"create"} | {"damaged"}
    assert max(map(len, Verb)) <= 12  # the column's width
    assert rule_of("vary") is Verb.VARY.rule
    assert not any(rule_of(word).media for word in ("damaged", None, "sing"))


def test_there_is_no_other_list_of_verbs() -> None:
    names = "|".join(Verb)
    word = re.compile(rf"""["'](?P<verb>{names})["']|Verb\.(?P<member>[A-Z]+)""")
    found = []
    for folder, kind in (
        ("static/js", "js"),
        ("templates", "html"),
        ("app/web", "py"),
        ("app/requests", "py"),
        ("app/models", "py"),
    ):
        for path in sorted((ROOT / folder).rglob(f"*.{kind}")):
            text = path.read_text("utf-8")
            for one, next_one in pairwise(word.finditer(text)):
                if re.fullmatch(r"\s*[,:|]\s*", text[one.end() : next_one.start()]):
                    found.append(f"{path.relative_to(ROOT)}: {one[0]}, {next_one[0]}")
    assert found == []
