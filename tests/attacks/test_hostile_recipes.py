"""A recipe inside a file is told, never trusted: whatever it says, the file comes in, and all that shows it still answers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

import pytest
from fastapi.testclient import TestClient
from PIL import Image, PngImagePlugin

from app.media.image.recipes import RECIPE
from app.media.music.files.files import TOLD
from tests.attacks.rooms import FLAVOURS, TUNE, shown

ABOUT = '"stemma": 1, "brief": {"intent": "a fox"}'
MILLION = "{" + ABOUT + "".join(f', "{number}": 0' for number in range(1_000_000)) + "}"


def nested(levels: int, opening: str = '{"a":', closing: str = "}") -> str:
    return "{" + ABOUT + ', "a": ' + opening * levels + "1" + closing * levels + "}"


RECIPES = {
    "half a character": "{" + ABOUT + ', "a": "b\\ud800c", "\\udfff": 1}',
    "U+0000": "{" + ABOUT + ', "a": "b\\u0000c\\u000b\\uffff", "\\u0000": [null]}',
    "300 deep": nested(300),
    "300 arrays deep": nested(300, "[", "]"),
    "10,000 deep": nested(10_000, "[", "]"),
    "never closed": "{" + ABOUT + ', "a": ' + "[" * 10_000,
    "no number": "{" + ABOUT + ', "a": NaN, "b": -Infinity}',
    "1e400": "{" + ABOUT + ', "a": 1e400, "seed": 1e308}',
    "a long number": "{" + ABOUT + ', "a": ' + "9" * 5_000 + "}",
    "2^70": "{" + ABOUT + f', "a": {2**70}' + "}",
    "a million keys": MILLION,
    "5 MB": "{" + ABOUT + ', "a": "' + "x" * 5_000_000 + '"}',
    "growing under NFC": "{" + ABOUT + ', "a": "' + "\u0958" * 9_000 + '"}',
    "no object": '"stemma"',
    "no JSON": "{stemma",
    "other shapes": '{"stemma": {"a": []}, "brief": 7, "checks": 1, "facts": {"recipe": []}, "": ""}',
}


def png(recipe: str) -> tuple[str, bytes]:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(RECIPE, recipe)
    out = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(out, "PNG", pnginfo=info)
    return "fox.png", out.getvalue()


def abc(recipe: str) -> tuple[str, bytes]:
    return "air.abc", f"{TUNE}{TOLD}{recipe}\n".encode()


def score(recipe: str) -> bytes:
    note = "<note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration></note>"
    measure = f"<measure><attributes><divisions>1</divisions></attributes>{note}</measure>"
    field = f'<miscellaneous-field name="stemma">{escape(recipe)}</miscellaneous-field>'
    about = f"<identification><miscellaneous>{field}</miscellaneous></identification>"
    return f"<score-partwise>{about}<part id='P1'>{measure}</part></score-partwise>".encode()


def musicxml(recipe: str) -> tuple[str, bytes]:
    return "air.musicxml", score(recipe)


def mxl(recipe: str, rootfile: str = '<rootfile full-path="score.xml"/>') -> tuple[str, bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", f"<container><rootfiles>{rootfile}</rootfiles></container>")
        archive.writestr("score.xml", score(recipe))
    return "air.mxl", out.getvalue()


READERS: dict[str, tuple[str, Callable[[str], tuple[str, bytes]]]] = {
    "PNG": ("image", png),
    "ABC": ("music", abc),
    "MusicXML": ("music", musicxml),
    "MXL": ("music", mxl),
}


def looks(work: str, revision: str, other: str) -> Iterator[str]:
    """Whatever shows a revision or its facts."""
    yield from (f"/revisions/{revision}", f"/revisions/{revision}/nearest", f"/revisions/{revision}/download?as=json")
    yield from (f"/revisions/{revision}/download", f"/revisions/{revision}/content")
    yield from (f"/revisions/{other}/diff/{revision}", f"/revisions/{revision}/diff/{other}")
    yield from (f"/works/{work}", f"/works/{work}/revisions", f"/works/{work}/lineage", f"/works/{work}/draft")
    yield from (f"/search?q=fox&like={revision}", "/search?q=made", "/engine-room", "/generations")


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("reader", READERS)
def test_a_hostile_recipe_poisons_nothing(web: TestClient, project: str, reader: str, kind: str) -> None:
    medium, make = READERS[reader]
    work = web.post(f"/projects/{project}/works", json={"title": "made", "medium": medium}).json()["id"]
    other = web.post(f"/works/{work}/imports", files={"file": make("{}")}).json()["id"]
    answer = web.post(f"/works/{work}/imports", files={"file": make(RECIPES[kind])})
    if answer.status_code != 201:  # said in words, and nothing was kept
        assert answer.status_code in {413, 415, 422}, answer.text[:300]
        assert answer.json()["title"]
        assert [one["id"] for one in web.get(f"/works/{work}/revisions").json()["items"]] == [other]
        return
    revision = answer.json()["id"]
    told = answer.json()["facts"].get("recipe")
    assert told is None or isinstance(told, (dict, str))
    json.dumps(answer.json(), allow_nan=False).encode()
    for address in looks(work, revision, other):
        for flavour, headers in FLAVOURS.items():
            shows = web.get(address, headers=headers, follow_redirects=False)
            assert shows.status_code in {200, 303, 304}, f"{flavour} {address} {shown(shows)}"
    assert web.post(f"/works/{work}/draft/base", json={"revision": revision}).status_code == 201
    again = web.get(f"/revisions/{revision}/download").content
    brought = web.post(f"/works/{work}/imports", files={"file": (make("")[0] if reader == "PNG" else "again.abc", again)})
    assert brought.status_code == 201, brought.text[:300]


def test_a_recipe_of_ours_comes_back_as_it_was(web: TestClient, project: str) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "made", "medium": "image"}).json()["id"]
    first = web.post(f"/works/{work}/imports", files={"file": png("{" + ABOUT + "}")}).json()
    assert first["facts"]["recipe"] == json.loads("{" + ABOUT + "}")
    again = web.get(f"/revisions/{first['id']}/download").content
    second = web.post(f"/works/{work}/imports", files={"file": ("fox.png", again)}).json()
    assert second["facts"]["recipe"]["facts"]["recipe"] == first["facts"]["recipe"]


def test_what_cannot_be_kept_as_an_object_is_kept_as_its_text(web: TestClient, project: str) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "made", "medium": "image"}).json()["id"]
    for kind in ("300 deep", "no number", "1e400", "2^70"):
        made = web.post(f"/works/{work}/imports", files={"file": png(RECIPES[kind])}).json()
        assert made["facts"]["recipe"] == RECIPES[kind]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        mxl("", ""),
        ("key.mid", b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\x0a\0\xff\x59\2\x50\0\0\xff\x2f\0"),
    ],
    ids=["no root file", "no such key"],
)
def test_what_a_container_lacks_is_said_in_words(web: TestClient, project: str, name: str, data: bytes) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "made", "medium": "music"}).json()["id"]
    answer = web.post(f"/works/{work}/imports", files={"file": (name, data)})
    assert (answer.status_code, bool(answer.json()["title"])) == (415, True)
