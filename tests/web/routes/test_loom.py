"""The loom over HTTP: whole for programs, around one revision for people; texts on the lineage's other views."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app.storage.db import Database
from tests.growing import Garden

BROWSER = {"Accept": "text/html"}
HTMX = {"Accept": "text/html", "HX-Request": "true"}


@pytest.fixture
def poem(database: Database) -> str:
    """The id of a text: a root, two lines after it of which the first is picked, a branch inside that, an edit."""
    with database.writing() as session:
        garden = Garden(session, "Autumn")
        garden.work.medium = "text"  # type: ignore[assignment]  # as the row has it
        [root] = garden.grow(text="微风拂面过东楼，", picked=True)
        [one] = garden.grow((root, "line"), text="微风拂面过东楼，\n月满空庭夜未收。", picked=True)
        garden.grow((root, "line"), text="微风拂面过东楼，\n落叶无声水自流。")
        garden.grow((one, "branch"), text="微风拂面过东楼，\n月满空庭照<b>客</b>愁。")
        garden.grow((one, "rewrite"), text="清风拂面过东楼，\n月满空庭夜未收。")
        return str(garden.work.id)


def whole(nodes: list[dict[str, Any]], at: int | None) -> str:
    """A node's text, put together as the documentation says."""
    if at is None:
        return ""
    before = whole(nodes, nodes[at]["parent"])
    return "".join(piece["text"] if "text" in piece else before[piece["start"] : piece["end"]] for piece in nodes[at]["pieces"])


def test_a_program_can_read_every_revision_from_it(web: TestClient, poem: str) -> None:
    told = web.get(f"/works/{poem}/loom").json()
    assert told["left_out"] == 0
    read = {end["number"]: whole(told["nodes"], at) for at, node in enumerate(told["nodes"]) for end in node["revisions"]}
    assert sorted(read) == [1, 2, 3, 4, 5]
    for node in told["nodes"]:
        for end in node["revisions"]:
            assert web.get(f"/revisions/{end['id']}").json()["text"] == read[end["number"]]
    assert [len(whole(told["nodes"], at)) for at in range(len(told["nodes"]))] == [n["length"] for n in told["nodes"]]
    assert [end["number"] for node in told["nodes"] for end in node["revisions"] if end["picked"]] == [1, 2]


def test_what_did_not_change_is_not_sent_again(web: TestClient, poem: str) -> None:
    known = {"If-None-Match": web.get(f"/works/{poem}/loom").headers["etag"]}
    assert web.get(f"/works/{poem}/loom", headers=known).status_code == 304


def test_the_page_reads_the_way_as_one_text(web: TestClient, poem: str) -> None:
    page = web.get(f"/works/{poem}/loom?at=2", headers=BROWSER).text
    assert {"Revision 1", "Revision 2", "Revision 3", "Revision 4"} <= set(re.findall(r'aria-label="(Revision \d)"', page))
    assert re.search(r'class="prose" lang="zh-Hans"[^>]*>微风拂面过东楼，\n月满空庭<mark>夜未收。</mark>', page)
    assert "&lt;b&gt;客" in page  # what a model wrote is text
    assert f'href="/works/{poem}/lineage?at=2"' in page
    part = web.get(f"/works/{poem}/loom?at=4", headers=HTMX).text
    assert "<html" not in part
    assert 'aria-current="true">4<' in part


def test_the_bench_gets_the_loom_of_a_text_as_its_lineage(web: TestClient, poem: str) -> None:
    base = web.get(f"/works/{poem}/lineage").json()["nodes"][1]["id"]
    web.post(f"/works/{poem}/draft/base", json={"revision": base})
    for address in (f"/works/{poem}/lineage?pane=true", f"/works/{poem}/loom?pane=true"):
        pane = web.get(address, headers=HTMX).text
        assert re.search(r'aria-label="Revision 2"[^>]*aria-current="true"', pane)
        assert 'aria-label="Go on from revision 3"' in pane
        assert 'aria-label="Go on from revision 2"' not in pane
        assert "<img" not in pane
        assert "<image" not in pane


def test_the_tree_of_a_text_shows_words_and_asks_for_no_pictures(web: TestClient, poem: str) -> None:
    page = web.get(f"/works/{poem}/lineage?at=2", headers=BROWSER).text
    assert "落叶无声水自流。" in page
    assert "<img" not in page
    assert f'href="/works/{poem}/loom?at=2"' in page
    drawn = web.get(f"/works/{poem}/lineage?as=layout").json()
    assert drawn["words"] == [
        "微风拂面过东楼，",
        "月满空庭夜未收。",
        "落叶无声水自流。",
        "照<b>客</b>愁。",
        "清风拂面过东楼， 月满空庭夜未收。",
    ]
    assert [node["words"] for node in web.get(f"/works/{poem}/lineage").json()["nodes"]] == drawn["words"]
    assert web.get(f"/works/{poem}/lineage/atlas/0").status_code == 200  # an empty sheet, should one ask


def test_an_empty_loom_teaches(web: TestClient, project: str) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "Blank", "medium": "text"}).json()["id"]
    assert web.get(f"/works/{work}/loom").json() == {"nodes": [], "left_out": 0}
    assert "There are no revisions here yet" in web.get(f"/works/{work}/loom", headers=BROWSER).text
    assert "Nothing you leave behind is lost" in web.get(f"/works/{work}/loom?pane=true", headers=HTMX).text


def test_a_work_of_pictures_has_an_empty_loom(web: TestClient, work: str, revision: str) -> None:
    assert web.get(f"/works/{work}/loom").json()["nodes"] == []
    assert web.get(f"/works/{work}/loom", headers=BROWSER).status_code == 200


def test_what_is_not_yours_is_not_there(web: TestClient, stranger: dict[str, str]) -> None:
    for part in ("", "?at=1", "?pane=true"):
        assert web.get(f"/works/{stranger['work']}/loom{part}").status_code == 404
        assert web.get(f"/works/{uuid4()}/loom{part}").status_code == 404


@pytest.mark.parametrize("query", ["at=0", "at=x", "at=99999999999", "pane=7"])
def test_a_wrong_question_is_told_so(web: TestClient, poem: str, query: str) -> None:
    assert web.get(f"/works/{poem}/loom?{query}").status_code == 422


def test_a_number_that_does_not_exist_is_not_found(web: TestClient, poem: str) -> None:
    assert web.get(f"/works/{poem}/loom?at=77", headers=BROWSER).status_code == 404
