"""Lanes: a slow run holds up only those like it, and changes nothing in what it makes when others pass it."""

from __future__ import annotations

import ast
import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.brief import Medium
from app.engines.catalog import catalog
from app.lanes import CLASS, Lane
from app.models import Generation
from app.settings import ROOT, MusicSetting, PictureSetting, Settings, TextSetting
from app.storage.db import Database
from app.storage.queue import Queue
from tests.engines.text.service import Service, Serving
from tests.engines.text.tiny_hub import tiny_hub
from tests.running import Running, until

SLOW = {"engine": "fake-slow", "params": {"steps": 1000, "seconds": 0.2}, "count": 1}


OWN = {"threading.Thread", "Thread", "ThreadPoolExecutor", "torch.manual_seed", "torch.seed", "random.seed", "np.random.seed"}


class Silent(Service):
    """Says nothing for longer than any test takes where it is asked for "silence"."""

    async def chat(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        while body["model"] == "silence":
            yield b": still there\n\n"
            await asyncio.sleep(1)
        async for chunk in super().chat(body):
            yield chunk


def test_every_engine_has_a_lane_that_fits_what_it_makes(tmp_path: Path) -> None:
    service = TextSetting(name="service", url="http://127.0.0.1:9/v1", model="m")
    drawing = PictureSetting.model_validate({"name": "drawing", "url": "http://127.0.0.1:9/v1", "model": "m"})
    hub = TextSetting(name="hub", kind="transformers", model="m")
    songs = [MusicSetting(name="songs", model="m"), MusicSetting(name="sounds", kind="musicgen", model="m")]
    settings = Settings(data=tmp_path, texts=[service, hub], pictures=[drawing], music=songs, fake_engines=True)
    engines = catalog(settings)
    lanes = {name: engine.lane({}) for name, engine in engines.items()}
    assert lanes["service"] is lanes["drawing"] is Lane.REMOTE
    quick = {name for name, engine in engines.items() if engine.medium == Medium.TEXT and name != "service"}
    assert {name for name, lane in lanes.items() if lane is Lane.QUICK} == quick | {
        "tunes",
        "fake-notes",
        "vectoriser",
        "cutter",
        "composer",
    }
    assert engines["house"].lane({"pace": "sketch"}) is Lane.QUICK
    assert engines["house"].lane({"pace": "full"}) is Lane.LONG


def test_engines_compute_only_while_their_next_step_is_asked_for() -> None:
    """A thread of an engine's own would go on while another run has the device: `emitted` has the only one, and waits.

    And what is drawn from the process's own chance would be another's, if others ran between two steps.
    """
    calls = {}
    for path in sorted((ROOT / "app" / "engines").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in OWN:
                calls.setdefault(name, set()).add(path.name)
    # a process that converts; chance set, and used up, before the first step
    watches, steady = (
        "convert_process.py",
        "ace_step.py",
    )  # a process that converts; chance set, and used up, before the first step
    assert calls == {"threading.Thread": {"callback_iterator.py", watches}, "torch.manual_seed": {steady}}


@pytest.mark.parametrize("priority", [0, 1, CLASS - 1, CLASS, 2 * CLASS + 7, 9 * CLASS, -5])
def test_every_priority_has_a_lane(priority: int) -> None:
    """Also those that an older version wrote."""
    assert Lane.of(priority).queue in {"quick", "local", "remote"}


def test_a_request_waits_in_its_lane_and_is_counted_there(
    config: Settings, web: TestClient, work: str, project: str, database: Database
) -> None:
    text = web.post(f"/projects/{project}/works", json={"title": "Rain", "medium": "text"}).json()["id"]

    def ask(work: str, **fields: Any) -> dict[str, Any]:
        made = web.post(f"/works/{work}/generations", json={"brief": {"intent": "a fox in the rain"}} | fields)
        assert made.status_code == 202, made.text
        return dict(made.json())

    first, second = ask(work, engine="fake-slow"), ask(work, engine="fake-slow")
    sketch, written = ask(work, engine="house", params={"pace": "sketch"}), ask(text)
    positions = [web.get(f"/generations/{made['id']}").json()["position"] for made in (first, second, sketch, written)]
    assert positions == [0, 1, 0, 1]
    queue = Queue(config)
    found = {w.workflow_id: w.queue_name for w in queue.client.list_workflows(load_input=False, load_output=False)}
    queue.close()
    assert [found[made["id"]] for made in (first, second, sketch, written)] == ["local", "local", "quick", "quick"]
    with database.reading() as session:
        assert session.get_one(Generation, UUID(second["id"])).priority == CLASS + 2
        assert session.get_one(Generation, UUID(written["id"])).priority == 2


@pytest.mark.timeout(300)
def test_texts_and_answers_of_services_pass_a_long_picture(tmp_path: Path) -> None:
    """One worker. A service that says nothing holds up neither pictures nor texts, nor they it."""
    with Serving(Silent()) as url:
        texts = [
            {"name": "tiny", "kind": "transformers", "model": str(tiny_hub(tmp_path / "tiny"))},
            {"name": "silent", "url": url, "model": "silence"},
            {"name": "chat", "url": url, "model": "chat"},
        ]
        environment = {"STEMMA_FAKE_ENGINES": "1", "STEMMA_TEXTS": json.dumps(texts), "STEMMA_JUDGE": ""}
        running = Running(tmp_path, environment | {"STEMMA_PRELOAD": "0", "STEMMA_DEVICE": "cpu"})
        running.start()
        try:
            work, text = running.work(), running.work("Rain", medium="text")
            waits = running.ask(text, "rain", engine="silent", params=None, count=1)["id"]
            picture = running.ask(work, **SLOW)["id"]
            behind = running.ask(work, **SLOW)["id"]
            until(lambda: (running.generation(picture)["step"] or 0) > 1, 60, "the picture's steps")
            told = running.make(text, "rain", engine="chat", params=None, count=1)
            written = running.make(text, "rain", engine="tiny", params={"tokens": 20}, count=1)
            open_ones = [running.generation(id)["status"] for id in (waits, picture, behind)]
            assert open_ones == ["running", "running", "queued"]
            assert told["variants"][0]["text"]
            assert written["variants"][0]["text"]
            for id in (behind, picture, waits):
                assert running.http.post(f"/generations/{id}/cancellation").status_code == 202
            last = running.make(work, engine="fake-slow", params={"steps": 2, "seconds": 0.0}, count=1)
            assert len(last["variants"]) == 1
        finally:
            running.stop()


@pytest.mark.model
@pytest.mark.timeout(600)
def test_words_and_notes_and_sketches_pass_a_picture_that_is_the_same_as_undisturbed(studio: Running) -> None:
    """The house's own engines in one worker; the bytes of a picture do not tell that others passed it."""
    wish: dict[str, Any] = {"params": {"steps": 60}, "count": 4, "seed": 11}
    work, tune, poem = studio.work(), studio.work("Reel", medium="music"), studio.work("雨", medium="text")
    alone = studio.make(work, "a red apple", **wish)
    picture = studio.ask(work, "a red apple", **wish)["id"]
    until(lambda: (studio.generation(picture)["step"] or 0) > 2, 120, "the picture's steps")
    asked = [
        studio.ask(tune, "a reel in D", params={"bars": 8, "drafts": 1}, count=1)["id"],
        studio.ask(work, "a fox", params={"pace": "sketch"}, count=1)["id"],
        studio.ask(poem, "秋日", engine="verse", params=None, count=1)["id"],
    ]
    made = studio.wait(picture, 300)
    passed = [studio.wait(id, 300) for id in asked]
    assert [one["status"] for one in (made, *passed)] == ["done"] * 4
    assert passed[0]["finished_at"] < made["finished_at"]
    assert [one["asset"]["sha256"] for one in made["variants"]] == [one["asset"]["sha256"] for one in alone["variants"]]
    content = studio.http.get(f"/revisions/{made['variants'][0]['id']}/content").content
    assert hashlib.sha256(content).hexdigest() == alone["variants"][0]["asset"]["sha256"]
