"""Drafts over HTTP: autosave, two windows, going back."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from app.models import Draft, Revision
from app.storage.db import Database


@pytest.fixture
def address(work: str) -> str:
    """Where the draft of the work is."""
    return f"/works/{work}/draft"


def put(web: TestClient, address: str, version: int, **fields: Any) -> dict[str, Any]:
    """Save, insist, and give the answer."""
    answer = web.put(address, json={"version": version, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_absent_fields_stay_and_a_null_takes_away(web: TestClient, address: str, revision: str) -> None:
    put(web, address, 1, brief={"intent": "a fox", "style": "ink"}, params={"steps": 5}, seed=7, base=revision, text="hm")
    after = put(web, address, 2, brief={"style": "oil"}, count=2)
    assert (after["brief"]["intent"], after["brief"]["style"]) == ("a fox", "oil")
    assert (after["params"], after["seed"], after["base"], after["text"], after["count"]) == (
        {"steps": 5},
        7,
        revision,
        "hm",
        2,
    )
    bare = put(web, address, 3, seed=None, base=None)
    assert (bare["seed"], bare["base"], bare["version"]) == (None, None, 4)
    assert bare["brief"] == after["brief"]


def test_what_get_gives_put_takes_back(web: TestClient, address: str, revision: str) -> None:
    put(
        web,
        address,
        1,
        brief={"intent": "a fox", "materials": ["dusk"]},
        engine="fake-slow",
        params={"steps": 5},
        base=revision,
    )
    got = web.get(address).json()
    back = put(web, address, **got)
    plain = {"version", "updated_at"}
    assert {k: v for k, v in back.items() if k not in plain} == {k: v for k, v in got.items() if k not in plain}
    assert back["version"] == got["version"] + 1


def test_a_stale_version_gets_the_present_draft(web: TestClient, address: str) -> None:
    put(web, address, 1, brief={"intent": "here"})
    answer = web.put(address, json={"version": 1, "brief": {"intent": "there"}})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["draft"]["version"], problem["draft"]["brief"]["intent"]) == ("stale-draft", 2, "here")
    assert web.get(address).json()["brief"]["intent"] == "here"


@pytest.mark.parametrize("begun", [False, True], ids=["the first save", "a later save"])
def test_of_two_windows_in_one_instant_exactly_one_wins(web: TestClient, database: Database, address: str, begun: bool) -> None:
    version = put(web, address, 1, brief={"intent": "before"})["version"] if begun else 1
    barrier, answers = threading.Barrier(4), []

    def save(words: str) -> None:
        barrier.wait()
        answers.append((words, web.put(address, json={"version": version, "brief": {"intent": words}})))

    threads = [threading.Thread(target=save, args=(f"window {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [words for words, answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert sorted(answer.status_code for _words, answer in answers) == [200, 409, 409, 409]
    now = web.get(address).json()
    assert (now["version"], now["brief"]["intent"]) == (version + 1, won[0])
    with database.reading() as session:
        assert session.query(Draft).count() == 1


def test_a_form_with_dotted_names_saves_the_same(web: TestClient, address: str) -> None:
    form = {
        "version": "1",
        "brief.intent": "狐狸",
        "brief.materials": "dusk\r\nswell",
        "params.steps": "9",
        "seed": "",
        "base": "",
    }
    answer = web.put(address, data=form)
    assert answer.status_code == 200, answer.text
    now = web.get(address).json()
    assert (now["brief"]["intent"], now["brief"]["materials"], now["seed"], now["base"]) == (
        "狐狸",
        ["dusk", "swell"],
        None,
        None,
    )
    assert int(now["params"]["steps"]) == 9


def test_going_on_from_a_revision_brings_its_recipe_and_keeps_what_it_replaces(
    web: TestClient, database: Database, work: str, address: str, revision: str
) -> None:
    with database.writing() as session:
        made = session.get_one(Revision, UUID(revision))
        made.engine, made.params, made.brief_data = "fake-slow", {"steps": 3}, {"intent": "from before"}
    put(web, address, 1, brief={"intent": "unsaved words"}, engine="house")
    answer = web.post(f"{address}/base", json={"revision": revision})
    assert answer.status_code == 201
    now = answer.json()
    assert (now["base"], now["engine"], now["params"], now["brief"]["intent"]) == (
        revision,
        "fake-slow",
        {"steps": 3},
        "from before",
    )
    assert web.get(f"{address}/saves").json()["items"][0]["brief"]["intent"] == "unsaved words"


def test_going_on_from_an_import_leaves_the_artists_words(web: TestClient, address: str, revision: str) -> None:
    put(web, address, 1, brief={"intent": "my words"}, params={"steps": 3})
    now = web.post(f"{address}/base", json={"revision": revision}).json()
    assert (now["base"], now["brief"]["intent"], now["params"]) == (revision, "my words", {"steps": 3})


def test_an_earlier_save_comes_back_and_the_replaced_one_stays(web: TestClient, address: str) -> None:
    put(web, address, 1, brief={"intent": "first"})
    put(web, address, 2, brief={"intent": "second"}, keep=True)
    saves = web.get(f"{address}/saves").json()["items"]
    wanted = next(save for save in saves if save["brief"]["intent"] == "first")
    now = web.post(f"{address}/restoration", json={"save": wanted["id"]})
    assert (now.status_code, now.json()["brief"]["intent"]) == (201, "first")
    assert web.get(f"{address}/saves").json()["items"][0]["brief"]["intent"] == "second"
    assert web.post(f"{address}/restoration", json={"save": str(uuid4())}).status_code == 404


def test_a_work_in_the_trash_takes_no_words(web: TestClient, work: str, address: str, revision: str) -> None:
    put(web, address, 1, brief={"intent": "kept"})
    assert web.post(f"/works/{work}/trash").status_code == 201
    answer = web.put(address, json={"version": 2, "brief": {"intent": "lost"}})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert web.post(f"{address}/base", json={"revision": revision}).status_code == 409
    save = web.get(f"{address}/saves").json()["items"][0]["id"]
    assert web.post(f"{address}/restoration", json={"save": save}).status_code == 409
    now = web.get(address).json()
    assert (now["brief"]["intent"], now["base"]) == ("kept", None)
    assert web.delete(f"/works/{work}/trash").status_code == 200
    put(web, address, 2, brief={"intent": "again"})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"version": "x"}, "version"),
        ({"version": 0}, "version"),
        ({}, "version"),
        ({"version": 1, "brief": {"intent": 3}}, "brief.intent"),
        ({"version": 1, "brief": {"no such": "x"}}, "brief.no such"),
        ({"version": 1, "brief": {"intent": "x" * 9000}}, "brief.intent"),
        ({"version": 1, "brief": {"intent": "a\x07"}}, "brief.intent"),
        ({"version": 1, "engine": "dall-e"}, "engine"),
        ({"version": 1, "count": 9}, "count"),
        ({"version": 1, "seed": -1}, "seed"),
    ],
)
def test_what_does_not_fit_is_told_by_field_and_nothing_is_saved(
    web: TestClient, address: str, fields: dict[str, Any], field: str
) -> None:
    answer = web.put(address, json=fields)
    assert answer.status_code == 422
    assert field in [one["field"] for one in answer.json()["fields"]]
    assert web.get(address).json()["version"] == 1


def test_the_base_must_be_mine(web: TestClient, address: str, stranger: dict[str, str]) -> None:
    assert web.put(address, json={"version": 1, "base": stranger["revision"]}).status_code == 404
    assert web.post(f"{address}/base", json={"revision": stranger["revision"]}).status_code == 404
    assert web.get(address).json()["base"] is None


def test_search_finds_the_words_of_the_draft(web: TestClient, project: str, work: str, address: str) -> None:
    put(web, address, 1, brief={"intent": "a Heron at dawn", "materials": ["reed"]})
    for q, found in (("heron reed", 1), ("HERON", 1), ("heron crow", 0), ("%", 0), ("fox", 1)):
        assert len(web.get(f"/projects/{project}/works", params={"q": q}).json()["items"]) == found, q


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "jig · 6/8 · B♭ major · bright · 16 bars"), ("zh", "吉格舞曲 · 6/8 · B♭大调 · 明快 · 16 小节")],
)
def test_the_page_and_a_script_get_one_partial_of_what_the_engine_hears(
    web: TestClient, project: str, language: str, told: str
) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "Air", "medium": "music"}).json()["id"]
    headers = {"Accept-Language": language}
    draft = {"version": 1, "brief": {"intent": "a jig in Bb major"}}
    prompt = web.put(f"/works/{work}/draft", json=draft, headers=headers).json()["prompt"]
    heard = [["kind", "jig"], ["metre", "6/8"], ["tonic", "Bb"], ["mode", "maj"], ["mood", "bright"], ["bars", "16"]]
    assert prompt["heard"] == heard
    assert prompt["positive"] == "jig, 6/8, Bb major, bright, 16 bars"
    assert prompt["html"] == f'<p class="read">{told}</p>\n'
    assert prompt["html"] in web.get(f"/works/{work}", headers=headers | {"Accept": "text/html"}).text


@pytest.mark.parametrize(
    ("intent", "told"),
    [
        ("雪地里的三只狐狸", "3 狐狸 · 雪"),
        ("a small yellow boat on a lake at night", "小黄色帆船 · 湖 · 夜晚"),
        ("two owls on a tree under a full moon", "2 猫头鹰 / 树 · 夜晚 · 月亮"),
    ],
)
def test_what_the_composer_hears_is_chinese_on_a_chinese_page(web: TestClient, work: str, intent: str, told: str) -> None:
    draft = {"version": 1, "engine": "composer", "brief": {"intent": intent}}
    prompt = web.put(f"/works/{work}/draft", json=draft, headers={"Accept-Language": "zh"}).json()["prompt"]
    assert f'<p class="read">{told}</p>' in prompt["html"]


def test_a_text_engine_tells_what_it_reads_words_as(web: TestClient, project: str) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "Poem", "medium": "text"}).json()["id"]
    draft = {"version": 1, "engine": "verse", "brief": {"intent": "地铁里遇见老友"}}
    prompt = web.put(f"/works/{work}/draft", json=draft).json()["prompt"]
    assert prompt["bridges"][0] == ["地铁", [["word", "车马"], ["word", "驱车"]]]
    assert "地铁 → 车马、驱车" in prompt["html"]


def test_an_earlier_save_of_a_text_tells_what_it_was_before_it_comes_back(web: TestClient, project: str) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "Gulls", "medium": "text"}).json()["id"]
    address, htmx = f"/works/{work}/draft", {"HX-Request": "true"}
    put(web, address, 1, text="The gulls argue <all> day.")
    put(web, address, 2, text="The gulls sleep.", keep=True)
    save = next(one["id"] for one in web.get(f"{address}/saves").json()["items"])
    listed = web.get(f"{address}/saves", headers=htmx).text
    assert "The gulls argue &lt;all&gt; day." in listed
    assert "26 characters" in listed
    assert "10 more than now" in listed
    look = web.get(f"{address}/saves/{save}", headers=htmx).text
    assert "<del>sleep</del>" in look
    assert "argue &lt;all&gt; day</ins>" in look
    assert web.get(f"{address}/saves/{save}").json()["text"] == "The gulls argue <all> day."
    assert web.get(f"{address}/saves/{uuid4()}").status_code == 404
    assert web.get(address).json()["text"] == "The gulls sleep."
