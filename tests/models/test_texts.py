"""Forms as they are asked for, and tokens along a line of descent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.engines.engine import Token
from app.errors import InvalidError
from app.lineage.by_hand import tokens_of
from app.media.text.prosody.asked import cleaned_form, form_of
from app.media.text.prosody.offered import filled
from app.media.text.prosody.presets import preset
from app.models import Project, Revision, Role, Transcript, Work
from app.models.artist import local_artist
from app.models.revision import edges
from app.models.transcript import pack_tokens, unpack_tokens
from app.storage.db import Database


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that writes."""
    with database.writing() as opened:
        yield opened


def a_text(session: Session, work: Work, text: str, words: list[tuple[int, int]], *parents: Revision) -> Revision:
    """A revision, and the records of those of its words that an engine wrote."""
    artist = local_artist(session)
    revision = Revision(
        work_id=work.id,
        number=work.numbers(1)[0],
        origin="engine",
        text=text,
        created_by_id=artist.id,
        parents=edges([(parent.id, Role.CONTINUE) for parent in parents]),
    )
    session.add(revision)
    session.flush()
    if words:
        tokens = (Token(start, end, text[start:end], -1.0) for start, end in words)
        session.add(Transcript(revision_id=revision.id, tokens=pack_tokens(tokens)))
    session.flush()
    session.refresh(revision)
    return revision


def said(revision: Revision) -> list[str]:
    """The tokens that still stand."""
    return [record["text"] for record in tokens_of(revision)]


def test_tokens_come_down_the_line_of_descent_up_to_where_the_texts_part(session: Session) -> None:
    artist = local_artist(session)
    project = Project(owner_id=artist.id, name="Coast")
    session.add(project)
    session.flush()
    work = artist.works.create(project, "River", "text")
    root = a_text(session, work, "one two three", [(0, 3), (3, 7), (7, 13)])
    longer = a_text(session, work, "one two three four", [(13, 18)], root)
    assert said(longer) == ["one", " two", " three", " four"]
    branched = a_text(session, work, "one six seven", [(3, 7), (7, 13)], longer)
    assert said(branched) == ["one", " six", " seven"]  # what came after " two" was likely after other words
    edited = a_text(session, work, "One six seven", [], branched)
    assert said(edited) == []
    again = a_text(session, work, "one six seven, eight", [(13, 20)], branched)
    assert said(again) == ["one", " six", " seven", ", eight"]


def test_a_chance_that_json_cannot_say_is_null() -> None:
    (record,) = unpack_tokens(pack_tokens([Token(0, 1, "a", float("-inf"), forced=True)]))
    assert (record["logprob"], record["forced"], record["alternatives"]) == (None, True, [])


def test_a_form_is_a_preset_and_what_is_to_be_otherwise() -> None:
    assert form_of(None) == form_of({}) == form_of({"preset": ""}) == preset("free")
    assert form_of({"preset": "haiku"}) == preset("haiku")
    form = form_of({"preset": "qijue", "must": "秋，菊", "avoid": ["春"], "lines": ""})
    assert (form.lines, form.must, form.avoid) == (4, ("秋", "菊"), ("春",))


@pytest.mark.parametrize(
    ("said", "measure"),
    [("5 7 5", ((5, 5), (7, 7), (5, 5))), ("8-10, 6", ((8, 10), (6, 6))), (7, ((7, 7),)), ([5, [5, 7]], ((5, 5), (5, 7)))],
)
def test_lengths_as_people_write_them(said: Any, measure: Any) -> None:
    assert form_of({"language": "en", "measure": said}).measure == measure


def test_regulated_verse_may_begin_as_one_likes() -> None:
    form = form_of({"preset": "wujue", "start": "平", "first_rhymed": "true"})
    assert [pattern.tones[0][1] for pattern in form.patterns] == ["平"]
    assert [pattern.rhyme[0] for pattern in form.patterns] == ["A"]
    assert len(form_of({"preset": "wujue", "start": "仄"}).patterns) == 2


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"preset": "wujue", "start": "up"}, "form.start"),
        ({"preset": "wujue", "first_rhymed": "perhaps"}, "form.first_rhymed"),
        ({"preset": "haiku", "metre": "x/y"}, "form.metre"),
        ({"measure": 5}, "form"),  # of which language?
        ({"__class__": "x"}, "form.__class__"),
        ({"preset": ["haiku"]}, "form.preset"),
        ({"preset": "wujue", "start": ["平"]}, "form.start"),
        ({"preset": "wujue", "first_rhymed": {}}, "form.first_rhymed"),
        ({"must": ["a\0b"]}, "form.must.0"),
    ],
)
def test_what_is_no_form_names_its_field(data: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as raised:
        form_of(data)
    assert raised.value.fields[0][0] == field


@pytest.mark.parametrize("field", ["must", "acrostic", "name"])
def test_half_a_character_is_no_word(field: str) -> None:
    with pytest.raises(InvalidError, match="form"):
        form_of({field: ["\ud800"] if field == "must" else "\ud800"})


def test_what_is_kept_makes_the_same_form_again() -> None:
    data = {"preset": "qilv", "must": "月、江", "start": "仄", "rhyme": "", "lines": None}
    assert cleaned_form(cleaned_form(data)) == cleaned_form(data)
    assert form_of(cleaned_form(data)) == form_of(data)


def test_tones_of_ones_own_are_a_form() -> None:
    form = form_of({"tones": "平平仄仄平\n仄仄仄平平", "rhyme": "xA"})
    assert (form.total, form.measure, form.language) == (2, ((5, 5), (5, 5)), "zh")
    assert (form.patterns[0].tones, form.patterns[0].rhyme) == (("平平仄仄平", "仄仄仄平平"), "xA")
    assert form_of(cleaned_form({"tones": "平平仄仄平\n仄仄仄平平", "rhyme": "xA"})) == form
    for wrong in ("平a", ["平", 3], {"平": 1}):
        with pytest.raises(InvalidError, match=r"form\.tones"):
            form_of({"tones": wrong})


def test_what_is_asked_for_is_told_as_a_page_holds_it_and_comes_back_the_same() -> None:
    data = {"language": "zh", "measure": [[8, 10], 7], "must": ["秋", "月"], "marks": "，。", "repeat": True}
    told = filled(data)
    assert (told["measure"], told["must"]) == ("8-10 7", "秋\n月")
    assert json.loads(told["rest"]) == {"marks": "，。", "repeat": True}
    assert form_of({**json.loads(told.pop("rest")), **told}) == form_of(data)
    assert filled({"preset": "qijue", "first_rhymed": False})["first_rhymed"] == "false"
    assert filled(None)["rest"] == ""
