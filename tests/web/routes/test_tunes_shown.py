"""A tune wherever works are shown: its page, walls, search, lineage; a poem that inspired it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from app.brief import Medium
from app.media.music.abc.abc import read_tune
from app.media.music.abc.transpose import transposed
from app.models import Revision
from app.storage.db import Database
from tests.growing import Garden

BROWSER = {"Accept": "text/html"}
JIG = "X:1\nT:The Harbour <Light>\nM:6/8\nL:1/8\nK:D\n|: d2f afd | Bcd e2f | gfe fed | d3 d3 :|\nw:grey gulls go\n"


def page(web: TestClient, path: str) -> str:
    """A page's words, as read."""
    answer = web.get(path, headers=BROWSER)
    assert answer.status_code == 200, path
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.fixture
def grown(database: Database) -> dict[str, str]:
    """A poem that inspired a tune, of which two bars were replaced, and that was transposed."""
    with database.writing() as session:
        poem, garden = Garden(session, "Gulls"), Garden(session, "Harbour")
        poem.work.medium, garden.work.medium = Medium.TEXT, Medium.MUSIC
        [first] = poem.grow(text="The gulls go up", engine="verse")
        checks = {"parses": True, "bars_complete": True, "key": True, "metre": False}
        facts = {"checks": checks, "contour": [0.0, 0.5, 1.0], "ends_at_home": True}
        facts |= {"novelty": {"notes": 30, "bars": 9.0, "title": "The Kesh", "start": 0}, "own": {"bars": 1.0, "title": "Mine"}}
        [tune] = garden.grow((first, "inspire"), verb="create", text=JIG, engine="tunes", facts_data=facts, picked=True)
        [other] = garden.grow((tune, "replace"), text=JIG.replace("gfe fed", "gfe f3"), engine="tunes")
        other.generation.place_data = {"bars": [2, 3]}  # type: ignore[union-attr]  # it has one
        [high] = garden.grow((other, "transpose"), text=transposed(read_tune(JIG), -2), engine="tunes")
        high.generation.place_data = {"semitones": -2}  # type: ignore[union-attr]  # it has one
        made: dict[str, Revision] = {"poem": first, "tune": tune, "other": other, "high": high}
        ids = {name: str(one.id) for name, one in made.items()}
        return ids | {"work": str(garden.work.id), "project": str(garden.work.project_id)}


def test_a_tunes_page_tells_what_it_is_and_how_it_came(web: TestClient, grown: dict[str, str]) -> None:
    said = page(web, f"/revisions/{grown['tune']}")
    assert "inspired by Revision 1 Gulls" in said
    assert "D major ✓ as asked" in said
    assert "6/8 ✗ not as asked" in said
    assert "4 · ✓ every bar is full" in said
    assert "Shares 9 bars in a row with “The Kesh”." in said
    source = web.get(f"/revisions/{grown['tune']}", headers=BROWSER).text
    for kind in ("abc", "musicxml", "midi", "wav", "flac", "mp3", "json"):
        assert f"/revisions/{grown['tune']}/download?as={kind}" in source
    assert "The Harbour &lt;Light&gt;" in source
    said = page(web, f"/revisions/{grown['other']}")
    assert "bars 2–3 replaced in Revision 1" in said
    assert "bar 3 changed: pitches, rhythm" in said
    assert "transposed down 2 semitones from Revision 2" in page(web, f"/revisions/{grown['high']}")


def test_a_tune_that_does_not_read_says_where(web: TestClient, database: Database) -> None:
    with database.writing() as session:
        garden = Garden(session)
        garden.work.medium = Medium.MUSIC
        [broken] = garden.grow(text="X:1\nM:6/8\nL:1/8\nK:H\nabc d2 | d3 d3 |\n", engine=None)
        id = str(broken.id)
    said = page(web, f"/revisions/{id}")
    assert "✗ 1 place cannot be read" in said
    assert "Line 4, column 3: The key H is unknown." in said


def test_a_tune_hangs_by_its_picture_and_is_found_by_its_words(web: TestClient, grown: dict[str, str]) -> None:
    wall = web.get("/projects", headers=BROWSER).text
    assert f"/revisions/{grown['tune']}/content?w=" in wall
    assert "|: d2f" not in wall
    picture = web.get(f"/revisions/{grown['tune']}/content?w=256")
    assert picture.headers["content-type"] == "image/webp"
    web.post(f"/works/{grown['work']}/trash")
    assert f"/revisions/{grown['tune']}/content?w=64" in web.get("/trash", headers=BROWSER).text


def test_the_words_of_a_tune_are_found_and_its_notes_are_not(web: TestClient, project: str) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "Untitled", "medium": "music"}).json()["id"]
    version = web.get(f"/works/{work}/draft").json()["version"]
    assert (
        web.put(f"/works/{work}/draft", json={"version": version, "text": JIG, "brief": {"intent": "a jig"}}).status_code == 200
    )

    def found(q: str) -> list[str]:
        listed = web.get(f"/projects/{project}/works", params={"q": q, "medium": "music"}).json()
        return [one["id"] for one in listed["items"]]

    assert found("harbour") == found("gulls") == found("jig") == [work]
    assert found("afd") == []


def test_the_lineage_draws_both_media(web: TestClient, grown: dict[str, str]) -> None:
    told = web.get(f"/works/{grown['work']}/lineage").json()
    assert {"child": grown["tune"], "parent": grown["poem"], "role": "inspire"} in told["edges"]
    words = {node["id"]: node["words"] for node in told["nodes"]}
    assert words[grown["poem"]] == "The gulls go up"
    assert words[grown["tune"]] is None  # drawn by its picture
    assert web.get(f"/works/{grown['work']}/lineage/atlas/0").headers["content-type"] == "image/webp"
    said = page(web, f"/works/{grown['work']}/lineage?at=1")
    assert "inspired by Revision 1 Gulls" in said
