"""The composer on a whole running studio: pictures, and a recipe that names the scene and whose drawings it shows."""

from __future__ import annotations

import io

from PIL import Image

from tests.running import Running


def test_a_scene_is_drawn_and_its_recipe_tells_it(studio: Running) -> None:
    made = studio.make(studio.work(), "a red fox in the snow", seed=5, count=4, engine="composer", params={})
    assert len({variant["asset"]["sha256"] for variant in made["variants"]}) == 4
    first = made["variants"][0]["id"]
    picture = Image.open(io.BytesIO(studio.http.get(f"/revisions/{first}/content").raise_for_status().content))
    assert picture.size == (768, 768)
    facts = made["variants"][0]["facts"]
    assert facts["scene"]["ground"] == "snow"
    assert facts["drawings"][0]["name"] == "fox-whole"
    assert facts["drawings"][0]["licence"]


def test_a_scene_is_refined_and_keeps_what_the_words_keep(studio: Running) -> None:
    work = studio.work()
    first = studio.make(work, "a red fox in the snow", seed=5, count=1, engine="composer", params={})["variants"][0]
    parents = [{"revision": first["id"], "role": "refine"}]
    asked = {"verb": "refine", "parents": parents, "engine": "composer", "params": {}, "count": 2}
    refined = studio.make(work, "a red fox in the snow at night", **asked)["variants"]
    for one in refined:
        scene = one["facts"]["scene"]
        assert (scene["ground"], scene["hour"]) == ("snow", "night")
        assert [layer["drawing"] for layer in scene["layers"]] == [
            layer["drawing"] for layer in first["facts"]["scene"]["layers"]
        ]
