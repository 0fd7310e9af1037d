"""A worker writes tunes: from the row of a request to revisions in ABC, with the house's real weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.engines.engine import Content
from app.engines.music.tunes import ABC
from app.errors import EngineError
from app.media.music.abc.abc import read_tune
from app.models import Transcript
from app.models.transcript import unpack_tokens
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store
from app.worker.run import begin
from app.worker.save_results import Lost, finish
from tests.hands import hands, row

Make = Callable[..., list[dict[str, Any]]]
SHORT = {"bars": 8}


@pytest.fixture
def work(web: TestClient, project: str) -> str:
    """The id of a work of music."""
    return str(web.post(f"/projects/{project}/works", json={"title": "Reels", "medium": "music"}).json()["id"])


@pytest.fixture
def told() -> list[dict[str, Any]]:
    """The words of progress of the last run."""
    return []


@pytest.fixture
def make(web: TestClient, work: str, config: Settings, monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]) -> Make:
    """Asks over HTTP, has it made by a worker's hands, and gives the variants as programs get them."""
    worker, words = hands(config, monkeypatch)

    def ask(verb: str = "create", *parents: str, **fields: Any) -> list[dict[str, Any]]:
        given = {"verb": verb, "parents": [{"revision": id} for id in parents], "seed": 7, "count": 2} | fields
        body = {name: value for name, value in given.items() if value is not None}
        answer = web.post(f"/works/{work}/generations", json=body)
        assert answer.status_code == 202, answer.text
        id = answer.json()["id"]
        words.clear()
        assert worker.make(id) == "done", web.get(f"/generations/{id}").json()["error"]
        told[:] = words
        return list(web.get(f"/generations/{id}").json()["variants"])

    return ask


def test_a_brief_becomes_tunes_that_grow_on_the_page(make: Make, told: list[dict[str, Any]], database: Database) -> None:
    tunes = make(brief={"intent": "a merry jig in D"}, params=SHORT, count=4)
    assert [tune["parents"] for tune in tunes] == [[]] * 4
    for tune in tunes:
        assert tune["asset"] is tune["origins"] is tune["shares"] is None
        parsed = read_tune(tune["text"])
        assert (str(parsed.metre), parsed.key.tonic, parsed.title) == ("6/8", "D", "a merry jig in D")
        assert tune["checks"] | {"novelty": 0} == {
            "parses": True,
            "bars_complete": True,
            "key": True,
            "metre": True,
            "novelty": 0,
        }
        assert tune["checks"]["novelty"].keys() == {"bars", "title"}
        assert len(tune["facts"]["contour"]) == 48
        assert tune["facts"]["ends_at_home"] is True
        assert "jig" in tune["facts"]["prompt"]
        with database.reading() as session:
            records = unpack_tokens(session.get_one(Transcript, UUID(tune["id"])).tokens)
        assert [tune["text"][one["start"] : one["end"]] for one in records] == [one["text"] for one in records]
    assert len({tune["text"] for tune in tunes}) == 4
    grown = dict.fromkeys(range(4), "")
    for piece in (piece for word in told for piece in word.get("pieces", ())):
        assert piece["start"] == len(grown[piece["index"]])
        grown[piece["index"]] += piece["text"]
    assert [grown[index] for index in range(4)] == [tune["text"] for tune in tunes]
    assert sum("pieces" in word for word in told) > 2


PARENT = "X:1\nT:The Slipway\nR:jig\nM:6/8\nL:1/8\nK:G\nD|GAB c2A|BGE E2D|GAB cde|d3 G2:|\n"
WALTZ = "X:1\nT:Tide\nR:waltz\nM:3/4\nL:1/8\nK:D\nd2 f2 a2|g4 e2|f2 d2 B2|A6|]\n"


@pytest.fixture
def tune(web: TestClient, work: str) -> Callable[[str], str]:
    """Makes a tune by hand; its id."""

    def by_hand(text: str = PARENT) -> str:
        version = web.get(f"/works/{work}/draft").json()["version"]
        assert web.put(f"/works/{work}/draft", json={"version": version, "text": text}).status_code == 200
        return str(web.post(f"/works/{work}/revisions", json={}).json()["id"])

    return by_hand


def test_every_verb_makes_tunes_of_a_tune(make: Make, tune: Callable[..., str], web: TestClient) -> None:
    parent, other = tune(PARENT), tune(WALTZ)
    source = read_tune(PARENT)
    made = {
        "subtle": make("vary", parent),
        "strong": make("vary", parent, strength="strong"),
        "continue": make("continue", parent, params={"more": 4}),
        "replace": make("replace", parent, bars=[2, 3]),
        "harmonise": make("harmonise", parent),
        "transpose": make("transpose", parent, semitones=2, count=None),
        "refine": make("refine", parent, brief={"intent": "a sad jig in E minor"}),
        "blend": make("blend", parent, other),
        "reroll": make("reroll", make(brief={"intent": "a reel"}, params=SHORT)[0]["id"], seed=8),
    }
    for verb, variants in made.items():
        for one in variants:
            assert one["checks"]["parses"], (verb, one["text"])
            assert one["checks"]["bars_complete"], (verb, one["text"])
            assert one["facts"]["contour"]
            assert one["generation"]
    assert all(one["text"] != PARENT for one in made["subtle"] + made["strong"])
    assert [one["place"] for one in made["replace"]] == [{"bars": [2, 3]}] * 2
    at, end = source.bars[2].source[0], source.bars[3].source[1]
    for one in made["replace"]:
        assert one["text"].startswith(PARENT[:at])
        assert one["text"].endswith(PARENT[end:])
        assert one["text"] != PARENT
    assert [len(made["transpose"]), made["transpose"][0]["seed"]] == [1, None]
    assert read_tune(made["transpose"][0]["text"]).key.tonic == "A"
    assert all('"' in one["text"] for one in made["harmonise"])
    assert all(len(read_tune(one["text"]).bars) > len(source.bars) for one in made["continue"])
    assert {read_tune(one["text"]).key.name for one in made["refine"]} == {"Em"}
    assert [parent["role"] for parent in made["blend"][0]["parents"]] == ["blend", "blend"]
    assert all(one["brief"]["intent"] == "a reel" for one in made["reroll"])
    # A variation shares bars with its parent, which is no news; the studio has no other tune to share with.
    assert all(one["facts"]["own"]["bars"] == 0 for variants in made.values() for one in variants)


def test_a_poem_gives_a_tune_its_mood(make: Make, web: TestClient, project: str) -> None:
    page = web.post(f"/projects/{project}/works", json={"title": "Tears", "medium": "text"}).json()["id"]
    poem = "The lonely harbour, mournful at the tide,\na lament for the air of March."
    web.put(f"/works/{page}/draft", json={"version": 1, "text": poem})
    inspiring = web.post(f"/works/{page}/revisions", json={}).json()["id"]
    tune = make(brief={"intent": "a jig"}, params=SHORT, count=1, parents=[{"revision": inspiring, "role": "inspire"}])[0]
    assert tune["parents"] == [{"revision": inspiring, "role": "inspire"}]
    assert tune["facts"]["prompt"].startswith("jig, 6/8")
    assert "wistful" in tune["facts"]["prompt"]


def ask(web: TestClient, work: str, **fields: Any) -> str:
    body = {"brief": {"intent": "a reel"}, "seed": 3, "count": 2} | fields
    answer = web.post(f"/works/{work}/generations", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def test_done_twice_it_is_one_result(web: TestClient, work: str, config: Settings, database: Database, make: Make) -> None:
    variants = make(brief={"intent": "a reel"}, params=SHORT)
    generation = row(database, variants[0]["generation"])
    content = Content(0, 7, PARENT.encode(), ABC)
    with pytest.raises(Lost):  # it is done: whoever comes late with a result of it is too late
        finish(database, Store(config.data), generation, [content])
    after = web.get(f"/generations/{generation.id}").json()["variants"]
    assert [one["id"] for one in after] == [one["id"] for one in variants]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("X:1\nM:4/4\nL:1/8\nK:G\nGABc d2e2|]\n", True),
        ("X:1\nM:4/4\nK:G\n", False),
        ("X:1\nK:G\nGA(3 ]|", False),
        (PARENT, False),
    ],
)
def test_of_a_cancelled_tune_what_reads_is_kept(
    web: TestClient, work: str, config: Settings, database: Database, tune: Callable[..., str], text: str, kept: bool
) -> None:
    id = ask(web, work, verb="vary", parents=[{"revision": tune()}], count=1)
    generation = begin(database, UUID(id), "worker", 3)
    assert generation
    web.post(f"/generations/{id}/cancellation")
    finish(database, Store(config.data), generation, [Content(0, 3, text.encode(), ABC, facts={"ended": "stopped"})])
    ended = web.get(f"/generations/{id}").json()
    assert (ended["status"], [one["text"] for one in ended["variants"]]) == ("cancelled", [text] if kept else [])


def test_what_an_engine_writes_must_be_text(web: TestClient, work: str, config: Settings, database: Database) -> None:
    id = ask(web, work)
    generation = begin(database, UUID(id), "worker", 3)
    assert generation
    for data in (b"\xff\xfe", b"X:1\nK:C\nc\0d|\n"):
        with pytest.raises(EngineError):
            finish(database, Store(config.data), generation, [Content(0, 3, data, ABC)])
    assert web.get(f"/generations/{id}").json()["variants"] == []


def test_one_variant_is_stopped_and_kept_as_far_as_it_got(
    web: TestClient, work: str, config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, told = hands(config, monkeypatch)
    monkeypatch.setattr("app.worker.progress.APART_TEXT", 0)
    monkeypatch.setattr("app.worker.stops.LOOK_EVERY", 0)
    id = ask(web, work, params={"bars": 32})

    def tell(_key: str, word: dict[str, Any]) -> None:
        told.append(word)
        if len(told) == 6:
            assert web.post(f"/generations/{id}/stops", json={"index": 0}).status_code == 202

    monkeypatch.setattr("app.worker.main.DBOS.write_stream", tell)
    assert worker.make(id) == "done"
    first, second = web.get(f"/generations/{id}").json()["variants"]
    assert first["facts"]["ended"] == "stopped"
    assert len(read_tune(first["text"]).bars) < len(read_tune(second["text"]).bars)
    for one in (first, second):
        assert one["checks"]["parses"]
        assert one["checks"]["bars_complete"]
