"""A work duplicated: nothing of the first changes, nothing of it is missing in the second."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.brief import Medium
from app.models import Asset, Work
from app.storage.db import Database
from tests.growing import Garden

BRIEF = {"intent": "a hare at dusk", "style": "linocut"}
SOUND = {"text": None, "asset_id": "a" * 64, "facts_data": {"rate": 8000}}
HELD: list[tuple[Medium, dict[str, Any]]] = [
    (Medium.TEXT, {"text": "Snow on the roof", "origins": [[0, 4, "hand"], [4, 16, "engine"]], "facts_data": {"markup": "md"}}),
    (Medium.MUSIC, SOUND),
    (Medium.MUSIC, {"text": "X:1\nK:D\nDFA|\n", "facts_data": {"contour": [0.0, 0.5]}}),
]


@pytest.mark.parametrize(("medium", "held"), HELD)
def test_a_copy_begins_where_the_work_stands(web: TestClient, database: Database, medium: Medium, held: dict[str, Any]) -> None:
    with database.writing() as session:
        garden = Garden(session, "Hare")
        garden.work.medium = medium
        if "asset_id" in held:
            session.add(Asset(sha256=held["asset_id"], media_type="audio/flac", bytes=1, duration=2.0))
            session.flush()
        [picked] = garden.grow(picked=True, brief_data=BRIEF, **held)
        garden.grow((picked, "vary"), text="something newer")
        first = garden.work.id
    before = (
        web.get(f"/works/{first}").json(),
        web.get(f"/works/{first}/revisions").json(),
        web.get(f"/works/{first}/draft").json(),
    )
    written = {"version": before[2]["version"], "brief": {"intent": "not sent yet"}}
    web.put(f"/works/{first}/draft", json=written).raise_for_status()
    answer = web.post(f"/works/{first}/copies")
    copy = answer.json()
    assert (answer.status_code, answer.headers["location"], copy["title"]) == (201, f"/works/{copy['id']}", "Hare (2)")
    assert (copy["revisions"], copy["project"], copy["medium"]) == (1, before[0]["project"], medium)
    [root] = web.get(f"/works/{copy['id']}/revisions").json()["items"]
    assert (root["origin"], root["text"], root["brief"]["intent"]) == ("hand", held["text"], BRIEF["intent"])
    with database.reading() as session:
        row = session.get_one(Work, UUID(copy["id"])).cover
        assert row is not None
        assert (row.origins, row.facts_data) == (held.get("origins"), held["facts_data"])
        assert [(edge.parent_id, edge.role, edge.parent.work_id) for edge in row.parents] == [(picked.id, "edit", first)]
    draft = web.get(f"/works/{copy['id']}/draft").json()
    assert (draft["base"], draft["brief"]["intent"]) == (root["id"], "not sent yet")
    assert (web.get(f"/works/{first}").json()["revisions"], web.get(f"/works/{first}/revisions").json()) == (2, before[1])
    said = web.get(f"/revisions/{root['id']}", headers={"Accept": "text/html"}).text
    assert "a copy of" in said
    assert "by hand from" not in said
    acts = [one["kind"] for one in web.get(f"/works/{copy['id']}/acts").json()["items"]]
    assert acts == ["work-duplicated", "work-created"]


def test_a_work_without_revisions_is_copied_with_its_bench(web: TestClient, work: str) -> None:
    copy = web.post(f"/works/{work}/copies").json()
    assert (copy["revisions"], copy["cover"]) == (0, None)
    web.post(f"/works/{work}/trash")
    assert web.post(f"/works/{work}/copies").status_code == 409


def test_the_menu_duplicates_and_undoing_is_the_trash(web: TestClient, work: str) -> None:
    browser = {"Accept": "text/html"}
    assert f'action="/works/{work}/copies"' in web.get(f"/works/{work}/menu", headers=browser).text
    wall = web.post(f"/works/{work}/copies", headers=browser)  # goes on to the wall
    assert (wall.status_code, "The copy is called" in wall.text) == (200, True)
    [undone] = [part for part in wall.text.split('action="') if "Undo" in part[:900] and "/trash" in part[:80]]
    path = undone.partition('"')[0]
    assert path != f"/works/{work}/trash"
    web.post(path).raise_for_status()
    assert web.get(f"/works/{work}").json()["trashed_at"] is None
    assert web.get(path.removesuffix("/trash")).json()["trashed_at"]
