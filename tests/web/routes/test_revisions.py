"""Revisions over HTTP: their bytes are kept for ever, asked for in parts, and never anything but a picture."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.engines.image.composer.scene import Layer, Scene
from app.models import Revision, Work
from app.models.artist import local_artist
from app.storage.db import Database
from app.web.routes.revisions import WIDTHS


def test_bytes_are_named_by_their_digest_and_kept_for_ever(web: TestClient, revision: str) -> None:
    answer = web.get(f"/revisions/{revision}/content")
    sha256 = web.get(f"/revisions/{revision}").json()["asset"]["sha256"]
    assert hashlib.sha256(answer.content).hexdigest() == sha256
    assert answer.headers["etag"] == f'"{sha256}"'
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]
    assert (answer.headers["x-content-type-options"], answer.headers["content-type"]) == ("nosniff", "image/png")


def test_what_the_browser_has_is_not_sent_again(web: TestClient, revision: str) -> None:
    path = f"/revisions/{revision}/content"
    for query in ("", "?w=64"):
        etag = web.get(path + query).headers["etag"]
        for known in (etag, f'"x", {etag}', f"W/{etag}", "*"):
            again = web.get(path + query, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag), known
        assert web.get(path + query, headers={"If-None-Match": '"other"'}).status_code == 200
    assert web.get(path).headers["etag"] != web.get(f"{path}?w=64").headers["etag"]


def test_a_part_can_be_asked_for(web: TestClient, revision: str) -> None:
    path = f"/revisions/{revision}/content"
    whole = web.get(path).content
    part = web.get(path, headers={"Range": "bytes=2-9"})
    assert (part.status_code, part.content) == (206, whole[2:10])
    assert part.headers["content-range"] == f"bytes 2-9/{len(whole)}"
    assert web.get(path, headers={"Range": "bytes=-4"}).content == whole[-4:]
    beyond = web.get(path, headers={"Range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    stale = web.get(path, headers={"Range": "bytes=2-9", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, whole)


def test_thumbnails_come_in_few_widths_and_never_grow(web: TestClient, work: str, picture: Callable[..., bytes]) -> None:
    id = web.post(f"/works/{work}/imports", files={"file": ("f.png", picture(size=(400, 200)))}).json()["id"]
    for width in WIDTHS:
        answer = web.get(f"/revisions/{id}/content", params={"w": width})
        assert answer.headers["content-type"] == "image/webp"
        assert Image.open(io.BytesIO(answer.content)).size == (min(width, 400), min(width, 400) // 2)
    for width in (0, -1, 65, 100_000):
        answer = web.get(f"/revisions/{id}/content", params={"w": width})
        assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "w")
    assert web.get(f"/revisions/{id}/content", params={"w": "wide"}).status_code == 422


def test_a_pick_is_a_record_and_sets_the_cover(web: TestClient, work: str, picture: Callable[..., bytes]) -> None:
    first, second = (
        web.post(f"/works/{work}/imports", files={"file": ("f.png", picture(colour))}).json()["id"]
        for colour in ("red", "blue")
    )
    assert web.get(f"/works/{work}").json()["cover"] == second
    for _twice in range(2):
        answer = web.post(f"/revisions/{first}/pick")
        assert (answer.status_code, answer.json()["picked"]) == (201, True)
    assert web.get(f"/works/{work}").json()["cover"] == first
    for _twice in range(2):
        answer = web.delete(f"/revisions/{first}/pick")
        assert (answer.status_code, answer.json()["picked"]) == (200, False)
    assert web.get(f"/works/{work}").json()["cover"] == second


def test_a_works_revisions_page_by_number(web: TestClient, work: str, picture: Callable[..., bytes]) -> None:
    for n in range(5):
        web.post(f"/works/{work}/imports", files={"file": ("f.png", picture(size=(20 + n, 20)))})
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = web.get(f"/works/{work}/revisions", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["number"] for one in page["items"]]
        cursor = page["next"]
    assert seen == [5, 4, 3, 2, 1]


def test_a_download_carries_its_recipe_and_the_same_pixels(web: TestClient, revision: str) -> None:
    answer = web.get(f"/revisions/{revision}/download")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    carried, plain = (
        Image.open(io.BytesIO(answer.content)),
        Image.open(io.BytesIO(web.get(f"/revisions/{revision}/content").content)),
    )
    recipe = json.loads(carried.info["stemma"])
    assert (recipe["id"], recipe["origin"], recipe["facts"]["file"]) == (revision, "import", "fox.png")
    assert carried.tobytes() == plain.tobytes()
    assert "stemma" not in plain.info


@pytest.mark.parametrize("path", ["content", "download"])
def test_a_revision_without_a_picture_says_so(web: TestClient, work: str, database: Database, path: str) -> None:
    with database.writing() as session:
        row = Revision(
            work_id=UUID(work),
            number=session.get_one(Work, UUID(work)).numbers(1)[0],
            origin="hand",
            created_by_id=local_artist(session).id,
        )
        session.add(row)
        session.flush()
        id = row.id
    answer = web.get(f"/revisions/{id}/{path}")
    assert (answer.status_code, "no picture" in answer.json()["title"]) == (404, True)


SCENE = Scene(ground="snow", hour="night", weather=("aurora",), layers=(Layer(drawing="noto/owl", x=20, foot=80, size=20),))
OWL = {"name": "owl-face", "set": "Noto Emoji", "licence": "Apache-2.0", "maker": "Google LLC"}
OWL_SAID = "owl face (Noto Emoji, Apache-2.0, Google LLC)"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"scene": SCENE.told(), "drawings": [OWL]},
            ["snow · night · aurora · flat", "owl face (Noto Emoji, Apache-2.0, Google LLC)"],
        ),
        ({"scene": {"version": 99, "ground": ["x"]}, "drawings": [3, {"set": None}]}, ["Scene"]),
        ({"deep": {"a": [{"b": None, "c": True}, [1, ["two"]]], "d": {"e": {}}}}, ["none", "yes", "two"]),
        ({"simplified": {"a": 1}, "ended": ["length"], "drawings": "owl", "filled": {"4.text": "a fox"}}, ["a fox", "owl"]),
    ],
)
def test_facts_of_any_shape_are_read_as_words(
    web: TestClient, revision: str, database: Database, facts: dict[str, Any], words: list[str]
) -> None:
    """A person reads no brackets of a program; what cannot be worded stands as it is, and all of it is in the JSON."""
    with database.writing() as session:
        made = session.get_one(Revision, UUID(revision))
        made.facts_data, made.engine = facts, "composer"
        made.params = {"look": "brief", "aspect": "1:1", "unknown": ["a", "b"]}
    for language in ("en", "zh"):
        page = web.get(f"/revisions/{revision}", headers={"Accept": "text/html", "Accept-Language": language})
        assert page.status_code == 200
        read = re.search(r'<section class="recipe".*?</dl>', page.text, re.DOTALL)
        assert read is not None
        assert not re.search(r"[{}\[\]]|&#39;|None|True", read[0]), read[0]
        if language == "en":
            said = " ".join(read[0].split())
            assert "<dd>Scene composer</dd>" in said
            assert "<dt>Kind of picture</dt> <dd>As the brief says</dd>" in said
            assert [one for one in words if one not in said] == []
