"""Cutting out over HTTP: a transparent picture of the same size, or a sentence that says why there is none."""

from __future__ import annotations

import io

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from tests.attacks.atelier import Atelier, picture
from tests.media.image.test_cutting import scene

PLAIN = {"verb": "cutout", "brief": None, "engine": None, "params": None, "count": None}


def brought(atelier: Atelier, work: str) -> str:
    out = io.BytesIO()
    scene().resize((64, 64)).save(out, "PNG")
    return atelier.bring(work, "ring.png", out.getvalue())


def test_what_stands_clear_is_cut_out(atelier: Atelier, web: TestClient) -> None:
    work = atelier.work()
    root = brought(atelier, work)
    run = web.get(f"/generations/{atelier.make(work, **PLAIN, parents=[{'revision': root}])}").json()
    (made,) = run["variants"]
    assert (made["engine"], made["parents"], made["seed"]) == ("cutter", [{"revision": root, "role": "cutout"}], None)
    shown = np.asarray(Image.open(io.BytesIO(web.get(f"/revisions/{made['id']}/content").content)))
    assert (shown.shape, shown[0, 0, 3], shown[42, 30, 3]) == ((64, 64, 4), 0, 255)
    assert made["facts"]["stays"] > 0.1
    small = Image.open(io.BytesIO(web.get(f"/revisions/{made['id']}/content?w=64").content))
    assert small.has_transparency_data
    for language, words in (("en", "cut out of"), ("zh", "抠出")):
        page = web.get(f"/revisions/{made['id']}", headers={"Accept": "text/html", "Accept-Language": language})
        assert (page.status_code, words in page.text) == (200, True)


def test_a_picture_that_is_all_ground_is_refused_in_words(atelier: Atelier, web: TestClient) -> None:
    work = atelier.work()
    root = atelier.bring(work, "sea.png", picture())
    run = web.get(f"/generations/{atelier.make(work, **PLAIN, parents=[{'revision': root}])}").json()
    assert (run["status"], run["variants"]) == ("failed", [])
    assert "Nothing stands clear of the ground" in str(run["error"])


def test_parameters_have_limits(atelier: Atelier, web: TestClient) -> None:
    work = atelier.work()
    body = {"verb": "cutout", "parents": [{"revision": brought(atelier, work)}]}
    for params in ({"likeness": 0}, {"likeness": 11}, {"least": -1}, {"least": 21}, {"holes": "perhaps"}, {"ground": 1}):
        answer = web.post(f"/works/{work}/generations", json=body | {"params": params})
        assert (answer.status_code, "params" in answer.text) == (422, True)
    _text, poem = atelier.poem()
    assert web.post(f"/works/{work}/generations", json=body | {"parents": [{"revision": poem}]}).status_code == 422
    assert web.post(f"/works/{work}/generations", json=body | {"parents": []}).status_code == 422
