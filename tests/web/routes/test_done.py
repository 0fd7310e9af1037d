"""What was done is told with its undoing: after a redirect, beside a partial, without script; menus of tiles."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from html import unescape
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.storage.db import Database
from app.web.done import COOKIE, WAYS, Deed
from tests.taught import a_style

BROWSER = {"Accept": "text/html"}
OVER_WORDS = "The preset “Oil” took the place of words of yours."
FORM = BROWSER | {"Content-Type": "application/x-www-form-urlencoded"}


def told(page: str) -> str:
    """What the page says was done; empty when it says nothing."""
    found = re.search(r'<div id="done" role="status">\s*(?:<p>(.*?)</p>)?', page)
    assert found, "the page has no place for it"
    return unescape(found[1] or "")


def undo(web: TestClient, page: str) -> str:
    """Send the form that undoes it, as a browser without script does; the page that follows."""
    [form] = re.findall(r'<div id="done" role="status">.*?<form action="([^"]+)" method="post".*?</form>', page, re.DOTALL)
    fields = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page[page.index(form) : page.index("</form>")])
    )
    body = "&".join(f"{name}={quote(unescape(value))}" for name, value in fields.items())
    answer = web.post(form, content=body, headers=FORM)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_every_deed_is_told_once_and_undone_without_script(
    web: TestClient, database: Database, project: str, work: str, revision: str
) -> None:
    with database.writing() as session:
        blots = a_style(session, project, name="Blots").id
    other = web.post("/projects", json={"name": "Other & more"}).json()["id"]
    birds = web.post(f"/projects/{project}/lists", json={"name": "birds", "entries": "owl"}).json()["id"]
    ink = web.post(f"/projects/{project}/presets", json={"name": "Ink", "brief": {"technique": "ink"}}).json()["id"]
    web.post(f"/projects/{project}/presets", json={"name": "Oil", "brief": {"style": "oil"}})
    oil = web.get(f"/projects/{project}/presets").json()["items"][-1]["id"]
    web.put(f"/works/{work}/draft", json={"version": 1, "brief": {"style": "my own"}}).raise_for_status()
    deeds = {
        Deed.LIST_TRASHED: (f"/lists/{birds}/trash", "", "“birds” is in the trash."),
        Deed.LIST_RESTORED: (f"/lists/{birds}/trash?method=DELETE", "", "“birds” is back from the trash."),
        Deed.STYLE_TRASHED: (f"/styles/{blots}/trash", "", "“Blots” is in the trash."),
        Deed.STYLE_RESTORED: (f"/styles/{blots}/trash?method=DELETE", "", "“Blots” is back from the trash."),
        Deed.PRESET_KEPT: (f"/projects/{project}/presets", f"name=Own&work={work}&take=style", "The preset “Own” is kept."),
        Deed.PRESET_TRASHED: (f"/presets/{ink}/trash", "", "“Ink” is in the trash."),
        Deed.PRESET_RESTORED: (f"/presets/{ink}/trash?method=DELETE", "", "“Ink” is back from the trash."),
        Deed.PRESET_APPLIED: (f"/works/{work}/draft/preset", f"preset={ink}", "The preset “Ink” is in the brief."),
        Deed.PRESET_REPLACED: (f"/works/{work}/draft/preset", f"preset={oil}", OVER_WORDS),
        Deed.WORK_TRASHED: (f"/works/{work}/trash", "", "“Fox” is in the trash."),
        Deed.WORK_RESTORED: (f"/works/{work}/trash?method=DELETE", "", "“Fox” is back from the trash."),
        Deed.WORK_RENAMED: (f"/works/{work}?method=PATCH", "title=Heron", "The new title is “Heron”."),
        Deed.WORK_MOVED: (f"/works/{work}?method=PATCH", f"project={other}", "The work is now in “Other & more”."),
        Deed.WORK_DUPLICATED: (f"/works/{work}/copies", "", "The copy is called “Fox (2)”."),
        Deed.PROJECT_TRASHED: (f"/projects/{project}/trash", "", "“Coast” is in the trash."),
        Deed.PROJECT_RESTORED: (f"/projects/{project}/trash?method=DELETE", "", "“Coast” is back from the trash."),
        Deed.PROJECT_RENAMED: (f"/projects/{project}?method=PATCH", "name=Sea", "The new name is “Sea”."),
        Deed.PICKED: (f"/revisions/{revision}/pick", "", "Revision 1 is picked."),
        Deed.UNPICKED: (f"/revisions/{revision}/pick?method=DELETE", "", "Revision 1 is no longer picked."),
    }
    assert set(deeds) == set(WAYS)

    def state() -> list[Any]:
        """What undoing brings back. (Picking is a change, and so is taking the pick back: times and versions go on.)"""
        found = [web.get(f"/{noun}").json() for noun in (f"works/{work}", f"projects/{project}", f"revisions/{revision}")]
        for one in found:
            one["trashed_at"] = bool(one.get("trashed_at"))
            one.pop("touched_at", None)
        kept = [web.get(f"/projects/{project}/{noun}").json()["items"] for noun in ("lists", "presets", "styles")]
        return [*found, [[one["name"] for one in listed] for listed in kept], web.get(f"/works/{work}/draft").json()["brief"]]

    for deed, (path, body, said) in deeds.items():
        if deed.endswith("-restored") or deed is Deed.UNPICKED:
            web.post(path.partition("?")[0])
        before = state()
        page = web.post(path, content=body, headers=FORM)
        assert told(page.text) == said, deed
        after = undo(web, page.text)
        assert told(after) or "preset=" in body, f"{deed}: what undoes it is told, too"
        now = state()
        assert now == before, f"{deed} was not undone"
        assert told(web.get("/projects", headers=BROWSER).text) == "", "told twice"
        web.delete(f"/works/{work}/trash")
        web.delete(f"/projects/{project}/trash")
        web.delete(f"/revisions/{revision}/pick")
        web.delete(f"/lists/{birds}/trash")
        web.delete(f"/presets/{ink}/trash")
        web.delete(f"/styles/{blots}/trash")


def test_a_pick_on_the_bench_is_told_beside_its_variant(web: TestClient, revision: str) -> None:
    answer = web.post(f"/revisions/{revision}/pick", headers={"HX-Request": "true"})
    assert '<article class="variant"' in answer.text
    assert re.search(r'<div id="done" hx-swap-oob="innerHTML">\s*<p>Revision 1 is picked.</p>', answer.text)
    assert COOKIE not in web.cookies


def crafted(told: str) -> str:
    """A cookie that says `told`."""
    return urlsafe_b64encode(told.encode()).decode()


CRAFTED = [
    "x",
    "é" * 3,
    "A" * 5000,
    crafted("[]"),
    crafted('{"a": 1}'),
    crafted('["picked", "x", "y", ""]'),
    crafted(f'["picked", "{UUID(int=1)}", "half a character \\ud800", ""]'),
    crafted(f'["picked", "{UUID(int=1)}", 7, ""]'),
    crafted(f'["picked", {10**400}, "y", ""]'),
    crafted("[" * 1400 + "]" * 50),
]


@pytest.mark.parametrize("value", CRAFTED)
def test_a_cookie_that_is_none_of_ours_says_nothing(web: TestClient, value: str) -> None:
    page = web.get("/projects", headers=BROWSER | {"Cookie": f"{COOKIE}={quote(value)}"})
    assert (page.status_code, told(page.text)) == (200, "")


def test_a_method_in_the_address_is_a_forms_alone(web: TestClient, work: str) -> None:
    assert web.post(f"/works/{work}/trash?method=DELETE", json={}).status_code == 201
    assert web.get(f"/works/{work}").json()["trashed_at"]
    assert web.post(f"/works/{work}/trash?method=GET", headers=FORM, content="").status_code == 200


def test_a_work_moves(web: TestClient, project: str, work: str, stranger: dict[str, str]) -> None:
    other = web.post("/projects", json={"name": "Other"}).json()["id"]
    assert web.patch(f"/works/{work}", json={"project": other}).json()["project"] == other
    assert [one["id"] for one in web.get(f"/projects/{other}/works").json()["items"]] == [work]
    assert web.get(f"/projects/{project}/works").json()["items"] == []
    assert web.patch(f"/works/{work}", json={"project": stranger["project"]}).status_code == 404
    web.post(f"/projects/{project}/trash")
    assert web.patch(f"/works/{work}", json={"project": project}).status_code == 409
    assert web.patch(f"/works/{work}", json={}).status_code == 422
    assert web.get(f"/works/{work}").json()["project"] == other


def test_tiles_have_menus_that_are_pages_too(web: TestClient, project: str, work: str, stranger: dict[str, str]) -> None:
    other = web.post("/projects", json={"name": "Other"}).json()["id"]
    for wall, menu in (("/projects", f"/projects/{project}/menu"), (f"/projects/{project}", f"/works/{work}/menu")):
        assert f'href="{menu}"' in web.get(wall, headers=BROWSER).text
        page = web.get(menu, headers=BROWSER).text
        assert "<main" in page
        assert all(word in page for word in ("Open", "Rename", "Move to the trash"))
        assert "<main" not in web.get(menu, headers={"HX-Request": "true"}).text
    assert f'<option value="{other}">Other</option>' in web.get(f"/works/{work}/menu", headers=BROWSER).text
    assert web.get(f"/works/{stranger['work']}/menu").status_code == 404
    assert web.get(f"/projects/{stranger['project']}/menu").status_code == 404
