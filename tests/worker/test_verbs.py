"""What an artist asks of the house engine, on a whole running studio: the same again, near, far, refined."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.running import Running

pytestmark = pytest.mark.model
STEPS = {"steps": 6}


def pixels(studio: Running, revision: str) -> Image.Image:
    """A revision's picture."""
    return Image.open(io.BytesIO(studio.http.get(f"/revisions/{revision}/content").raise_for_status().content)).convert("RGB")


def apart(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, in steps of 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


@pytest.fixture(scope="module")
def made(studio: Running) -> dict[str, Any]:
    """Four variants of a red apple, and the work they hang in."""
    work = studio.work()
    return studio.make(work, "a red apple, on a yellow background", params=STEPS, seed=5, count=4, engine="house")


def test_the_same_request_gives_the_same_bytes(studio: Running, made: dict[str, Any]) -> None:
    again = studio.make(studio.work(), "a red apple, on a yellow background", params=STEPS, seed=5, count=4, engine="house")
    first = [variant["asset"]["sha256"] for variant in made["variants"]]
    assert [variant["asset"]["sha256"] for variant in again["variants"]] == first
    assert len(set(first)) == 4


def test_a_variant_depends_on_its_seed_and_not_on_its_neighbours(studio: Running, made: dict[str, Any]) -> None:
    second = made["variants"][1]
    alone = studio.make(
        made["work"], "a red apple, on a yellow background", params=STEPS, seed=second["seed"], count=1, engine="house"
    )
    difference = ImageChops.difference(pixels(studio, alone["variants"][0]["id"]), pixels(studio, second["id"]))
    assert max(high for _low, high in difference.getextrema()) <= 1  # type: ignore[misc]  # RGB gives a pair a band


def test_subtle_stays_nearer_than_strong_and_both_know_their_parent(studio: Running, made: dict[str, Any]) -> None:
    parent = made["variants"][0]["id"]
    origin = pixels(studio, parent)
    distance: dict[str, float] = {}
    for strength in ("subtle", "strong"):
        answer = studio.http.post(
            f"/works/{made['work']}/generations",
            json={
                "verb": "vary",
                "strength": strength,
                "parents": [{"revision": parent}],
                "seed": 40,
                "count": 2,
                "params": {"steps": 12},
            },
        )
        varied = studio.wait(answer.json()["id"])
        assert varied["status"] == "done", varied["error"]
        distance[strength] = sum(apart(origin, pixels(studio, v["id"])) for v in varied["variants"]) / 2
        assert all(v["parents"] == [{"revision": parent, "role": "vary"}] for v in varied["variants"])
        assert {v["strength"] for v in varied["variants"]} == {strength}
    assert 0 < distance["subtle"] < distance["strong"]


def test_refine_follows_the_edited_brief_from_its_parent(studio: Running, made: dict[str, Any]) -> None:
    parent = made["variants"][0]["id"]
    refined = studio.make(
        made["work"],
        "a blue apple, on a yellow background",
        verb="refine",
        parents=[{"revision": parent}],
        params=STEPS,
        count=1,
        seed=1,
    )
    child = refined["variants"][0]
    assert child["parents"] == [{"revision": parent, "role": "refine"}]
    assert (child["verb"], child["brief"]["intent"]) == ("refine", "a blue apple, on a yellow background")


def test_reroll_is_the_same_brief_with_other_seeds(studio: Running, made: dict[str, Any]) -> None:
    parent = made["variants"][0]
    other = studio.make(made["work"], brief=None, verb="reroll", parents=[{"revision": parent["id"]}], params=None, count=1)
    child = other["variants"][0]
    assert (child["brief"], child["params"], child["engine"]) == (parent["brief"], parent["params"], "house")
    assert child["seed"] not in [variant["seed"] for variant in made["variants"]]
    assert child["asset"]["sha256"] != parent["asset"]["sha256"]
    assert child["parents"] == [{"revision": parent["id"], "role": "reroll"}]


def test_a_photo_from_outside_can_be_varied_and_refined(studio: Running) -> None:
    work = studio.work()
    photo = Image.linear_gradient("L").resize((300, 200)).convert("RGB")
    file = io.BytesIO()
    photo.save(file, "JPEG")
    root = studio.http.post(f"/works/{work}/imports", files={"file": ("photo.jpg", file.getvalue())}).json()["id"]
    for verb, brief in (("vary", None), ("refine", {"intent": "a green tree"})):
        result = studio.make(work, brief=brief, verb=verb, parents=[{"revision": root}], params=STEPS, count=1)
        child = result["variants"][0]
        assert child["parents"] == [{"revision": root, "role": verb}]
        assert child["asset"]["width"] > child["asset"]["height"]  # its shape is kept


def test_a_download_carries_the_recipe_and_comes_home_with_it(studio: Running, made: dict[str, Any]) -> None:
    variant = made["variants"][2]
    assert variant["facts"].keys() >= {"model", "weights", "sampler", "prompt", "libraries"}
    file = studio.http.get(f"/revisions/{variant['id']}/download").content
    recipe = json.loads(Image.open(io.BytesIO(file)).info["stemma"])
    assert (recipe["seed"], recipe["engine"], recipe["params"]) == (variant["seed"], "house", variant["params"])
    assert (recipe["brief"], recipe["facts"]) == (variant["brief"], variant["facts"])
    home = studio.http.post(f"/works/{studio.work()}/imports", files={"file": ("mine.png", file)}).json()
    assert home["facts"]["recipe"]["seed"] == variant["seed"]
    again = {name: recipe[name] for name in ("brief", "engine", "params", "seed")}
    made_again = studio.make(studio.work(), **again, count=1)
    assert apart(pixels(studio, made_again["variants"][0]["id"]), pixels(studio, variant["id"])) <= 1
