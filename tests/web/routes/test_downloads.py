"""Downloads: PNG or SVG, each with its recipe; a drawing is never a page, and tracing never holds the web."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.bounded import SLOW, asking
from app.bounded.turns import Turns
from app.engines.image.house import House
from app.engines.image.vectoriser import Vectoriser
from app.requests.engine_request import request_for
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store
from app.web.routes import downloads
from app.worker.progress import Progress
from app.worker.run import begin, perform
from app.worker.save_results import finish

SVG = "{http://www.w3.org/2000/svg}"


def recipe_of(svg: bytes) -> dict[str, Any]:
    """The recipe in an SVG's metadata."""
    held = ET.fromstring(svg).find(f"{SVG}metadata/{{urn:stemma:recipe}}recipe")  # noqa: S314 (our own)
    assert held is not None
    assert held.text is not None
    return dict(json.loads(held.text))


@pytest.fixture
def drawing(web: TestClient, work: str, revision: str, config: Settings, database: Database) -> dict[str, Any]:
    """A revision that a worker vectorised."""
    asked = web.post(f"/works/{work}/generations", json={"verb": "vectorise", "parents": [{"revision": revision}]})
    assert asked.status_code == 202, asked.text
    id, store, engine = UUID(asked.json()["id"]), Store(config.data), Vectoriser()
    generation = begin(database, id, "w", 3)
    assert generation is not None
    contents = perform(engine.run(request_for(generation, engine, store.get)), Progress(lambda _word: None, 1))
    finish(database, store, generation, contents)
    return dict(web.get(f"/generations/{id}").json()["variants"][0])


def test_a_vectorised_revision_says_how_it_came_about(web: TestClient, revision: str, drawing: dict[str, Any]) -> None:
    assert drawing["parents"] == [{"revision": revision, "role": "vectorise"}]
    assert (drawing["engine"], drawing["verb"], drawing["seed"]) == ("vectoriser", "vectorise", None)
    assert drawing["params"] == {"colours": 12, "detail": 3, "smooth": True}
    assert drawing["facts"]["paths"] == 1
    assert (drawing["asset"]["media_type"], drawing["asset"]["width"]) == ("image/svg+xml", 64)
    file = web.get(f"/revisions/{drawing['id']}/download").content
    told = recipe_of(file)
    assert (told["id"], told["facts"], told["parents"]) == (drawing["id"], drawing["facts"], drawing["parents"])
    assert ET.fromstring(file).findtext(f"{SVG}title") == f"Fox · {drawing['number']}"  # noqa: S314 (our own)


def test_a_drawing_is_shown_in_pixels_and_never_as_a_page(web: TestClient, work: str, drawing: dict[str, Any]) -> None:
    path = f"/revisions/{drawing['id']}"
    for query in ("/content", "/download", "/download?as=svg"):
        answer = web.get(path + query)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
    small = web.get(f"{path}/content?w=256")
    assert (small.headers["content-type"], Image.open(io.BytesIO(small.content)).size) == ("image/webp", (256, 192))
    carried = Image.open(io.BytesIO(web.get(f"{path}/download?as=png").content))
    assert json.loads(carried.info["stemma"])["verb"] == "vectorise"
    atlas = Image.open(io.BytesIO(web.get(f"/works/{work}/lineage/atlas/0").content)).convert("RGB")
    assert atlas.getpixel((64 + 32, 32)) == pytest.approx((0, 128, 128), abs=6)
    assert (
        web.get(f"/revisions/{drawing['parents'][0]['revision']}/diff/{drawing['id']}").json()["picture"]["difference"] < 0.02
    )
    for page in (path, f"/works/{work}", "/engine-room"):
        assert web.get(page, headers={"Accept": "text/html"}).status_code == 200


def test_what_comes_from_a_drawing_comes_from_its_picture(
    web: TestClient, work: str, drawing: dict[str, Any], config: Settings, database: Database
) -> None:
    body = {"verb": "vary", "parents": [{"revision": drawing["id"]}], "count": 1}
    asked = web.post(f"/works/{work}/generations", json=body)
    assert (asked.status_code, asked.json()["engine"]) == (202, "house")  # not the vectoriser
    generation = begin(database, UUID(asked.json()["id"]), "w", 3)
    assert generation is not None
    (parent,) = request_for(generation, House(), Store(config.data).get).parents
    assert parent.media_type == "image/png"
    assert Image.open(io.BytesIO(parent.data or b"")).size == (512, 384)
    base = web.post(f"/works/{work}/draft/base", json={"revision": drawing["id"]}).json()
    assert (base["base"], base["engine"]) == (drawing["id"], None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"count": 2}, "count"),
        ({"parents": []}, "parents"),
        ({"params": {"colours": 1}}, "params.colours"),
        ({"engine": "house"}, "verb"),
    ],
)
def test_what_cannot_be_vectorised_is_told(
    web: TestClient, work: str, revision: str, change: dict[str, Any], field: str
) -> None:
    body = {"verb": "vectorise", "parents": [{"revision": revision}]} | change
    answer = web.post(f"/works/{work}/generations", json=body)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, field)


def test_a_drawing_is_not_drawn_again_and_the_vectoriser_paints_nothing(
    web: TestClient, work: str, drawing: dict[str, Any]
) -> None:
    answer = web.post(f"/works/{work}/generations", json={"verb": "vectorise", "parents": [{"revision": drawing["id"]}]})
    assert (answer.status_code, "drawing already" in answer.text) == (422, True)
    assert web.put(f"/works/{work}/draft", json={"version": 1, "engine": "vectoriser"}).status_code == 422


def test_any_picture_is_an_svg_once_traced(web: TestClient, revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = web.get(f"/revisions/{revision}/download?as=svg")
    told = recipe_of(first.content)
    assert (told["id"], told["facts"]["file"]) == (revision, "fox.png")
    assert told["traced"]["by"].startswith("vtracer ")
    monkeypatch.setattr(downloads, "trace", lambda *_args: pytest.fail("traced again"))
    assert web.get(f"/revisions/{revision}/download?as=svg").content == first.content
    assert web.get(f"/revisions/{revision}/download?as=pdf").status_code == 422


def test_words_of_any_kind_stay_words(web: TestClient, work: str, revision: str) -> None:
    assert web.patch(f"/works/{work}", json={"title": "狐狸 \ufffe"}).status_code == 422  # no character of XML's
    web.patch(f"/works/{work}", json={"title": "</title><script>alert(1)</script> & 狐狸"})
    file = web.get(f"/revisions/{revision}/download?as=svg").content
    assert "script>alert" in (ET.fromstring(file).findtext(f"{SVG}title") or "")  # noqa: S314 (our own)
    assert b"<script" not in file


def test_many_at_once_are_sent_away_instead_of_holding_the_web(
    web: TestClient, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as busy:
        busy.setattr(asking, "_turns", {SLOW.name: Turns(replace(SLOW, children=0, waiting=0))})  # as if others were traced
        answer = web.get(f"/revisions/{revision}/download?as=svg")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert web.get(f"/revisions/{revision}/download").status_code == 200
    assert web.get(f"/revisions/{revision}/download?as=svg").status_code == 200


def test_an_svg_from_outside_stays_outside(web: TestClient, work: str, drawing: dict[str, Any]) -> None:
    ours = web.get(f"/revisions/{drawing['id']}/download").content
    assert web.post(f"/works/{work}/imports", files={"file": ("fox.svg", ours, "image/svg+xml")}).status_code == 415


# Texts


@pytest.fixture
def poem(web: TestClient, project: str) -> dict[str, Any]:
    """An imported poem whose words look like marks."""
    work = web.post(f"/projects/{project}/works", json={"title": "秋思: <b>/autumn?", "medium": "text"}).json()["id"]
    text = "微风拂面过东楼，\n<script>alert(1)</script> *a* 👩‍👩‍👧 مرحبا"
    answer = web.post(f"/works/{work}/imports", files={"file": ("a.txt", text.encode())})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


TYPES = {
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "epub": "application/epub+zip",
    "json": "application/json",
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_text_is_a_file_of_every_kind(web: TestClient, poem: dict[str, Any], kind: str) -> None:
    file = web.get(f"/revisions/{poem['id']}/download?as={kind}")
    assert (file.status_code, file.headers["content-type"]) == (200, TYPES[kind])
    said = file.headers["content-disposition"]
    assert said.startswith("attachment; ")
    assert said.endswith(f"filename*=UTF-8''%E7%A7%8B%E6%80%9D%20b%20autumn%201.{kind}")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_texts_recipe_is_in_its_file_or_beside_it(web: TestClient, poem: dict[str, Any]) -> None:
    path = f"/revisions/{poem['id']}/download"
    beside = web.get(f"{path}?as=json").json()
    assert (beside["id"], beside["shares"], beside["origins"]) == (poem["id"], {"import": 1.0}, poem["origins"])
    head = web.get(path).text.split("---\n")[1]
    line = next(line for line in head.splitlines() if line.startswith("stemma: "))
    assert json.loads(line.removeprefix("stemma: ")) == beside
    assert web.get(f"{path}?as=txt").content == poem["text"].encode()


@pytest.mark.parametrize("kind", ["md", "txt", "docx", "epub"])
def test_content_is_known_again(web: TestClient, poem: dict[str, Any], kind: str) -> None:
    path = f"/revisions/{poem['id']}/content?as={kind}"
    first = web.get(path)
    again = web.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    web.patch(f"/works/{poem['work']}", json={"title": "Another"})
    renamed = web.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert renamed.status_code == (304 if kind == "txt" else 200)


def test_the_content_of_a_text_is_its_plain_text(web: TestClient, poem: dict[str, Any]) -> None:
    answer = web.get(f"/revisions/{poem['id']}/content")
    assert (answer.content, answer.headers["content-type"]) == (poem["text"].encode(), "text/plain; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-disposition"].startswith("inline")


def test_each_medium_has_its_kinds(web: TestClient, poem: dict[str, Any], revision: str, stranger: dict[str, str]) -> None:
    assert web.get(f"/revisions/{poem['id']}/download?as=png").json()["fields"][0]["field"] == "as"
    assert web.get(f"/revisions/{poem['id']}/content?as=pdf").status_code == 422
    assert web.get(f"/revisions/{revision}/content?as=docx").status_code == 404
    assert web.get(f"/revisions/{revision}/download?as=epub").status_code == 404
    assert web.get(f"/revisions/{revision}/download?as=json").json()["id"] == revision
    assert web.get(f"/revisions/{stranger['revision']}/content?as=md").status_code == 404
