"""A composed picture is an SVG without being traced: its scene, with the recipe and with whose drawings it shows."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageChops, ImageStat

from app.engines.image.composer.drawing import pixels
from app.engines.image.composer.engine import Composer
from app.models import Revision
from app.requests.engine_request import request_for
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store
from app.worker.progress import Progress
from app.worker.run import begin, perform
from app.worker.save_results import finish
from tests.web.routes.test_downloads import recipe_of

DC = "{http://purl.org/dc/elements/1.1/}"


@pytest.fixture
def composed(web: TestClient, work: str, config: Settings, database: Database) -> dict[str, Any]:
    """A revision that the composer made."""
    body = {"brief": {"intent": "a red fox & two <owls> in the snow"}, "engine": "composer", "count": 1, "seed": 3}
    asked = web.post(f"/works/{work}/generations", json=body)
    assert asked.status_code == 202, asked.text
    id, store, engine = UUID(asked.json()["id"]), Store(config.data), Composer()
    generation = begin(database, id, "w", 3)
    assert generation is not None
    engine.load("cpu")
    contents = perform(engine.run(request_for(generation, engine, store.get)), Progress(lambda _word: None, 1))
    finish(database, store, generation, contents)
    return dict(web.get(f"/generations/{id}").json()["variants"][0])


def test_its_svg_is_its_scene_and_names_the_makers(web: TestClient, composed: dict[str, Any]) -> None:
    answer = web.get(f"/revisions/{composed['id']}/download?as=svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    told = recipe_of(answer.content)
    assert told["facts"]["scene"] == composed["facts"]["scene"]
    assert "traced" not in told
    rights = ET.fromstring(answer.content).findtext(f".//{DC}rights") or ""  # noqa: S314 (our own)
    for one in composed["facts"]["drawings"]:
        assert one["maker"] in rights
        assert one["licence"] in rights
    shown = Image.open(io.BytesIO(web.get(f"/revisions/{composed['id']}/content").content)).convert("RGB")
    drawn = Image.open(io.BytesIO(pixels(answer.text, *shown.size))).convert("RGB")
    assert max(ImageStat.Stat(ImageChops.difference(shown, drawn)).mean) < 0.5


def test_a_scene_of_drawings_that_are_not_here_is_traced(web: TestClient, composed: dict[str, Any], database: Database) -> None:
    with database.writing() as session:
        revision = session.get_one(Revision, UUID(composed["id"]))
        facts = {**revision.facts_data, "scene": {**revision.facts_data["scene"]}}
        facts["scene"]["layers"] = [{**one, "drawing": "gone/gone"} for one in facts["scene"]["layers"]]
        revision.facts_data = facts
    answer = web.get(f"/revisions/{composed['id']}/download?as=svg")
    assert answer.status_code == 200
    assert "traced" in recipe_of(answer.content)
