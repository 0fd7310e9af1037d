"""Masks over HTTP: kept as they were painted, refused in words where they are none, named by what was made with them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.models import Generation, Mask
from app.settings import Settings
from app.storage.db import Database
from tests.hands import hands

SIZE = (64, 48)


def grey(size: tuple[int, int] = SIZE, box: tuple[int, int, int, int] = (8, 8, 40, 32), value: int = 255) -> Image.Image:
    """A mask with a box in it."""
    picture = Image.new("L", size)
    picture.paste(value, box)
    return picture


def data(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def paint(web: TestClient, work: str, revision: str, file: bytes | None = None) -> Any:
    """The answer to a mask."""
    given = data(grey()) if file is None else file
    return web.post(f"/works/{work}/masks", data={"revision": revision}, files={"file": ("mask.png", given)})


def test_a_mask_is_kept_as_it_was_painted(web: TestClient, work: str, revision: str) -> None:
    soft = Image.linear_gradient("L").resize(SIZE)
    answer = paint(web, work, revision, data(soft))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["revision"], made["width"], made["height"]) == (revision, *SIZE)
    assert made["share"] == pytest.approx(0.5, abs=0.02)
    content = web.get(answer.headers["location"])
    assert (content.status_code, content.headers["content-type"]) == (200, "image/png")
    kept = Image.open(io.BytesIO(content.content))
    assert (kept.mode, kept.size, kept.tobytes()) == ("L", SIZE, soft.tobytes())


def test_one_bit_and_grey_colours_are_masks_too(web: TestClient, work: str, revision: str) -> None:
    for mode in ("1", "RGB"):
        answer = paint(web, work, revision, data(grey().convert(mode)))
        assert answer.status_code == 201, answer.text
        assert Image.open(io.BytesIO(web.get(answer.headers["location"]).content)).tobytes() == grey().tobytes()


def deep(size: tuple[int, int] = SIZE) -> bytes:
    """A PNG with 16 bits of grey."""
    rows = (b"\0" + b"\xff\xff\x00\x00" * (size[0] // 2)) * size[1]
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", *size, 16, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    parts = (struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


WRONG: dict[str, tuple[bytes, int, str]] = {
    "of another size": (data(grey((48, 64))), 422, "64 × 48 pixels"),
    "empty": (data(Image.new("L", SIZE)), 422, "nothing is marked"),
    "full": (data(Image.new("L", SIZE, 255)), 422, "everything is marked"),
    "of 16 bits": (deep(), 422, "not 16"),
    "with alpha": (data(grey().convert("RGBA")), 422, "no transparency"),
    "with grey and alpha": (data(grey().convert("LA")), 422, "no transparency"),
    "with a transparent colour": (data(grey(), transparency=0), 422, "no transparency"),
    "of colours": (data(Image.merge("RGB", (grey(), grey(), Image.new("L", SIZE)))), 422, "a mask is grey"),
    "no PNG": (data(grey(), "BMP"), 415, "A mask is a PNG"),
    "no picture": (b"white", 415, "A mask is a PNG"),
    "of nothing": (b"", 415, "A mask is a PNG"),
    "broken off": (data(grey())[:60], 415, "damaged"),
    "huge by its head": (data(grey())[:16] + struct.pack(">II", 60_000, 60_000) + data(grey())[24:], 415, "damaged"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_mask_is_said_and_nothing_is_kept(
    web: TestClient, database: Database, work: str, revision: str, what: str
) -> None:
    given, status, said = WRONG[what]
    answer = paint(web, work, revision, given)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    with database.reading() as session:
        assert session.query(Mask).count() == 0


def test_a_mask_lies_over_a_picture_of_its_work(web: TestClient, project: str, work: str, revision: str) -> None:
    other = web.post(f"/projects/{project}/works", json={"title": "Owl", "medium": "image"}).json()["id"]
    poem = web.post(f"/projects/{project}/works", json={"title": "Gulls", "medium": "text"}).json()["id"]
    text = web.post(f"/works/{poem}/imports", files={"file": ("a.txt", b"The gulls")}).json()["id"]
    assert "is of another work" in paint(web, other, revision).text
    assert "has no picture" in paint(web, poem, text).text
    assert paint(web, work, str(uuid4())).status_code == 404
    assert paint(web, work, "x").status_code == 422
    web.post(f"/works/{work}/trash")
    assert paint(web, work, revision).status_code == 409


def wish(revision: str, **fields: Any) -> dict[str, Any]:
    """A request to inpaint."""
    made = {"verb": "inpaint", "parents": [{"revision": revision}], "engine": "fake-slow", "params": {"steps": 1, "seconds": 0}}
    return made | {"count": 2} | fields


def test_the_wish_names_a_mask_that_fits(web: TestClient, work: str, revision: str, picture: Callable[..., bytes]) -> None:
    mask = paint(web, work, revision).json()["id"]
    larger = web.post(f"/works/{work}/imports", files={"file": ("b.png", picture(size=(80, 48)))}).json()["id"]
    refused = {
        "say what is to change": wish(revision),
        "there is no such mask": wish(revision, mask=str(uuid4())),
        "of another size": wish(larger, mask=mask),
        "only for inpaint": {"verb": "vary", "parents": [{"revision": revision}], "mask": mask},
    }
    for said, body in refused.items():
        answer = web.post(f"/works/{work}/generations", json=body)
        assert (answer.status_code, said in answer.text) == (422, True), (said, answer.text)
    assert web.post(f"/works/{work}/generations", json=wish(revision, mask=mask)).json()["mask"] == mask


def test_outside_the_mask_the_parent_stays_and_the_recipe_names_the_mask(
    web: TestClient, database: Database, config: Settings, work: str, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _told = hands(config, monkeypatch)
    mask = paint(web, work, revision).json()["id"]
    made = web.post(f"/works/{work}/generations", json=wish(revision, mask=mask)).json()["id"]
    worker.make(made)
    variants = web.get(f"/generations/{made}").json()["variants"]
    assert len(variants) == 2
    parent = Image.open(io.BytesIO(web.get(f"/revisions/{revision}/content").content))
    for one in variants:
        assert (one["mask"], one["verb"], one["parents"][0]) == (mask, "inpaint", {"revision": revision, "role": "inpaint"})
        shown = Image.open(io.BytesIO(web.get(f"/revisions/{one['id']}/content").content))
        assert (shown.size, shown.mode) == (parent.size, parent.mode)
        outside = grey().point(lambda value: 255 * (value == 0))
        black = Image.new("RGB", SIZE)
        assert Image.composite(shown, black, outside).tobytes() == Image.composite(parent, black, outside).tobytes()
        assert shown.tobytes() != parent.tobytes()
        assert web.get(f"/revisions/{one['id']}/download?as=json").json()["mask"] == mask
    page = web.get(f"/revisions/{variants[0]['id']}", headers={"Accept": "text/html"}).text
    assert f"/masks/{mask}/content" in page
    assert "inpainted in" in page
    with database.reading() as session:
        assert {str(row.mask_id) for row in session.query(Generation)} == {mask}


def test_the_draft_keeps_what_is_painted_until_another_base_comes(web: TestClient, work: str, revision: str) -> None:
    mask = paint(web, work, revision).json()["id"]
    saved = web.put(f"/works/{work}/draft", json={"version": 1, "base": revision, "mask": mask})
    assert saved.json()["mask"] == web.get(f"/works/{work}/draft").json()["mask"] == mask
    assert web.put(f"/works/{work}/draft", json={"version": 2, "mask": str(uuid4())}).status_code == 404
    assert web.put(f"/works/{work}/draft", json={"version": 2, "brief": {"intent": "a fox"}}).json()["mask"] == mask
    assert web.post(f"/works/{work}/draft/base", json={"revision": revision}).json()["mask"] is None
    save = web.get(f"/works/{work}/draft/saves").json()["items"][0]["id"]
    assert web.post(f"/works/{work}/draft/restoration", json={"save": save}).json()["mask"] == mask
