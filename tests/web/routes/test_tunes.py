"""Tunes over HTTP: checked as one types, drafts and revisions by hand, what each verb needs, what is said about bad input."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.media.music.notation.tune import MAX_NOTES
from app.models import Artist, Generation, Revision, Work
from app.models.artist import local_artist
from app.storage.db import Database

TUNE = "X:1\nT:The Slipway\nR:jig\nM:6/8\nL:1/8\nQ:3/8=120\nK:G\nD|GAB c2A|BGE E2D|GAB cde|d3 G2|]\n"
OTHER = TUNE.replace("The Slipway", "The Quay").replace("GAB cde", "ecA AGF")
BAD = "X:1\nT:Broken\nM:17/5\nK:G\nGAB ]c2A|@@|\nB2d\n"
HOSTILE = "X:1\nT:<script>alert(1)</script>\n%%abc-include /etc/passwd\nM:4/4\nK:D\n%%beginps\n(/x) run\n%%endps\nd4 A4|d8|]\n"


@pytest.fixture
def work(web: TestClient, project: str) -> str:
    """The id of a work of music."""
    return str(web.post(f"/projects/{project}/works", json={"title": "Reels", "medium": "music"}).json()["id"])


def put(web: TestClient, work: str, **fields: Any) -> dict[str, Any]:
    """Save the draft at its present version, insist, and give the answer."""
    version = web.get(f"/works/{work}/draft").json()["version"]
    answer = web.put(f"/works/{work}/draft", json={"version": version, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def by_hand(web: TestClient, work: str, text: str) -> str:
    """The id of a revision by hand with this text."""
    put(web, work, text=text)
    answer = web.post(f"/works/{work}/revisions", json={})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def tune(web: TestClient, work: str) -> str:
    """A tune written by hand: a pickup and four bars."""
    return by_hand(web, work, TUNE)


def ask(web: TestClient, work: str, verb: str, *parents: str, **fields: Any) -> Any:
    """The answer to a request for a generation."""
    body = {"verb": verb, "parents": [{"revision": id} for id in parents], **fields}
    return web.post(f"/works/{work}/generations", json=body)


def wrong(answer: Any, field: str, status: int = 422) -> str:
    """What is said about `field`, which must be what is wrong."""
    assert answer.status_code == status, answer.text
    said = {one["field"]: one["message"] for one in answer.json()["fields"]}
    assert field in said, said
    return str(said[field])


class TestChecks:
    """POST /tunes/checks."""

    def check(self, web: TestClient, text: str, **headers: str) -> dict[str, Any]:
        answer = web.post("/tunes/checks", json={"text": text}, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def test_a_tune_that_reads(self, web: TestClient) -> None:
        read = self.check(web, TUNE)
        assert read["faults"] == []
        assert (read["title"], read["key"], read["metre"], read["tempo"]) == ("The Slipway", "G", "6/8", "3/8=120")
        assert read["checks"].items() >= {"parses": True, "bars_complete": True, "key": None, "metre": None}.items()
        assert [bar["number"] for bar in read["bars"]] == [0, 1, 2, 3, 4]
        assert [TUNE[bar["start"] : bar["end"]] for bar in read["bars"]] == ["D", "GAB c2A", "BGE E2D", "GAB cde", "d3 G2"]
        assert len(read["contour"]) == 48
        assert read["novelty"].keys() == {"notes", "bars", "title", "start"}

    def test_a_tune_of_the_books_is_known_in_whatever_key(self, web: TestClient) -> None:
        """The Irish Washerwoman, which nobody here has written."""
        washer = "X:1\nM:6/8\nL:1/8\nK:%s\n%s\n"
        g = "|:dc|BGG DGG|BGB dcB|cAA EAA|cAc edc|BGG DGG|BGB dcB|cBc Adc|BGG G:|"
        found = self.check(web, washer % ("G", g))["novelty"]
        assert found["bars"] > 4
        assert "Washerwoman" in found["title"]

    def test_faults_have_their_place_and_the_rest_is_read(self, web: TestClient) -> None:
        read = self.check(web, BAD)
        assert (read["faults"][0]["line"], read["faults"][0]["column"]) == (3, 3)
        assert all(fault["message"] for fault in read["faults"])
        assert read["checks"]["parses"] is False
        assert len(read["bars"]) >= 2
        chinese = self.check(web, BAD, **{"Accept-Language": "zh"})
        assert chinese["faults"][0]["message"] != read["faults"][0]["message"]

    @pytest.mark.parametrize(
        "text", ["", " \n", "X:1\n", "\x00", "hello", "K:", "|||", "X:1\nT:a\x00b\nK:C\nc\x07d|\n", "[[[((("]
    )
    def test_whatever_is_typed_is_never_refused(self, web: TestClient, text: str) -> None:
        read = self.check(web, text)
        assert read["faults"] or read["checks"]["parses"]

    def test_half_a_character(self, web: TestClient) -> None:
        raw = b'{"text": "X:1\\nT:a\\ud800b\\nK:C\\ncdef|\\n"}'
        answer = web.post("/tunes/checks", content=raw, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200
        assert answer.json()["title"] == "a\ufffdb"

    def test_nothing_hostile_is_carried_out(self, web: TestClient) -> None:
        read = self.check(web, HOSTILE)
        assert "abc-include" in read["faults"][0]["message"]
        assert read["title"] == "<script>alert(1)</script>"  # as text; pages escape it
        assert len(read["bars"]) == 2

    def test_endless_tunes_are_read_as_far_as_it_goes(self, web: TestClient) -> None:
        many = self.check(web, "X:1\nM:2/4\nL:1/4\nK:C\n" + "c|" * 10_050)
        assert len(many["bars"]) == 10_000
        assert "10,000" in many["faults"][0]["message"]
        dense = self.check(web, "X:1\nK:C\n" + "c" * (MAX_NOTES + 50_000))
        assert "100,000" in dense["faults"][0]["message"]
        answer = web.post("/tunes/checks", json={"text": "c" * 1_000_001})
        assert answer.status_code == 413
        assert "1,000,000" in answer.json()["title"]

    def test_as_a_form_and_in_the_docs(self, web: TestClient) -> None:
        assert web.post("/tunes/checks", data={"text": TUNE}).json()["title"] == "The Slipway"
        operation = web.get("/openapi.json").json()["paths"]["/tunes/checks"]["post"]
        assert "text" in operation["requestBody"]["content"]["application/json"]["schema"]["properties"]


class TestByHand:
    """Drafts with ABC, and revisions made of them."""

    def test_a_draft_becomes_a_revision_and_its_base(self, web: TestClient, work: str) -> None:
        draft = put(web, work, text=TUNE.replace("\n", "\r\n"))
        assert (draft["text"], draft["origins"]) == (TUNE, None)
        answer = web.post(f"/works/{work}/revisions", json={"version": draft["version"]})
        made = answer.json()
        assert answer.status_code == 201
        assert (made["medium"], made["origin"], made["text"], made["parents"]) == ("music", "hand", TUNE, [])
        assert made["checks"].items() >= {"parses": True, "bars_complete": True}.items()
        assert len(made["facts"]["contour"]) == 48
        assert web.get(f"/works/{work}/draft").json()["base"] == made["id"]
        again = web.post(f"/works/{work}/revisions", json={})
        assert (again.status_code, again.json()["id"]) == (200, made["id"])
        edited = by_hand(web, work, OTHER)
        child = web.get(f"/revisions/{edited}").json()
        assert (child["verb"], child["parents"]) == ("edit", [{"revision": made["id"], "role": "edit"}])

    def test_a_tune_with_faults_is_kept_too(self, web: TestClient, work: str) -> None:
        made = web.get(f"/revisions/{by_hand(web, work, BAD)}").json()
        assert made["text"] == BAD
        assert made["checks"]["parses"] is False

    def test_two_windows(self, web: TestClient, work: str) -> None:
        version = put(web, work, text=TUNE)["version"]
        put(web, work, text=OTHER)
        stale = web.put(f"/works/{work}/draft", json={"version": version, "text": "X:1\n"})
        assert stale.status_code == 409
        assert stale.json()["draft"]["text"] == OTHER
        late = web.post(f"/works/{work}/revisions", json={"version": version})
        assert late.status_code == 409
        assert web.get(f"/works/{work}").json()["revisions"] == 0

    def test_the_text_comes_back_from_a_revision_and_from_a_save(self, web: TestClient, work: str, tune: str) -> None:
        put(web, work, text="X:1\nK:C\nc|\n", keep=True)
        back = web.post(f"/works/{work}/draft/base", json={"revision": tune})
        assert (back.status_code, back.json()["text"], back.json()["origins"]) == (201, TUNE, None)
        saves = web.get(f"/works/{work}/draft/saves").json()["items"]
        restored = web.post(f"/works/{work}/draft/restoration", json={"save": saves[0]["id"]})
        assert restored.json()["text"] == "X:1\nK:C\nc|\n"

    @pytest.mark.parametrize("bad", ["a\\u0000b", "a\\ud800b", "a\\u0007b"])
    def test_what_no_file_can_hold_is_refused(self, web: TestClient, work: str, bad: str) -> None:
        raw = f'{{"version": 1, "text": "{bad}"}}'
        wrong(web.put(f"/works/{work}/draft", content=raw, headers={"Content-Type": "application/json"}), "text")

    def test_nothing_is_made_of_nothing(self, web: TestClient, work: str) -> None:
        put(web, work, text="  \n")
        wrong(web.post(f"/works/{work}/revisions", json={}), "text")

    def test_ten_thousand_bars_are_kept(self, web: TestClient, work: str) -> None:
        text = "X:1\nM:2/4\nL:1/8\nK:C\n" + "cdef|\n" * 10_000
        made = web.get(f"/revisions/{by_hand(web, work, text)}").json()
        assert made["text"] == text
        assert made["checks"]["bars_complete"] is True

    def test_a_tune_is_told_what_it_shares_with_the_artists_other_tunes(self, web: TestClient, project: str, tune: str) -> None:
        other = web.post(f"/projects/{project}/works", json={"title": "Quay", "medium": "music"}).json()["id"]
        higher = TUNE.replace("K:G", "K:A").replace("D|GAB c2A|BGE E2D|GAB cde|d3 G2", "E|ABc d2B|cAF F2E|ABc def|e3 A2")
        copied = web.get(f"/revisions/{by_hand(web, other, higher)}").json()
        assert (
            copied["facts"]["own"].items() >= {"title": "The Slipway", "bars": 4.17}.items()
            or copied["facts"]["own"]["bars"] > 3
        )
        assert copied["checks"]["novelty"]["title"] == "The Slipway"
        child = web.get(f"/revisions/{by_hand(web, other, higher + 'z|')}").json()
        assert child["facts"]["own"]["title"] == "The Slipway"  # still another work's
        assert web.get(f"/revisions/{tune}").json()["facts"]["own"]["bars"] == 0  # there was none before it

    def test_of_a_stranger_nothing_is_told(
        self, web: TestClient, work: str, database: Database, stranger: dict[str, str]
    ) -> None:
        with database.writing() as session:
            theirs = Work(project_id=session.get_one(Work, UUID(stranger["work"])).project_id, title="Theirs", medium="music")
            session.add(theirs)
            session.flush()
            other = session.query(Artist).filter_by(name="stranger").one()
            revision = Revision(work_id=theirs.id, number=1, origin="hand", text=TUNE, created_by_id=other.id)
            session.add(revision)
            session.flush()
            theirs.cover_id = revision.id
        made = web.get(f"/revisions/{by_hand(web, work, TUNE)}").json()
        assert made["facts"]["own"]["bars"] == 0


class TestAsking:
    """What each verb needs, and what is said where it is missing."""

    def test_a_brief_is_enough(self, web: TestClient, work: str) -> None:
        answer = ask(web, work, "create", brief={"intent": "a merry jig in D"})
        assert answer.status_code == 202, answer.text
        assert answer.json()["engine"] == "tunes"
        assert "hear" in wrong(ask(web, work, "create"), "brief.intent")

    @pytest.mark.parametrize(
        ("verb", "fields", "place"),
        [
            ("vary", {"strength": "strong"}, None),
            ("continue", {}, None),
            ("replace", {"bars": [1, 2]}, {"bars": [1, 2]}),
            ("replace", {"bars": [0, 0]}, {"bars": [0, 0]}),
            ("transpose", {"semitones": -3}, {"semitones": -3}),
            ("harmonise", {}, None),
        ],
    )
    def test_a_tune_is_enough(
        self, web: TestClient, work: str, tune: str, verb: str, fields: dict[str, Any], place: dict[str, Any] | None
    ) -> None:
        answer = ask(web, work, verb, tune, **fields)
        assert answer.status_code == 202, answer.text
        made = answer.json()
        assert (made["engine"], made["place"], made["form"]) == ("tunes", place, None)
        assert made["count"] == (1 if verb == "transpose" else 4)
        assert made["parents"] == [{"revision": tune, "role": verb}]

    def test_fields_of_a_form(self, web: TestClient, work: str, tune: str) -> None:
        form = {"verb": "replace", "parents.0.revision": tune, "bars": ["1", "3"], "semitones": "", "section": ""}
        answer = web.post(f"/works/{work}/generations", data=form)
        assert answer.status_code == 202, answer.text
        assert answer.json()["place"] == {"bars": [1, 3]}

    @pytest.mark.parametrize("bars", [None, [2, 1], [-1, 2], [3, 5], [7, 9], [1, 10_000]])
    def test_bars_must_be_the_tunes(self, web: TestClient, work: str, tune: str, bars: list[int] | None) -> None:
        said = wrong(ask(web, work, "replace", tune, bars=bars), "bars")
        assert "0" in said
        assert "4" in said

    @pytest.mark.parametrize("bars", [[1], [1, 2, 3], "x", [1, "b"], {"a": 1}, [1e99, 2]])
    def test_bars_are_two_numbers(self, web: TestClient, work: str, tune: str, bars: Any) -> None:
        answer = ask(web, work, "replace", tune, bars=bars)
        assert answer.status_code == 422
        assert answer.json()["fields"][0]["field"].startswith("bars")

    @pytest.mark.parametrize("semitones", [None, 0, 25, -25, 10**30])
    def test_semitones_have_an_end(self, web: TestClient, work: str, tune: str, semitones: int | None) -> None:
        wrong(ask(web, work, "transpose", tune, semitones=semitones), "semitones")

    def test_a_tune_is_in_another_key_once(self, web: TestClient, work: str, tune: str) -> None:
        wrong(ask(web, work, "transpose", tune, semitones=2, count=4), "count")

    @pytest.mark.parametrize(
        ("verb", "field", "value"),
        [
            ("vary", "bars", [1, 2]),
            ("continue", "semitones", 2),
            ("replace", "section", [0, 2]),
            ("continue", "at", 3),
            ("vary", "instruction", "softer"),
            ("vary", "form", {"preset": "sonnet"}),
        ],
    )
    def test_a_field_of_another_verb_or_medium(
        self, web: TestClient, work: str, tune: str, verb: str, field: str, value: Any
    ) -> None:
        given = {"bars": [1, 2]} if verb == "replace" else {}
        wrong(ask(web, work, verb, tune, **given, **{field: value}), field)

    def test_only_music_has_bars(self, web: TestClient, project: str) -> None:
        poem = web.post(f"/projects/{project}/works", json={"title": "Poem", "medium": "text"}).json()["id"]
        wrong(ask(web, poem, "create", brief={"intent": "rain"}, bars=[1, 2]), "bars")

    def test_a_blend_takes_two(self, web: TestClient, work: str, tune: str) -> None:
        other = by_hand(web, work, OTHER)
        assert "two" in wrong(ask(web, work, "blend", tune), "parents")
        wrong(ask(web, work, "blend", tune, tune), "parents.1")
        answer = ask(web, work, "blend", tune, other)
        assert answer.status_code == 202, answer.text
        assert [parent["role"] for parent in answer.json()["parents"]] == ["blend", "blend"]
        for verb in ("continue", "transpose", "harmonise", "replace", "vary"):
            wrong(ask(web, work, verb, tune, other, semitones=1 if verb == "transpose" else None), "parents")

    def test_there_must_be_notes(self, web: TestClient, work: str) -> None:
        empty = by_hand(web, work, "X:1\nT:Nothing yet\nK:C\n")
        assert "notes" in wrong(ask(web, work, "vary", empty), "parents")

    @pytest.mark.parametrize(
        ("intent", "said"),
        [
            ("a reel in 9/8", "reel"),
            ("a waltz in 4/4", "waltz"),
            ("a dance in 7/8", "7/8"),
            ("a jig of 10,000 bars", "64"),
            ("an air in G# major", "G#"),
            ("八分之九的里尔舞曲", "reel"),
        ],
    )
    def test_what_contradicts_itself_is_said(self, web: TestClient, work: str, intent: str, said: str) -> None:
        assert said in wrong(ask(web, work, "create", brief={"intent": intent}), "brief.intent")

    def test_a_parameter_goes_before_the_words_and_may_contradict_too(self, web: TestClient, work: str) -> None:
        brief = {"intent": "a dance in 7/8 like a jig"}
        assert ask(web, work, "create", brief=brief, params={"metre": "6/8"}).status_code == 202
        wrong(ask(web, work, "create", brief=brief, params={"metre": "3/4"}), "params.metre")
        wrong(ask(web, work, "create", brief={"intent": "in 9/8"}, params={"rhythm": "reel"}), "params.rhythm")
        wrong(ask(web, work, "create", brief=brief, params={"metre": "5/4"}), "params.metre")
        wrong(ask(web, work, "create", brief=brief, params={"bars": 65}), "params.bars")

    def test_what_tunes_cannot_do_is_said(self, web: TestClient, work: str, tune: str) -> None:
        assert "harmonise" in wrong(ask(web, work, "translate", tune, brief={"intent": "rain"}), "verb")

    def test_only_what_is_being_written_can_be_stopped(self, web: TestClient, work: str, database: Database) -> None:
        id = ask(web, work, "create", brief={"intent": "a reel"}).json()["id"]
        answer = web.post(f"/generations/{id}/stops", json={"index": 1})
        assert (answer.status_code, answer.json()["stopped"]) == (202, [1])
        with database.writing() as session:
            session.get_one(Generation, UUID(id)).engine = "house"
        wrong(web.post(f"/generations/{id}/stops", json={"index": 1}), "index")

    def test_a_foreign_tune_is_not_there(self, web: TestClient, work: str, stranger: dict[str, str]) -> None:
        assert ask(web, work, "vary", stranger["revision"]).status_code == 404


def test_a_work_of_music_has_its_bench_in_both_languages(web: TestClient, work: str, tune: str) -> None:
    ask(web, work, "vary", tune)
    for language, word in (("en", "Variants"), ("zh", "变体")):
        page = web.get(f"/works/{work}", headers={"Accept": "text/html", "Accept-Language": language})
        assert page.status_code == 200
        assert word in page.text
        assert "GAB c2A" in page.text


def test_a_tune_without_facts_is_still_told_of(web: TestClient, work: str, database: Database) -> None:
    """One that lay there before tunes had facts."""
    with database.writing() as session:
        old = Revision(work_id=UUID(work), number=1, origin="import", text=TUNE, created_by_id=local_artist(session).id)
        session.add(old)
        session.flush()
        id = str(old.id)
    assert web.get(f"/revisions/{id}").json()["checks"]["parses"] is True
