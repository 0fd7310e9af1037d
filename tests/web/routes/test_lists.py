"""Wildcards through the studio: lists written, chosen by the seed, kept resolved, played again."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.attacks.atelier import FAKE, Atelier


def keep(atelier: Atelier, name: str = "birds", entries: Any = "gull\nowl\ntern\nheron") -> Any:
    return atelier.web.post(f"/projects/{atelier.ids['projects'][0]}/lists", json={"name": name, "entries": entries})


def message(answer: Any) -> str:
    assert answer.status_code == 422, answer.text
    return answer.text


def test_each_variant_has_its_own_words_and_a_recipe_plays_again(atelier: Atelier, web: TestClient) -> None:
    birds, work = keep(atelier).json(), atelier.work()
    brief = {"intent": "a {red|blue} __birds__", "materials": ["__birds__"], "style": "ink"}
    run = atelier.make(work, brief=brief, seed=7, count=8)
    made = web.get(f"/generations/{run}").json()
    assert made["brief"]["intent"] == brief["intent"]
    said = [one["brief"]["intent"] for one in made["variants"]]
    assert len(set(said)) > 2
    assert all(one.split()[1] in {"red", "blue"} and one.split()[2] in {"gull", "owl", "tern", "heron"} for one in said)
    assert [one["seed"] for one in made["variants"]] == list(range(7, 15))
    assert made["variants"][0]["facts"]["wildcards"] == {"intent": brief["intent"], "materials": "__birds__"}
    assert brief["intent"] in web.get(f"/revisions/{made['variants'][0]['id']}", headers={"Accept": "text/html"}).text
    # The recipe, word for word: the lists may be others by then.
    last = made["variants"][5]
    web.patch(f"/lists/{birds['id']}", json={"version": 1, "name": "birds", "entries": "ostrich"}).raise_for_status()
    again = atelier.make(work, brief=last["brief"], seed=last["seed"], count=1)
    (replayed,) = web.get(f"/generations/{again}").json()["variants"]
    assert replayed["asset"]["sha256"] == last["asset"]["sha256"]
    assert "wildcards" not in replayed["facts"]
    varied = atelier.make(work, brief=None, engine=None, params=None, verb="reroll", parents=[{"revision": last["id"]}])
    assert {one["brief"]["intent"] for one in web.get(f"/generations/{varied}").json()["variants"]} == {said[5]}


def test_a_literal_brace_stays_one_wherever_the_recipe_goes(atelier: Atelier, web: TestClient) -> None:
    def variant(**fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = web.get(f"/generations/{atelier.make(work, count=1, **fields)}").json()["variants"][0]
        return made

    work, written = atelier.work(), r"the sign \{a|b\} beside a {fox|fox}"
    first = variant(brief={"intent": written}, seed=3)
    assert first["brief"]["intent"] == "the sign {a|b} beside a fox"
    assert first["facts"]["wildcards"] == {"intent": written}
    draft = web.post(f"/works/{work}/draft/base", json={"revision": first["id"]}).json()
    assert draft["brief"]["intent"] == r"the sign \{a\|b\} beside a fox"
    again = variant(brief=draft["brief"], seed=4)
    rerolled = variant(brief=None, engine=None, params=None, verb="reroll", parents=[{"revision": first["id"]}])
    assert again["brief"] == rerolled["brief"] == first["brief"]


@pytest.mark.parametrize(("medium", "engine"), [("text", "fake-words"), ("music", "fake-notes")])
def test_texts_and_tunes_choose_as_well(atelier: Atelier, web: TestClient, medium: str, engine: str) -> None:
    intent, params = "{rain|snow|a lamp}", {"steps": 3, "seconds": 0}
    run = atelier.make(atelier.work(medium), brief={"intent": intent}, engine=engine, params=params, seed=1, count=5)
    made = web.get(f"/generations/{run}").json()
    assert made["status"] == "done"
    said = [one["brief"]["intent"] for one in made["variants"]]
    assert len(set(said)) > 1
    assert set(said) <= {"rain", "snow", "a lamp"}
    assert [one["seed"] for one in made["variants"]] == [1, 2, 3, 4, 5]
    assert all(one["facts"]["wildcards"] == {"intent": intent} for one in made["variants"])
    alone = atelier.make(atelier.work(medium), brief={"intent": said[3]}, engine=engine, params=params, seed=4, count=1)
    assert web.get(f"/generations/{alone}").json()["variants"][0]["text"] == made["variants"][3]["text"]


def test_a_run_goes_on_with_the_words_that_were_chosen_when_it_was_asked_for(atelier: Atelier, web: TestClient) -> None:
    known = keep(atelier, entries="gull").json()
    run = atelier.ask(atelier.work(), brief={"intent": "__birds__"})
    web.patch(f"/lists/{known['id']}", json={"version": 1, "name": "birds", "entries": "owl"}).raise_for_status()
    atelier.worker.make(run)
    assert {one["brief"]["intent"] for one in web.get(f"/generations/{run}").json()["variants"]} == {"gull"}


def test_what_is_wrong_is_said_and_nothing_is_asked(atelier: Atelier, web: TestClient) -> None:
    work = atelier.work()
    keep(atelier, "loop", "__loop__").raise_for_status()
    for intent, said in (("__fish__", "no list “fish”"), ("__loop__", "names itself"), ("{|}", "")):
        answer = web.post(f"/works/{work}/generations", json={"brief": {"intent": intent}, **FAKE})
        assert said in message(answer)
    assert web.get(f"/generations?work={work}").json()["items"] == []


def test_the_draft_shows_what_one_seed_chooses_or_what_is_wrong(atelier: Atelier, web: TestClient) -> None:
    work = atelier.work()
    atelier.draft(work, brief={"intent": "a {red|red} fox"}, seed=5)
    prompt = web.get(f"/works/{work}/draft").json()["prompt"]
    assert (prompt["chosen_by"], prompt["fault"]) == (5, "")
    assert "{" not in prompt["html"]
    atelier.draft(work, brief={"intent": "a __fish__"})
    for language, said in (("en", "this project has no list “fish”"), ("zh", "fish")):
        prompt = web.get(f"/works/{work}/draft", headers={"Accept-Language": language}).json()["prompt"]
        assert said in prompt["fault"]
        assert said in prompt["html"]
    assert web.get(f"/works/{work}/draft").json()["brief"]["intent"] == "a __fish__"


@pytest.mark.parametrize(
    ("name", "entries", "said"),
    [
        ("sea birds", "gull", "letters and digits"),
        ("__birds__", "gull", "letters and digits"),
        ("birds", " \n ", "at least one entry"),
        ("birds", "\n".join(map(str, range(10_000))), "at most 2000 entries; these are 10000"),
        ("birds", "x" * 401, "at most 400 characters"),
        ("birds", "a\x00b", "control character"),
        ("birds", [1], ""),
    ],
)
def test_a_list_that_is_none_changes_nothing(atelier: Atelier, web: TestClient, name: str, entries: Any, said: str) -> None:
    assert said in message(keep(atelier, name, entries))
    assert web.get(f"/projects/{atelier.ids['projects'][0]}/lists").json()["items"] == []


def test_names_are_one_to_a_project(atelier: Atelier, web: TestClient) -> None:
    first, other = keep(atelier).json(), keep(atelier, "trees", "oak").json()
    assert "has a list of that name" in message(keep(atelier, "BIRDS"))
    taken = {"version": 1, "name": "Birds", "entries": "x"}
    assert "has a list of that name" in message(web.patch(f"/lists/{other['id']}", json=taken))
    changed = web.patch(f"/lists/{first['id']}", json={**taken, "entries": ["gull", "gull"]}).json()
    assert (changed["name"], changed["entries"]) == ("Birds", ["gull", "gull"])  # twice is twice as likely
    elsewhere = web.post(f"/projects/{atelier.project()}/lists", json={"name": "birds", "entries": "x"})
    assert elsewhere.status_code == 201


def test_two_windows_lose_nothing(atelier: Atelier, web: TestClient) -> None:
    known = keep(atelier).json()
    address = f"/lists/{known['id']}"
    changed = web.patch(address, json={"version": 1, "name": "birds", "entries": "gull\nswift"}).json()
    assert changed["version"] == 2
    late = {"version": 1, "name": "birds", "entries": "gull\nwren <b>"}
    refused = web.patch(address, json=late)
    assert (refused.status_code, refused.json()["code"]) == (409, "stale")
    assert refused.json()["list"]["entries"] == ["gull", "swift"]
    for language, said in (("en", "changed in another window"), ("zh", "另一个窗口")):
        headers = {"Accept": "text/html", "Accept-Language": language}
        page = web.post(f"{address}?method=PATCH", data=late, headers=headers)
        assert page.status_code == 409
        assert all(words in page.text for words in (said, "gull\nwren &lt;b&gt;", "gull\nswift", 'name="version" value="2"'))
    assert web.patch(address, json={**late, "version": 2}).json()["entries"] == ["gull", "wren <b>"]
    assert (
        web.patch(address, json={"name": "birds", "entries": "x"}).status_code == 422
    )  # without a version nothing is overwritten


def test_a_list_goes_into_the_trash_and_comes_back(atelier: Atelier, web: TestClient) -> None:
    known, project = keep(atelier).json(), atelier.ids["projects"][0]
    for _twice in range(2):
        assert web.post(f"/lists/{known['id']}/trash").status_code == 201
    assert web.get(f"/projects/{project}/lists").json()["items"] == []
    assert [one["name"] for one in web.get(f"/projects/{project}/lists?trashed=true").json()["items"]] == ["birds"]
    asked = {"brief": {"intent": "__birds__"}, **FAKE}
    assert "no list “birds”" in message(web.post(f"/works/{atelier.work()}/generations", json=asked))
    assert web.patch(f"/lists/{known['id']}", json={"version": 1, "name": "b", "entries": "x"}).status_code == 409
    other = keep(atelier, entries="owl").json()  # its name is free
    refused = web.delete(f"/lists/{known['id']}/trash")
    assert refused.status_code == 409
    assert "has a list of that name" in refused.json()["title"]
    web.post(f"/lists/{other['id']}/trash").raise_for_status()
    assert web.delete(f"/lists/{known['id']}/trash").json()["entries"] == ["gull", "owl", "tern", "heron"]
    assert [one["name"] for one in web.get(f"/projects/{project}/lists").json()["items"]] == ["birds"]
