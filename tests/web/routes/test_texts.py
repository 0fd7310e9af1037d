"""Texts over HTTP: a draft that knows who wrote what, revisions by hand, places of verbs, tokens, readings, stops, forms."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from app.engines.engine import Alternative, Token
from app.models import DraftSave, Generation, Reading, Revision, Transcript, Work
from app.models.artist import local_artist
from app.models.transcript import pack_tokens
from app.storage.db import Database

POEM = "The river sleeps.\nA heron wakes."
FAMILY = "ten 👨‍👩‍👧 and e\u0301 שלום"
CHANCES = (Alternative(" river", -0.5), Alternative(" moon", -1.5))


@pytest.fixture
def work(web: TestClient, project: str) -> str:
    """The id of a work of words."""
    return str(web.post(f"/projects/{project}/works", json={"title": "Coast", "medium": "text"}).json()["id"])


@pytest.fixture
def poem(web: TestClient, work: str, database: Database) -> str:
    """A revision that an engine wrote in `work`, with the tokens of its first line's beginning."""
    with database.writing() as session:
        revision = Revision(
            work_id=UUID(work),
            number=1,
            origin="engine",
            verb="create",
            brief_data={"intent": "a river at night"},
            engine="smollm",
            params={"temperature": 0.7},
            text=POEM,
            origins=[[0, len(POEM), "engine"]],
            created_by_id=local_artist(session).id,
        )
        session.add(revision)
        session.flush()
        tokens = (Token(0, 3, "The", -2.0), Token(3, 9, " river", -0.5, alternatives=CHANCES), Token(9, 16, " sleeps", None))
        session.add(Transcript(revision_id=revision.id, tokens=pack_tokens(tokens)))
        session.get_one(Work, UUID(work)).last_number = 1
        return str(revision.id)


def put(web: TestClient, work: str, **fields: Any) -> dict[str, Any]:
    """Save the draft at its present version, insist, and give the answer."""
    version = web.get(f"/works/{work}/draft").json()["version"]
    answer = web.put(f"/works/{work}/draft", json={"version": version, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def wrong(answer: Any, field: str, status: int = 422) -> str:
    """What is said about `field`, which must be what is wrong."""
    assert answer.status_code == status, answer.text
    said = {one["field"]: one["message"] for one in answer.json()["fields"]}
    assert field in said, said
    return str(said[field])


def ask(web: TestClient, work: str, **wish: Any) -> Any:
    """Ask for a generation."""
    return web.post(f"/works/{work}/generations", json=wish)


def by(origins: list[dict[str, Any]], text: str) -> list[tuple[str, str]]:
    """The ranges as (words, who)."""
    return [(text[span["start"] : span["end"]], span["by"]) for span in origins]


class TestDraft:
    def test_a_draft_keeps_text_and_origins_in_code_points(self, web: TestClient, work: str) -> None:
        spans = [{"start": 0, "end": 4, "by": "hand"}, {"start": 4, "end": len(FAMILY), "by": "paste"}]
        kept = put(web, work, text=FAMILY, origins=spans)
        assert kept["text"] == FAMILY
        assert kept["origins"] == spans == web.get(f"/works/{work}/draft").json()["origins"]

    def test_what_get_gives_put_takes_back(self, web: TestClient, work: str) -> None:
        put(web, work, text=POEM, origins=[{"start": 0, "end": len(POEM), "by": "import"}], form={"preset": "couplet"})
        got = web.get(f"/works/{work}/draft").json()
        back = put(web, work, **{name: value for name, value in got.items() if name != "version"})
        assert (back["text"], back["origins"], back["form"]) == (got["text"], got["origins"], {"preset": "couplet"})

    def test_a_program_that_knows_nothing_of_origins_loses_none(self, web: TestClient, work: str) -> None:
        put(web, work, text=POEM, origins=[{"start": 0, "end": len(POEM), "by": "engine"}])
        edited = POEM.replace("heron", "grey heron")
        after = put(web, work, text=edited)
        assert by(after["origins"], edited) == [
            ("The river sleeps.\nA ", "engine"),
            ("grey ", "hand"),
            ("heron wakes.", "engine"),
        ]

    @pytest.mark.parametrize(
        "spans",
        [
            [],
            [{"start": 0, "end": 3, "by": "hand"}],
            [{"start": 0, "end": 5, "by": "hand"}, {"start": 6, "end": 8, "by": "hand"}],
            [{"start": 0, "end": 99, "by": "hand"}],
        ],
    )
    def test_ranges_that_do_not_cover_are_refused(self, web: TestClient, work: str, spans: list[Any]) -> None:
        answer = web.put(f"/works/{work}/draft", json={"version": 1, "text": "eight ch", "origins": spans})
        wrong(answer, "origins")
        assert web.get(f"/works/{work}/draft").json()["text"] is None

    def test_nobody_else_writes(self, web: TestClient, work: str) -> None:
        span = {"start": 0, "end": 1, "by": "muse"}
        wrong(web.put(f"/works/{work}/draft", json={"version": 1, "text": "a", "origins": [span]}), "origins.0.by")

    @pytest.mark.parametrize("bad", ["a\\ud800b", "a\\u0000b", "a\\u0007b", "a\\u009fb"])
    def test_what_cannot_be_read_is_refused_with_its_place(self, web: TestClient, work: str, bad: str) -> None:
        raw = f'{{"version": 1, "text": "{bad}"}}'
        said = wrong(web.put(f"/works/{work}/draft", content=raw, headers={"Content-Type": "application/json"}), "text")
        assert "at 1" in said

    def test_the_refusal_is_in_the_readers_language_where_it_has_words(self, web: TestClient, work: str) -> None:
        answer = web.put(f"/works/{work}/draft", json={"version": 1, "text": "\x07"}, headers={"Accept-Language": "zh"})
        assert wrong(answer, "text")

    def test_line_ends_are_one_character_and_nothing_is_normalised(self, web: TestClient, work: str) -> None:
        assert put(web, work, text="a\r\nb\rc\te\u0301")["text"] == "a\nb\nc\te\u0301"

    def test_ten_megabytes_are_refused_in_words(self, web: TestClient, work: str) -> None:
        answer = web.put(f"/works/{work}/draft", json={"version": 1, "text": "x" * 10_000_000})
        assert answer.status_code == 413
        assert "8 MB" in answer.json()["title"]

    def test_more_than_a_million_characters_are_refused_in_words(self, web: TestClient, work: str) -> None:
        answer = web.put(f"/works/{work}/draft", json={"version": 1, "text": "x" * 1_000_001})
        assert "1000000" in wrong(answer, "text")

    def test_a_million_characters_of_any_script_fit(self, web: TestClient, work: str) -> None:
        text = "秋" * 1_000_000
        data = json.dumps({"version": 1, "text": text}, ensure_ascii=False).encode()
        answer = web.put(f"/works/{work}/draft", content=data, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200
        assert answer.json()["origins"] == [{"start": 0, "end": 1_000_000, "by": "hand"}]

    def test_two_windows_never_overwrite_each_other(self, web: TestClient, work: str) -> None:
        put(web, work, text="the first window's line")
        answer = web.put(f"/works/{work}/draft", json={"version": 1, "text": "the second window's line"})
        assert answer.status_code == 409
        assert answer.json()["draft"]["text"] == "the first window's line"
        theirs = web.put(f"/works/{work}/draft", json={"version": 2, "text": "the second window's line", "keep": True}).json()
        saves = web.get(f"/works/{work}/draft/saves").json()["items"]
        web.post(f"/works/{work}/draft/restoration", json={"save": saves[0]["id"]})
        back = web.get(f"/works/{work}/draft").json()
        assert (theirs["text"], back["text"]) == ("the second window's line", "the first window's line")

    def test_going_on_from_a_text_brings_it_with_its_origins_and_keeps_what_it_replaces(
        self, web: TestClient, work: str, poem: str, database: Database
    ) -> None:
        put(web, work, text="mine alone")
        draft = web.post(f"/works/{work}/draft/base", json={"revision": poem}).json()
        assert (draft["text"], draft["base"], draft["engine"]) == (POEM, poem, "smollm")
        assert draft["origins"] == [{"start": 0, "end": len(POEM), "by": "engine"}]
        assert draft["brief"]["intent"] == "a river at night"
        with database.reading() as session:
            assert [save.text for save in session.query(DraftSave).order_by(DraftSave.id)][-1] == "mine alone"

    def test_a_text_lies_on_the_sheet_without_its_brief_and_is_taken_away_again(
        self, web: TestClient, work: str, poem: str, database: Database
    ) -> None:
        put(web, work, text="mine alone", brief={"intent": "a lake"}, engine="smollm", params={"tokens": 9})
        before = web.get(f"/works/{work}/draft").json()
        draft = web.post(f"/works/{work}/draft/base", json={"revision": poem, "brief": False}).json()
        assert (draft["text"], draft["base"]) == (POEM, poem)
        assert draft["origins"] == [{"start": 0, "end": len(POEM), "by": "engine"}]
        assert [draft[name] for name in ("brief", "engine", "params", "form", "count")] == [
            before[name] for name in ("brief", "engine", "params", "form", "count")
        ]
        with database.reading() as session:
            assert [save.text for save in session.query(DraftSave).order_by(DraftSave.id)][-1] == "mine alone"
        gone = web.post(f"/works/{work}/draft/base", json={"revision": None, "brief": False}).json()
        assert (gone["text"], gone["base"], gone["brief"]) == (None, None, before["brief"])
        wrong(web.post(f"/works/{work}/draft/base", json={"revision": None}), "revision")

    def test_a_picture_is_no_base_of_a_text(self, web: TestClient, work: str, project: str, picture: Any) -> None:
        other = web.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
        image = web.post(f"/works/{other}/imports", files={"file": ("fox.png", picture())}).json()["id"]
        wrong(web.post(f"/works/{work}/draft/base", json={"revision": image}), "revision")

    def test_search_finds_what_a_text_says(self, web: TestClient, work: str, project: str) -> None:
        put(web, work, text="Of herons and reeds")
        found = web.get(f"/projects/{project}/works", params={"q": "herons"}).json()["items"]
        assert [one["id"] for one in found] == [work]

    @pytest.mark.parametrize(
        ("form", "field"),
        [
            ({"preset": "ode"}, "form.preset"),
            ({"preset": "qijue", "lines": 9999}, "form.lines"),
            ({"colour": "red"}, "form.colour"),
            ({"preset": "haiku", "start": "平"}, "form.start"),
            ({"measure": "five"}, "form.measure"),
        ],
    )
    def test_a_form_nobody_knows_is_refused(self, web: TestClient, work: str, form: dict[str, Any], field: str) -> None:
        wrong(web.put(f"/works/{work}/draft", json={"version": 1, "form": form}), field)


class TestByHand:
    def test_the_first_is_a_root_and_the_next_its_child(self, web: TestClient, work: str) -> None:
        put(web, work, text="One line.", brief={"intent": "a coast"})
        first = web.post(f"/works/{work}/revisions", json={})
        assert first.status_code == 201
        one = first.json()
        assert (one["origin"], one["verb"], one["parents"], one["number"]) == ("hand", None, [], 1)
        assert (one["text"], one["origins"], one["shares"]) == (
            "One line.",
            [{"start": 0, "end": 9, "by": "hand"}],
            {"hand": 1.0},
        )
        assert one["brief"]["intent"] == "a coast"
        assert first.headers["location"] == f"/revisions/{one['id']}"
        put(web, work, text="One line.\nAnd two.")
        two = web.post(f"/works/{work}/revisions", json={}).json()
        assert (two["number"], two["parents"], two["verb"]) == (2, [{"revision": one["id"], "role": "edit"}], "edit")
        assert web.get(f"/works/{work}/draft").json()["base"] == two["id"]
        assert web.get(f"/works/{work}").json()["cover"] == two["id"]

    def test_a_text_that_did_not_change_is_its_base(self, web: TestClient, work: str, poem: str) -> None:
        web.post(f"/works/{work}/draft/base", json={"revision": poem})
        again = web.post(f"/works/{work}/revisions", json={})
        assert (again.status_code, again.json()["id"]) == (200, poem)

    def test_it_changes_no_version_so_the_open_window_saves_on(self, web: TestClient, work: str) -> None:
        version = put(web, work, text="a line")["version"]
        web.post(f"/works/{work}/revisions", json={})
        assert web.put(f"/works/{work}/draft", json={"version": version, "text": "a line, more"}).status_code == 200

    def test_a_window_that_was_left_behind_is_told(self, web: TestClient, work: str) -> None:
        version = put(web, work, text="a line")["version"]
        put(web, work, text="another window's line")
        answer = web.post(f"/works/{work}/revisions", json={"version": version})
        assert answer.status_code == 409
        assert answer.json()["draft"]["text"] == "another window's line"

    @pytest.mark.parametrize("text", [None, "", " \n\t"])
    def test_nothing_is_no_revision(self, web: TestClient, work: str, text: str | None) -> None:
        put(web, work, text=text)
        wrong(web.post(f"/works/{work}/revisions", json={}), "text")

    def test_a_picture_is_not_written_by_hand(self, web: TestClient, project: str) -> None:
        other = web.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
        wrong(web.post(f"/works/{other}/revisions", json={}), "work")

    def test_what_the_artist_changed_and_the_engine_wrote_add_up(self, web: TestClient, work: str, poem: str) -> None:
        web.post(f"/works/{work}/draft/base", json={"revision": poem})
        put(web, work, text=POEM.replace("wakes", "rises"))
        made = web.post(f"/works/{work}/revisions", json={}).json()
        assert made["shares"] == {"engine": pytest.approx(23 / 27, abs=0.08), "hand": pytest.approx(4 / 27, abs=0.08)}
        assert sum(made["shares"].values()) == pytest.approx(1)


class TestTokens:
    def test_every_token_shows_its_chance_and_its_alternatives(self, web: TestClient, poem: str) -> None:
        tokens = web.get(f"/revisions/{poem}/tokens").json()
        assert [(one["start"], one["end"], one["text"], one["logprob"]) for one in tokens] == [
            (0, 3, "The", -2.0),
            (3, 9, " river", -0.5),
            (9, 16, " sleeps", None),
        ]
        assert tokens[1]["alternatives"] == [{"text": " river", "logprob": -0.5}, {"text": " moon", "logprob": -1.5}]
        assert tokens[0]["forced"] is False

    def test_an_edited_text_keeps_the_tokens_before_the_edit(self, web: TestClient, work: str, poem: str) -> None:
        web.post(f"/works/{work}/draft/base", json={"revision": poem})
        put(web, work, text=POEM.replace("sleeps", "dreams"))
        made = web.post(f"/works/{work}/revisions", json={}).json()["id"]
        assert [one["text"] for one in web.get(f"/revisions/{made}/tokens").json()] == ["The", " river"]

    def test_a_picture_has_none(self, web: TestClient, project: str, picture: Any) -> None:
        other = web.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
        image = web.post(f"/works/{other}/imports", files={"file": ("fox.png", picture())}).json()["id"]
        assert web.get(f"/revisions/{image}/tokens").status_code == 422

    def test_a_strangers_are_not_found(self, web: TestClient, stranger: dict[str, str]) -> None:
        theirs = stranger["revision"]
        assert web.get(f"/revisions/{theirs}/tokens").status_code == 404
        assert web.post(f"/revisions/{theirs}/readings", json={}).status_code == 404
        assert web.post(f"/works/{stranger['work']}/revisions", json={}).status_code == 404
        assert web.get(f"/readings/{uuid4()}").status_code == 404
        assert web.post(f"/generations/{uuid4()}/stops", json={}).status_code == 404


class TestVerbs:
    def wish(self, poem: str, verb: str, **more: Any) -> dict[str, Any]:
        return {"verb": verb, "parents": [{"revision": poem, "role": verb}], "engine": "smollm", **more}

    def test_rewrite_takes_its_selection_and_instruction(self, web: TestClient, work: str, poem: str) -> None:
        made = ask(web, work, **self.wish(poem, "rewrite", selection=[4, 9], instruction="a bird instead"))
        assert made.status_code == 202, made.text
        assert made.json()["place"] == {"selection": [4, 9], "instruction": "a bird instead"}

    @pytest.mark.parametrize("selection", [None, [9, 4], [0, 0], [0, 99], [-1, 3], [16, 18]])
    def test_rewrite_without_a_place_is_refused(self, web: TestClient, work: str, selection: Any) -> None:
        text = "The river sleeps  A heron wakes."
        put(web, work, text=text)
        hand = web.post(f"/works/{work}/revisions", json={}).json()["id"]
        wrong(ask(web, work, **self.wish(hand, "rewrite", selection=selection)), "selection")

    def test_continue_goes_on_from_the_end_or_from_a_place(self, web: TestClient, work: str, poem: str) -> None:
        end = ask(web, work, **self.wish(poem, "continue")).json()
        assert end["place"] == {"at": len(POEM)}
        assert ask(web, work, **self.wish(poem, "continue", at=3)).json()["place"] == {"at": 3}
        wrong(ask(web, work, **self.wish(poem, "continue", at=len(POEM) + 1)), "at")

    def test_branch_wants_a_tokens_start_and_a_choice(self, web: TestClient, work: str, poem: str) -> None:
        made = ask(web, work, **self.wish(poem, "branch", at=3, choice=" moon"))
        assert made.status_code == 202, made.text
        assert made.json()["place"] == {"at": 3, "choice": " moon"}
        wrong(ask(web, work, **self.wish(poem, "branch", at=4, choice=" moon")), "at")
        wrong(ask(web, work, **self.wish(poem, "branch", at=3)), "choice")

    def test_a_text_without_tokens_cannot_branch(self, web: TestClient, work: str) -> None:
        put(web, work, text="typed")
        hand = web.post(f"/works/{work}/revisions", json={}).json()["id"]
        wrong(ask(web, work, **self.wish(hand, "branch", at=0, choice="x")), "parents")

    def test_eight_candidates_for_a_line_four_for_the_rest(self, web: TestClient, work: str, poem: str) -> None:
        assert ask(web, work, **self.wish(poem, "line")).json()["count"] == 8
        assert ask(web, work, **self.wish(poem, "line", count=3)).json()["count"] == 3
        assert ask(web, work, **self.wish(poem, "continue")).json()["count"] == 4

    def test_a_text_is_enough_without_a_word_of_a_brief(self, web: TestClient, work: str, poem: str) -> None:
        empty = {"intent": "", "style": "", "technique": "", "materials": []}
        assert ask(web, work, **self.wish(poem, "continue", brief=empty)).status_code == 202
        wrong(ask(web, work, verb="create", brief=empty), "brief.intent")

    def test_joining_takes_two_texts_and_a_continuation_one(self, web: TestClient, work: str, poem: str) -> None:
        wrong(ask(web, work, verb="join", parents=[{"revision": poem}]), "parents")
        wrong(ask(web, work, verb="continue"), "parents")
        wrong(ask(web, work, verb="translate", parents=[{"revision": poem}, {"revision": poem}]), "parents.1")

    def test_a_place_of_another_verb_is_refused(self, web: TestClient, work: str, poem: str) -> None:
        wrong(ask(web, work, **self.wish(poem, "continue", selection=[0, 3])), "selection")
        wrong(ask(web, work, **self.wish(poem, "line", at=3)), "at")
        wrong(ask(web, work, **self.wish(poem, "line", instruction="louder")), "instruction")

    def test_an_instruction_has_its_limits(self, web: TestClient, work: str, poem: str) -> None:
        wrong(ask(web, work, **self.wish(poem, "rewrite", selection=[0, 3], instruction="x" * 2001)), "instruction")
        wrong(ask(web, work, **self.wish(poem, "rewrite", selection=[0, 3], instruction="a\x00b")), "instruction")

    def test_the_form_comes_from_the_draft_and_a_translation_keeps_none(self, web: TestClient, work: str, poem: str) -> None:
        put(web, work, form={"preset": "couplet", "must": "reed, moon"})
        made = ask(web, work, **self.wish(poem, "line")).json()
        assert made["form"] == {"preset": "couplet", "must": ["reed", "moon"]}
        assert ask(web, work, **self.wish(poem, "line", form={"preset": "haiku"})).json()["form"] == {"preset": "haiku"}
        wrong(ask(web, work, **self.wish(poem, "line", form={"preset": "ode"})), "form.preset")

    def test_only_texts_have_forms_and_places(self, web: TestClient, project: str, picture: Any) -> None:
        other = web.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
        wrong(ask(web, other, brief={"intent": "a fox"}, form={"preset": "haiku"}), "form")
        image = web.post(f"/works/{other}/imports", files={"file": ("fox.png", picture())}).json()["id"]
        wrong(ask(web, other, verb="continue", parents=[{"revision": image}]), "verb")

    def test_a_picture_may_inspire_a_text(self, web: TestClient, project: str, work: str, picture: Any) -> None:
        other = web.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
        image = web.post(f"/works/{other}/imports", files={"file": ("fox.png", picture())}).json()["id"]
        parents = [{"revision": image, "role": "inspire"}]
        made = ask(web, work, brief={"intent": "a poem about a fox"}, parents=parents)
        assert made.status_code == 202, made.text
        assert made.json()["parents"] == parents
        wrong(ask(web, work, verb="continue", parents=[{"revision": image}]), "parents.0.role")

    def test_whoever_asks_for_what_an_engine_cannot_do_hears_why(self, web: TestClient, work: str, poem: str) -> None:
        strange = ask(web, work, engine="verse", brief={"intent": "qwrtz asdfg"})
        assert "none of these words" in wrong(strange, "engine") or "smollm" in str(strange.json()["fields"])
        prose = ask(web, work, brief={"intent": "写一篇关于秋天的散文"})
        assert prose.status_code == 422
        assert "STEMMA_TEXTS" in prose.json()["title"]
        translation = ask(web, work, verb="translate", parents=[{"revision": poem}])
        assert translation.status_code == 422
        assert "STEMMA_TEXTS" in json.dumps(translation.json())

    def test_a_brief_in_chinese_takes_the_engine_that_reads_it(self, web: TestClient, work: str) -> None:
        asked = ask(web, work, brief={"intent": "写一首抒情诗,描述秋日的景色,诗风优雅典雅。"})
        assert (asked.status_code, asked.json()["engine"]) == (202, "verse")
        assert ask(web, work, brief={"intent": "a poem about autumn"}).json()["engine"] == "smollm"
        assert ask(web, work, brief={"intent": "a Chinese poem about autumn"}).json()["engine"] == "verse"
        assert ask(web, work, engine="verse", brief={"intent": "the sea in autumn"}).status_code == 202


class TestStops:
    def test_a_variant_is_stopped_alone_or_all(self, web: TestClient, work: str, database: Database) -> None:
        made = ask(web, work, brief={"intent": "a poem about autumn"}).json()["id"]
        assert web.post(f"/generations/{made}/stops", json={"index": 2}).json()["stopped"] == [2]
        assert web.post(f"/generations/{made}/stops", json={"index": 2}).json()["stopped"] == [2]
        assert web.post(f"/generations/{made}/stops", json={}).json()["stopped"] == [0, 1, 2, 3]
        with database.reading() as session:
            assert session.get_one(Generation, UUID(made)).stopped == [0, 1, 2, 3]

    def test_what_is_not_there_or_not_running_is_said(self, web: TestClient, work: str, project: str) -> None:
        made = ask(web, work, brief={"intent": "a poem about autumn"}).json()["id"]
        wrong(web.post(f"/generations/{made}/stops", json={"index": 4}), "index")
        wrong(web.post(f"/generations/{made}/stops", json={"index": -1}), "index")
        web.post(f"/generations/{made}/cancellation")
        assert web.post(f"/generations/{made}/stops", json={}).status_code == 409
        other = web.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
        asked = ask(web, other, brief={"intent": "a fox"}, engine="fake-slow")
        assert asked.status_code == 202, asked.text
        picture = asked.json()["id"]
        wrong(web.post(f"/generations/{picture}/stops", json={}), "index")


class TestReadings:
    def test_a_reading_waits_until_a_worker_has_read(self, web: TestClient, poem: str, database: Database) -> None:
        asked = web.post(f"/revisions/{poem}/readings", json={"selection": [4, 9]})
        assert asked.status_code == 202, asked.text
        assert (asked.json()["ready"], asked.json()["engine"], asked.json()["selection"]) == (False, "smollm", [4, 9])
        assert web.post(f"/revisions/{poem}/readings", json={"selection": [4, 9]}).json()["id"] == asked.json()["id"]
        with database.writing() as session:
            row = session.get_one(Reading, UUID(asked.json()["id"]))
            row.tokens, row.perplexity = pack_tokens([Token(4, 9, "river", -1.25)]), 3.49
        read = web.get(asked.headers["location"]).json()
        assert (read["ready"], read["perplexity"], read["error"]) == (True, 3.49, None)
        assert [(one["start"], one["text"], one["logprob"]) for one in read["tokens"]] == [(4, "river", -1.25)]

    def test_what_cannot_be_read_is_told(self, web: TestClient, poem: str, database: Database) -> None:
        asked = web.post(f"/revisions/{poem}/readings", json={}).json()
        with database.writing() as session:
            row = session.get_one(Reading, UUID(asked["id"]))
            row.error = {"code": "engine", "title": "The engine could not do this: %(reason)s", "details": {"reason": "tired"}}
        read = web.get(f"/readings/{asked['id']}").json()
        assert (read["ready"], read["error"]["message"]) == (True, "The engine could not do this: tired")

    @pytest.mark.parametrize("selection", [[9, 4], [0, 999], [17, 18]])
    def test_a_place_outside_the_text_is_refused(self, web: TestClient, poem: str, selection: list[int]) -> None:
        wrong(web.post(f"/revisions/{poem}/readings", json={"selection": selection}), "selection")

    def test_an_engine_without_chances_is_refused(self, web: TestClient, poem: str) -> None:
        assert "smollm" in wrong(web.post(f"/revisions/{poem}/readings", json={"engine": "house"}), "engine")


class TestForms:
    def test_the_named_forms_are_offered_in_the_readers_language(self, web: TestClient) -> None:
        items = web.get("/forms").json()["items"]
        assert {"qijue", "haiku", "sonnet", "free"} <= {one["name"] for one in items}
        qijue = next(one for one in items if one["name"] == "qijue")
        assert (qijue["language"], qijue["form"]["lines"]) == ("zh", 4)
        chinese = web.get("/forms", headers={"Accept-Language": "zh"}).json()["items"]
        assert next(one for one in chinese if one["name"] == "qijue")["title"] != qijue["title"]

    def test_lines_are_held_against_a_form(self, web: TestClient) -> None:
        text = "An old silent pond\nA frog jumps into the pond\nSplash! Silence again, and more"
        report = web.post("/forms/checks", json={"text": text, "form": {"preset": "haiku"}}).json()
        lengths = [next(f for f in line["findings"] if f["kind"] == "length") for line in report["lines"]]
        assert [one["holds"] for one in lengths] == [True, True, False]
        start, end = lengths[2]["spans"][0]
        assert text[start:end] == "Splash! Silence again, and more"
        assert report["holds"] is False
        assert "5 syllables" in lengths[2]["message"]

    def test_a_form_sent_as_a_browser_does(self, web: TestClient) -> None:
        fields = {"text": "one\ntwo", "form.preset": "free", "form.lines": "2", "form.must": "one, three", "form.rhyme": ""}
        report = web.post("/forms/checks", data=fields).json()
        assert {f["expected"]: f["holds"] for f in report["findings"]} == {"2": True, "one": True, "three": False}

    def test_a_form_nobody_knows(self, web: TestClient) -> None:
        wrong(web.post("/forms/checks", json={"text": "x", "form": {"preset": "ode"}}), "form.preset")
        wrong(web.post("/forms/checks", json={"text": "x", "form": {"rhyme": "A-B"}}), "form.rhyme")
