"""Outpainting over HTTP: a frame is asked for in pixels, refused in words, kept with what was made."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.attacks.atelier import FAKE, Atelier, picture


def pixels(web: TestClient, revision: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(web.get(f"/revisions/{revision}/content").content)))


def test_a_picture_grows_and_stays_to_the_byte(atelier: Atelier, web: TestClient) -> None:
    work = atelier.work()
    root = atelier.bring(work, "fox.png", picture())  # 64 by 48 pixels
    asked = {"verb": "outpaint", "parents": [{"revision": root}], "frame": [10, 0, 64, 5]}
    run = web.get(f"/generations/{atelier.make(work, **asked)}").json()
    assert run["place"] == {"frame": [10, 0, 64, 5]}
    for one in run["variants"]:
        assert (one["asset"]["width"], one["asset"]["height"]) == (138, 53)
        assert (pixels(web, one["id"])[:48, 10:74] == pixels(web, root)).all()
        assert one["parents"] == [{"revision": root, "role": "outpaint"}]
    last = run["variants"][-1]
    recipe = web.get(f"/revisions/{last['id']}/download?as=json").json()
    assert recipe["place"] == {"frame": [10, 0, 64, 5]}
    again = {name: recipe[name] for name in ("verb", "brief", "engine", "params", "seed", "parents")} | recipe["place"]
    made = web.get(f"/generations/{atelier.make(work, **again, count=1)}").json()["variants"]
    assert made[0]["asset"]["sha256"] == last["asset"]["sha256"]
    for language, words in (("en", "left 10, top 0, right 64, bottom 5 pixels"), ("zh", "左 10、上 0、右 64、下 5 像素")):
        assert words in web.get(f"/revisions/{last['id']}", headers={"Accept": "text/html", "Accept-Language": language}).text


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (None, "say how many pixels"),
        ([0, 0, 0, 0], "say how many pixels"),
        ([100_000, 0, 0, 0], "0 to 64 left and right, 0 to 48 above and below"),
        ([0, 49, 0, 0], "0 to 48 above"),
        ([-1, 0, 5, 0], "0 to 64 left"),
        ([2**40, 0, 0, 0], ""),
        ([1, 2, 3], ""),
        ([0.5, 0, 0, 0], ""),
        ("wide", ""),
    ],
)
def test_a_frame_that_is_none_is_refused(atelier: Atelier, web: TestClient, frame: Any, said: str) -> None:
    work = atelier.work()
    root = atelier.bring(work, "fox.png", picture())
    asked = {"verb": "outpaint", "parents": [{"revision": root}], "frame": frame, **FAKE}
    answer = web.post(f"/works/{work}/generations", json=asked)
    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert "frame" in answer.text
    assert web.get(f"/generations?work={work}").json()["items"] == []


def test_the_frame_is_this_verbs_alone_and_has_a_limit(atelier: Atelier, web: TestClient) -> None:
    work = atelier.work()
    out = io.BytesIO()
    Image.new("RGB", (1500, 16), "teal").save(out, "PNG")
    root = atelier.bring(work, "wide.png", out.getvalue())
    asked = {"verb": "outpaint", "parents": [{"revision": root}], "frame": [1500, 0, 1500, 0], **FAKE}
    assert "at most 4096 pixels on a side" in web.post(f"/works/{work}/generations", json=asked).text
    asked |= {"verb": "vary", "frame": [1, 0, 0, 0]}
    assert "only for outpaint" in web.post(f"/works/{work}/generations", json=asked).text
    text, poem = atelier.poem()
    body = {"verb": "vary", "parents": [{"revision": poem}], "frame": [1, 0, 0, 0]}
    assert "only a picture has this" in web.post(f"/works/{text}/generations", json=body).text
