"""The painter on a whole running studio: four pictures with their recipe, a scene that is painted, a brief it cannot draw."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.running import Running, until

FOX = "a red fox in the snow"


@pytest.fixture(scope="module")
def painted(studio: Running) -> dict[str, Any]:
    """Four pictures of a fox, half way between its ends."""
    return studio.make(studio.work(), FOX, seed=5, count=4, engine="painter", params={"innovation": 0.5})


def test_four_are_painted_and_the_same_request_repeats_them(studio: Running, painted: dict[str, Any]) -> None:
    again = studio.make(studio.work(), FOX, seed=5, count=4, engine="painter", params={"innovation": 0.5})
    first = [variant["asset"]["sha256"] for variant in painted["variants"]]
    assert [variant["asset"]["sha256"] for variant in again["variants"]] == first
    assert len(set(first)) == 4


def test_the_recipe_tells_scene_licences_and_the_sliders_place(studio: Running, painted: dict[str, Any]) -> None:
    file = studio.http.get(f"/revisions/{painted['variants'][0]['id']}/download").raise_for_status().content
    recipe = json.loads(Image.open(io.BytesIO(file)).info["stemma"])
    assert (recipe["engine"], recipe["params"]["innovation"]) == ("painter", 0.5)
    assert recipe["facts"]["painted_from"]["ground"] == "snow"
    assert recipe["facts"]["drawings"][0]["name"] == "fox-whole"
    assert recipe["facts"]["drawings"][0]["licence"]


def test_a_composed_scene_is_painted_by_refining_it(studio: Running) -> None:
    work = studio.work()
    scene = studio.make(work, FOX, seed=5, count=1, engine="composer", params={})["variants"][0]
    parents = [{"revision": scene["id"], "role": "refine"}]
    made = studio.make(work, FOX, verb="refine", parents=parents, engine="painter", params={}, count=2)["variants"]
    assert [one["facts"]["painted_from"] for one in made] == [scene["facts"]["scene"]] * 2
    assert len({one["asset"]["sha256"] for one in made}) == 2


def test_painting_can_be_cancelled_and_leaves_nothing(studio: Running) -> None:
    work = studio.work()
    id = studio.ask(work, FOX, count=4, engine="painter", params={"innovation": 1, "steps": 40})["id"]
    until(lambda: studio.generation(id)["status"] == "running", 60, "the painter begins")
    studio.http.post(f"/generations/{id}/cancellation").raise_for_status()
    ended = studio.wait(id)
    assert (ended["status"], ended["variants"]) == ("cancelled", [])
    studio.make(work, FOX, count=1, engine="painter", params={"steps": 2})


def test_a_brief_that_cannot_be_drawn_is_told_so(studio: Running) -> None:
    body = {"brief": {"intent": "zzxq qqwv"}, "engine": "painter", "params": {}}
    answer = studio.http.post(f"/works/{studio.work()}/generations", json=body)
    assert answer.status_code in range(400, 500)
    assert "The painter begins with a scene" in answer.text
