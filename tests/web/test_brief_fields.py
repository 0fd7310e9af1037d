"""Every field of the brief, also one that is added: on the bench, in a diff, in a recipe, and when a run is tried again."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from app.brief import FIELDS, LISTS, Brief
from app.settings import Settings
from app.storage.db import Database
from app.web.templates import translations
from tests.growing import Garden
from tests.hands import hands

BROWSER = {"Accept": "text/html"}


def brief(mark: str) -> dict[str, str | list[str]]:
    """A brief that says something of its own in every field."""
    return {name: [f"{mark} {name} 1", f"{mark} {name} 2"] if name in LISTS else f"{mark} {name}" for name in FIELDS}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_field_stands_on_the_bench_under_its_name(web: TestClient, work: str, language: str) -> None:
    web.put(f"/works/{work}/draft", json={"version": 1, "brief": brief("wished")})
    page = web.get(f"/works/{work}", headers=BROWSER | {"Accept-Language": language}).text
    for name, field in FIELDS.items():
        title = translations(language).gettext(str(field.title))
        assert re.search(rf'<label for="brief-{name}">{title}</label>', page)
        said = brief("wished")[name]
        text = "\n".join(said) if isinstance(said, list) else said
        assert re.search(rf'name="brief.{name}"[^>]*>\n{text}</textarea>', page), name


def test_every_field_that_changed_stands_in_the_diff_and_in_the_recipe(web: TestClient, database: Database) -> None:
    with database.writing() as session:
        garden = Garden(session)
        [a] = garden.grow(brief_data=brief("old"))
        [b] = garden.grow((a, "refine"), brief_data=brief("new"))
        a_id, b_id = a.id, b.id
    diff = web.get(f"/revisions/{a_id}/diff/{b_id}", headers=BROWSER).text
    recipe = web.get(f"/revisions/{b_id}", headers=BROWSER).text
    for name, field in FIELDS.items():
        assert f"<dt>{field.title}</dt><dd" in diff, name
        assert re.search(rf'<dt>{field.title}</dt><dd class="prose">new {name}', recipe), name


def test_trying_again_asks_for_the_same_brief(
    web: TestClient, config: Settings, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _told = hands(config, monkeypatch)
    wish = {"brief": brief("wished"), "engine": "fake-broken", "count": 1}
    id = web.post(f"/works/{work}/generations", json=wish).json()["id"]
    worker.make(id)
    page = web.get(f"/generations/{id}", headers={"HX-Request": "true"}).text
    form = dict(re.findall(r'<input type="hidden" name="(brief\.[^"]+)" value="([^"]*)"', page))
    again = web.post(f"/works/{work}/generations", data=form | {"verb": "create", "engine": "fake-broken"})
    assert Brief.model_validate(again.json()["brief"]) == Brief.model_validate(brief("wished"))


def test_what_a_script_sends_of_that_form_is_the_same_brief() -> None:
    """Fields of a form as JSON (nested() in static/js/bench/asking.js): a list comes as its lines."""
    sent = {name: "\n".join(said) if isinstance(said, list) else said for name, said in brief("wished").items()}
    assert Brief.model_validate(sent) == Brief.model_validate(brief("wished"))
