"""The lineage over HTTP: whole for programs, laid out for the canvas, in words for people."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.storage.db import Database
from tests.growing import Garden

BROWSER = {"Accept": "text/html"}
HTMX = {"Accept": "text/html", "HX-Request": "true"}


@pytest.fixture
def grown(database: Database) -> str:
    """The id of a work: a picked root, four variants of it of which the second is picked, and a child of that."""
    with database.writing() as session:
        garden = Garden(session)
        [root] = garden.grow(picked=True)
        variants = garden.grow((root, "vary"), count=4, strength="subtle")
        variants[1].pick(by=garden.artist)
        garden.grow((variants[1], "refine"), (root, "blend"), brief_data={"intent": "a red fox"})
        return str(garden.work.id)


def test_a_program_gets_all_of_it(web: TestClient, grown: str) -> None:
    told = web.get(f"/works/{grown}/lineage").json()
    assert [node["number"] for node in told["nodes"]] == [1, 2, 3, 4, 5, 6]
    assert [node["number"] for node in told["nodes"] if node["picked"]] == [1, 3]
    assert sorted(edge["role"] for edge in told["edges"]) == ["blend", "refine", "vary", "vary", "vary", "vary"]
    assert web.get(f"/revisions/{told['nodes'][5]['id']}").json()["parents"] == [
        {"revision": edge["parent"], "role": edge["role"]} for edge in told["edges"] if edge["child"] == told["nodes"][5]["id"]
    ]


def test_the_canvas_gets_positions_folded_or_not(web: TestClient, grown: str) -> None:
    whole = web.get(f"/works/{grown}/lineage?as=layout").json()
    assert whole["number"] == [1, 2, 3, 4, 5, 6]
    assert whole["y"] == [0, 1, 1, 1, 1, 2]
    folded = web.get(f"/works/{grown}/lineage?as=layout&fold=true").json()
    assert folded["number"] == [1, 3, 6]
    assert folded["folded"] == [1, 3]
    assert web.get(f"/works/{grown}/lineage?as=layout&fold=true&unfolded=6,2").json()["number"] == [1, 2, 3, 4, 5, 6]


def test_what_did_not_change_is_not_sent_again(web: TestClient, grown: str) -> None:
    for address in (f"/works/{grown}/lineage", f"/works/{grown}/lineage?as=layout&fold=true"):
        first = web.get(address)
        known = {"If-None-Match": first.headers["etag"]}
        assert web.get(address, headers=known).status_code == 304
        last = web.get(f"/works/{grown}/lineage").json()["nodes"][-1]["id"]
        web.post(f"/revisions/{last}/pick")
        assert web.get(address, headers=known).status_code == 200
        web.delete(f"/revisions/{last}/pick")


def test_the_page_names_every_revision_around_the_one_looked_at(web: TestClient, grown: str) -> None:
    page = web.get(f"/works/{grown}/lineage?at=3", headers=BROWSER).text
    assert '<section id="lineage" aria-label="Lineage">' in page
    assert re.search(r"<h2>Revision 3</h2>", page)
    named = re.findall(r'data-number="(\d+)"', page)
    assert set(named) == {"1", "2", "3", "4", "5", "6"}
    assert "varied subtly from" in page


def test_the_page_names_the_preload_as_the_canvas_will_ask_for_it(web: TestClient, grown: str) -> None:
    page = web.get(f"/works/{grown}/lineage?at=3", headers=BROWSER).text
    [preload] = re.findall(r'<link rel="preload" as="fetch" href="([^"]+)"', page)
    url, numbers = (re.search(rf'data-{name}="([^"]*)"', page)[1] for name in ("url", "unfolded"))  # type: ignore[index]  # they are there
    assert preload == f"{url}&amp;fold=true&amp;unfolded={numbers}"
    assert web.get(preload.replace("&amp;", "&")).status_code == 200


def test_the_card_tells_what_changed_and_where_to_go(web: TestClient, grown: str) -> None:
    card = web.get(f"/works/{grown}/lineage?at=6", headers=HTMX).text
    assert "<html" not in card
    assert re.search(r"<ins>.*a red fox", card, re.DOTALL)
    assert f'action="/works/{grown}/draft/base"' in card
    assert re.search(r'href="/revisions/[\w-]+/diff/[\w-]+"[^>]*>Compare', card)


def test_the_list_goes_on_page_by_page(web: TestClient, database: Database) -> None:
    with database.writing() as session:
        garden = Garden(session)
        garden.forest(230)
        work = str(garden.work.id)
    seen, address = list[int](), f"/works/{work}/lineage?cursor=231"
    while address:
        text = web.get(address, headers=HTMX).text
        seen += [int(number) for number in re.findall(r'data-number="(\d+)"', text)]
        following = re.search(r'hx-get="([^"]+)"', text)
        address = following[1] if following else ""
    assert seen == list(range(230, 0, -1))


def test_the_bench_gets_its_small_lineage(web: TestClient, grown: str) -> None:
    base = web.get(f"/works/{grown}/lineage").json()["nodes"][5]["id"]
    web.post(f"/works/{grown}/draft/base", json={"revision": base})
    pane = web.get(f"/works/{grown}/lineage?pane=true", headers=HTMX).text
    assert set(re.findall(r'aria-label="Revision (\d+)"', pane)) >= {"1", "3", "6"}
    assert re.search(r'aria-label="Revision 6" aria-current="true"', pane)
    assert 'aria-label="Go on from revision 3"' in pane
    assert 'aria-label="Go on from revision 6"' not in pane


def test_thumbnails_lie_where_the_canvas_looks_for_them(web: TestClient, work: str, picture: Callable[..., bytes]) -> None:
    for colour in ("red", "lime", "blue"):
        web.post(f"/works/{work}/imports", files={"file": ("x.png", picture(colour, (80, 80)))})
    answer = web.get(f"/works/{work}/lineage/atlas/0?v=3")
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    sheet = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert sheet.size == (192, 64)
    colours = [sheet.getpixel((x, 32)) for x in (32, 96, 160)]
    assert [max(range(3), key=lambda band, c=colour: c[band]) for colour in colours] == [0, 1, 2]
    assert web.get(f"/works/{work}/lineage/atlas/0?v=3").content == answer.content
    assert web.get(f"/works/{work}/lineage/atlas/1").status_code == 404


def test_an_empty_lineage_teaches(web: TestClient, work: str) -> None:
    assert web.get(f"/works/{work}/lineage").json() == {"nodes": [], "edges": []}
    page = web.get(f"/works/{work}/lineage", headers=BROWSER)
    assert "There are no revisions here yet" in page.text
    assert web.get(f"/works/{work}/lineage?as=layout").json()["number"] == []


@pytest.mark.parametrize("part", ["", "?as=layout", "?pane=true", "?at=1", "/atlas/0"])
def test_what_is_not_yours_is_not_there(web: TestClient, stranger: dict[str, str], part: str) -> None:
    assert web.get(f"/works/{stranger['work']}/lineage{part}").status_code == 404
    assert web.get(f"/works/{uuid4()}/lineage{part}").status_code == 404


@pytest.mark.parametrize("query", ["as=picture", "unfolded=1;2", "at=0", "at=x", "cursor=-1", "at=99999999999"])
def test_a_wrong_question_is_told_so(web: TestClient, work: str, query: str) -> None:
    answer = web.get(f"/works/{work}/lineage?{query}")
    assert answer.status_code == 422
    assert answer.json()["fields"]


def test_a_number_that_does_not_exist_is_not_found(web: TestClient, grown: str) -> None:
    assert web.get(f"/works/{grown}/lineage?at=77", headers=BROWSER).status_code == 404
