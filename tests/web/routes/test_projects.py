"""Projects and their walls."""

from __future__ import annotations

import re
from types import SimpleNamespace as Fake

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.models.revision import Origin, choose_cover
from app.storage.db import Database
from tests.growing import Garden


def works(web: TestClient, project: str, count: int) -> list[str]:
    """New works, the first first."""
    made = [web.post(f"/projects/{project}/works", json={"title": f"Work {n}", "medium": "image"}) for n in range(count)]
    return [one.json()["id"] for one in made]


def test_a_project_from_name_to_name(web: TestClient) -> None:
    made = web.post("/projects", json={"name": "  Küste 海岸 "})
    assert (made.status_code, made.json()["name"]) == (201, "Küste 海岸")
    where = made.headers["location"]
    assert web.get(where).json() == made.json()
    renamed = web.patch(where, json={"name": "Sea"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Sea")
    assert [one["name"] for one in web.get("/projects").json()["items"]] == ["Sea"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\x00b", None, 7])
def test_a_name_that_is_none(web: TestClient, project: str, name: object) -> None:
    for answer in (web.post("/projects", json={"name": name}), web.patch(f"/projects/{project}", json={"name": name})):
        assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "name")
    assert len(web.get("/projects").json()["items"]) == 1


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, "a\x00b"])
def test_a_title_that_is_none(web: TestClient, project: str, work: str, title: str) -> None:
    for answer in (
        web.post(f"/projects/{project}/works", json={"title": title, "medium": "image"}),
        web.patch(f"/works/{work}", json={"title": title}),
    ):
        assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "title")
    assert web.get(f"/works/{work}").json()["title"] == "Fox"


def test_works_page_by_key_the_newest_first(web: TestClient, project: str) -> None:
    ids = works(web, project, 5)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = web.get(f"/projects/{project}/works", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert seen == ids[::-1]


def test_projects_page_by_key(web: TestClient) -> None:
    ids = [web.post("/projects", json={"name": f"P{n}"}).json()["id"] for n in range(3)]
    first = web.get("/projects", params={"limit": 2}).json()
    second = web.get("/projects", params={"limit": 2, "cursor": first["next"]}).json()
    assert [one["id"] for one in first["items"] + second["items"]] == ids[::-1]
    assert second["next"] is None


def test_a_jump_into_the_middle_of_the_wall(web: TestClient, project: str) -> None:
    ids = works(web, project, 7)[::-1]
    for at in (0, 3, 6):
        found = web.get(f"/projects/{project}/wall", params={"at": at, "limit": 2}).json()["items"]
        assert [one["id"] for one in found] == ids[at : at + 2]
    assert web.get(f"/projects/{project}/wall", params={"at": 700}).json()["items"] == []
    assert web.get(f"/projects/{project}/wall", params={"at": -1}).status_code == 422


def test_search_finds_every_word_in_titles_whatever_the_case(web: TestClient, project: str) -> None:
    for title in ("A Red Fox", "red_fox 100%", "海边的狐狸"):
        web.post(f"/projects/{project}/works", json={"title": title, "medium": "image"})

    def found(q: str) -> int:
        return len(web.get(f"/projects/{project}/works", params={"q": q}).json()["items"])

    assert [found(q) for q in ("fox RED", "red blue", "100%", "_", "狐狸", "\\", "")] == [2, 0, 1, 1, 1, 0, 3]


def test_media_can_be_told_apart(web: TestClient, project: str, work: str) -> None:
    web.post(f"/projects/{project}/works", json={"title": "Poem", "medium": "text"})

    def found(medium: str) -> list[str]:
        return [one["title"] for one in web.get(f"/projects/{project}/works", params={"medium": medium}).json()["items"]]

    assert (found("image"), found("text"), found("music")) == (["Fox"], ["Poem"], [])
    assert web.get(f"/projects/{project}/works", params={"medium": "film"}).status_code == 422
    assert web.post(f"/projects/{project}/works", json={"title": "Film", "medium": "film"}).status_code == 422


def test_a_new_title_is_found_and_the_old_one_is_not(web: TestClient, project: str, work: str) -> None:
    web.patch(f"/works/{work}", json={"title": "Heron"})
    assert len(web.get(f"/projects/{project}/works", params={"q": "heron"}).json()["items"]) == 1
    assert web.get(f"/projects/{project}/works", params={"q": "fox"}).json()["items"] == []


@pytest.fixture
def poem(database: Database, web: TestClient) -> tuple[str, str]:
    """The ids of a project and of a text in it whose latest revision is long."""
    with database.writing() as session:
        garden = Garden(session, "Harbour")
        garden.work.medium = "text"  # type: ignore[assignment]  # as the row has it
        garden.work.words = "harbour"
        [root] = garden.grow(text="The gulls argue.")
        garden.grow((root, "continue"), text="The gulls argue over <b>Nets</b>.\n" + "And on. " * 500 + "秋风起")
        choose_cover(session, garden.work)
        return str(garden.work.project_id), str(garden.work.id)


def test_a_text_hangs_as_a_small_page(web: TestClient, poem: tuple[str, str]) -> None:
    project, work = poem
    browser = {"Accept": "text/html"}
    for address in (f"/projects/{project}", f"/projects/{project}/wall", "/projects"):
        page = web.get(address, headers=browser).text
        assert re.search(r'class="leaf" lang="en"[^>]*>The gulls argue over &lt;b&gt;Nets', page), address
        assert page.count("And on.") < 60, "a tile carries the whole text"
        assert "/content?w=" not in page
    web.post(f"/works/{work}/trash")
    assert 'class="leaf tiny"' in web.get("/trash", headers=browser).text


def test_words_of_a_text_are_found(web: TestClient, poem: tuple[str, str]) -> None:
    project, work = poem

    def found(**asked: str) -> list[str]:
        return [one["id"] for one in web.get(f"/projects/{project}/works", params=asked).json()["items"]]

    assert found(q="GULLS nets") == [work]
    assert found(q="harbour 秋风") == [work]
    assert found(q="gulls storm") == []
    assert found(q="%") == []
    assert found(q="gulls", medium="image") == []


def test_the_wall_can_show_one_medium_and_a_new_work_is_like_the_last(web: TestClient, poem: tuple[str, str]) -> None:
    project, _work = poem
    browser = {"Accept": "text/html"}
    web.app.state.studio.engines["writer"] = Fake(name="writer", medium="text")  # type: ignore[attr-defined]  # an application
    page = web.get(f"/projects/{project}", params={"medium": "text"}, headers=browser).text
    assert re.search(r'medium=text" aria-current="page">Texts', page)
    assert 'name="medium" value="text" checked' in page
    assert "Nothing of this kind yet" in web.get(f"/projects/{project}", params={"medium": "image"}, headers=browser).text


def test_a_tile_shows_the_latest_pick_else_what_was_made_by_hand_else_the_latest(database: Database) -> None:
    with database.writing() as session:
        garden = Garden(session)
        variants = garden.grow(count=2)

        def cover() -> int:
            choose_cover(session, garden.work)
            return next(one.number for one in made if one.id == garden.work.cover_id)

        made = [*variants]
        assert cover() == 2
        made += garden.grow()
        made[-1].origin = Origin.HAND
        session.flush()
        made += garden.grow(count=2)
        assert cover() == 3
        variants[0].pick(by=garden.artist)
        session.flush()
        assert cover() == 1


def test_a_text_that_is_only_a_draft_shows_its_words_and_every_tile_its_latest_change(
    web: TestClient, database: Database, project: str
) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": "Notes", "medium": "text"}).json()["id"]
    with database.writing() as session:
        session.execute(sa.text("UPDATE works SET touched_at = '2020-01-02 03:04:05.000000'"))
    browser = {"Accept": "text/html"}
    assert "2020-01-02T03:04:05" in web.get(f"/projects/{project}", headers=browser).text
    assert "2020-01-02T03:04:05" in web.get("/projects", headers=browser).text
    draft = web.get(f"/works/{work}/draft").json()
    assert web.put(f"/works/{work}/draft", json={"version": draft["version"], "text": "Gulls, by hand."}).status_code == 200
    for address in (f"/projects/{project}", "/projects"):
        page = web.get(address, headers=browser).text
        assert "Gulls, by hand." in page
        assert "2020-01-02" not in page
