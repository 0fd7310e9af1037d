"""The engine room: engines and workers, as they are."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from app.models import Worker
from app.settings import PictureSetting, Settings
from app.storage.db import Database, now
from tests.engines.image.comfy_service import workflow
from tests.web.test_claims_of_machines import opened


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


def test_of_a_workflow_it_is_told_what_is_filled_in_where(config: Settings, tmp_path: Path) -> None:
    (tmp_path / "portrait.json").write_text(json.dumps(workflow()), "utf-8")
    (tmp_path / "page.json").write_text('{"nodes": [], "links": []}', "utf-8")
    settings = [
        PictureSetting.model_validate(
            {"name": name, "kind": "comfyui", "url": "http://127.0.0.1:9", "workflow": tmp_path / f"{name}.json"}
        )
        for name in ("portrait", "page")
    ]
    with opened(config, pictures=settings) as web:
        engines = {one["name"]: one for one in web.get("/engines").json()["items"]}
        html = web.get("/engine-room", headers={"Accept": "text/html"}).text
    assert engines["portrait"]["fills"]["prompt"] == "CLIPTextEncode (6.text)"
    assert "Filled in:" in html
    assert "seed → KSampler (3.seed)" in html
    assert (engines["page"]["ready"], engines["page"]["fills"]) == (False, {})
    assert "choose Workflow, Export (API)" in html


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
