"""The engine room: engines and workers, as they are."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient

from app.models import Worker
from app.storage.db import Database, now


def test_engines_tell_what_they_can_and_take(web: TestClient) -> None:
    engines = {one["name"]: one for one in web.get("/engines").json()["items"]}
    house = engines["house"]
    assert (house["medium"], house["verbs"], house["licence"]) == (
        "image",
        ["create", "finish", "graft", "inpaint", "outpaint", "refine", "reroll", "vary"],
        "Apache-2.0",
    )
    assert house["params"]["properties"]["steps"]["maximum"] == 60
    assert house["ready"] is (house["reason"] is None)
    assert {"fake-slow", "fake-broken"} <= set(engines)


def test_workers_are_idle_busy_or_lost_and_the_gone_are_not_shown(web: TestClient, database: Database) -> None:
    with database.writing() as session:
        for id, state, seconds in (("a", "idle", 0), ("b", "busy", 60), ("c", "gone", 0), ("d", "idle", 7200)):
            session.add(Worker(id=id, name=id, device="cpu", state=state, seen_at=now() - timedelta(seconds=seconds)))
    found = {one["id"]: one["state"] for one in web.get("/workers").json()["items"]}
    assert found == {"a": "idle", "b": "lost"}


def test_the_room_shows_what_waits(web: TestClient, work: str) -> None:
    web.post(f"/works/{work}/generations", json={"brief": {"intent": "x"}, "engine": "fake-slow"})
    for headers in ({"Accept": "text/html"}, {"HX-Request": "true"}):
        answer = web.get("/engine-room", headers=headers)
        assert (answer.status_code, "Fox" in answer.text) == (200, True)
