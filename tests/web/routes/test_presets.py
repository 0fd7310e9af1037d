"""Presets through the studio: kept from a draft, put into another, told in the recipe, taken back."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.attacks.atelier import Atelier, picture

HTML = {"Accept": "text/html"}


def keep(atelier: Atelier, name: str = "Ink", **given: Any) -> Any:
    given = given or {"brief": {"style": "ink wash"}}
    return atelier.web.post(f"/projects/{atelier.ids['projects'][0]}/presets", json={"name": name, **given})


def put(atelier: Atelier, work: str, preset: str) -> Any:
    return atelier.web.post(f"/works/{work}/draft/preset", json={"preset": preset})


def test_kept_from_one_bench_put_into_another_and_told_in_the_recipe(atelier: Atelier, web: TestClient) -> None:
    work, other = atelier.work(), atelier.work()
    root = atelier.bring(work, "fox.png", picture())
    brief = {"intent": "a fox", "style": "ink wash", "avoid": "text"}
    atelier.draft(work, brief=brief, base=root, engine="fake-slow", params={"steps": 2, "seconds": 0})
    made = keep(atelier, work=work, take=["style", "technique", "avoid", "params"]).json()
    assert made["brief"] == {"style": "ink wash", "avoid": "text"}  # what says nothing is not named
    assert (made["engine"], made["params"], made["revision"]) == ("fake-slow", {"steps": 2, "seconds": 0}, root)
    atelier.draft(other, brief={"intent": "an owl", "materials": ["snow"]})
    draft = put(atelier, other, made["id"]).json()
    assert draft["brief"] == {**draft["brief"], **made["brief"], "intent": "an owl", "materials": ["snow"]}
    assert (draft["engine"], draft["params"]["steps"]) == ("fake-slow", 2)
    run = atelier.make(other, brief=None)
    first = web.get(f"/generations/{run}").json()["variants"][0]
    assert first["facts"]["presets"] == ["Ink"]
    assert "Ink" in web.get(f"/revisions/{first['id']}", headers=HTML).text
    plain = atelier.make(other, brief={"intent": "an owl"})
    assert "presets" not in web.get(f"/generations/{plain}").json()["variants"][0]["facts"]


def test_words_of_ones_own_go_only_with_a_word_and_come_back(atelier: Atelier, web: TestClient) -> None:
    work, made = atelier.work(), keep(atelier).json()
    atelier.draft(work, brief={"intent": "a fox", "style": "my own style"})
    answer = web.post(f"/works/{work}/draft/preset", data={"preset": made["id"]}, headers=HTML, follow_redirects=True)
    assert "took the place of words of yours" in answer.text
    assert web.get(f"/works/{work}/draft").json()["brief"]["style"] == "ink wash"
    save = answer.text.split('name="save" value="')[1].split('"')[0]
    back = web.post(f"/works/{work}/draft/restoration", data={"save": save}).json()
    assert back["brief"]["style"] == "my own style"
    atelier.draft(work, brief={"style": ""})
    answer = web.post(f"/works/{work}/draft/preset", data={"preset": made["id"]}, headers=HTML, follow_redirects=True)
    assert "“Ink” is in the brief" in answer.text
    again = web.post(f"/works/{work}/draft/preset", data={"preset": made["id"]}, headers=HTML, follow_redirects=True)
    assert 'name="save"' not in again.text  # nothing changed, so there is nothing to take back


def test_lists_grow_and_a_text_can_go_around_what_is_there(atelier: Atelier, web: TestClient) -> None:
    work = atelier.work()
    made = keep(atelier, brief={"intent": "photo of {prompt}, 35mm", "materials": ["grain", "snow"]}).json()
    atelier.draft(work, brief={"intent": "a fox", "materials": ["snow", "moon"]})
    brief = put(atelier, work, made["id"]).json()["brief"]
    assert (brief["intent"], brief["materials"]) == ("photo of a fox, 35mm", ["snow", "moon", "grain"])
    run = atelier.make(work, brief=None, engine="fake-slow")
    assert web.get(f"/generations/{run}").json()["variants"][0]["facts"]["presets"] == ["Ink"]
    atelier.draft(work, brief={"intent": "x" * 8_000})
    assert put(atelier, work, made["id"]).status_code == 422
    assert web.get(f"/works/{work}/draft").json()["brief"]["intent"] == "x" * 8_000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"brief": {}}, "nothing in it"),
        ({"brief": {"style": "  "}, "params": {}}, "nothing in it"),
        ({"brief": {"colour": "red"}}, "allowed here"),
        ({"brief": {"style": "x" * 8_001}}, "8000"),
        ({"brief": {"style": 1}}, ""),
        ({"brief": {"style": "ink"}, "name": " "}, ""),
        ({"brief": {"style": "ink"}, "name": "x" * 61}, "60"),
    ],
)
def test_what_is_no_preset_changes_nothing(atelier: Atelier, web: TestClient, given: dict[str, Any], said: str) -> None:
    answer = web.post(f"/projects/{atelier.ids['projects'][0]}/presets", json={"name": "Ink", **given})
    assert answer.status_code == 422
    assert said in answer.text
    assert web.get(f"/projects/{atelier.ids['projects'][0]}/presets").json()["items"] == []


def test_renamed_trashed_and_of_one_project(atelier: Atelier, web: TestClient) -> None:
    made = keep(atelier).json()
    assert keep(atelier, "INK").status_code == 422
    assert web.patch(f"/presets/{made['id']}", json={"version": 1, "name": "Wash"}).json()["version"] == 2
    assert web.patch(f"/presets/{made['id']}", json={"version": 1, "name": "Late"}).status_code == 409
    elsewhere = atelier.preset_of(atelier.project("Other"))
    assert "another project" in put(atelier, atelier.work(), elsewhere).text
    web.post(f"/presets/{made['id']}/trash").raise_for_status()
    assert put(atelier, atelier.work(), made["id"]).status_code == 409
    listed = f"/projects/{atelier.ids['projects'][0]}/presets"
    assert web.get(listed).json()["items"] == []
    assert "Wash" in web.get(listed, headers=HTML).text  # in its trash
    assert web.delete(f"/presets/{made['id']}/trash").json()["name"] == "Wash"
