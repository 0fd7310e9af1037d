"""The trash: put away, found there, brought back; nothing is deleted."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_a_work_goes_and_comes_back_whole(web: TestClient, project: str, work: str, revision: str) -> None:
    for _twice in range(2):
        assert web.post(f"/works/{work}/trash").status_code == 201
    assert web.get(f"/projects/{project}/works").json()["items"] == []
    trash = web.get("/trash").json()
    assert ([one["id"] for one in trash["items"]], trash["projects"]) == ([work], [])
    assert web.get(f"/revisions/{revision}/content").status_code == 200  # nothing is deleted
    for _twice in range(2):
        assert web.delete(f"/works/{work}/trash").status_code == 200
    assert [one["id"] for one in web.get(f"/projects/{project}/works").json()["items"]] == [work]
    assert web.get("/trash").json() == {"projects": [], "items": [], "next": None}


def test_a_project_takes_its_works_along(web: TestClient, project: str, work: str) -> None:
    assert web.post(f"/projects/{project}/trash").status_code == 201
    assert web.get("/projects").json()["items"] == []
    trash = web.get("/trash").json()
    assert ([one["id"] for one in trash["projects"]], trash["items"]) == ([project], [])
    assert web.post(f"/projects/{project}/works", json={"title": "New", "medium": "image"}).status_code == 409
    assert web.delete(f"/projects/{project}/trash").status_code == 200
    assert [one["id"] for one in web.get(f"/projects/{project}/works").json()["items"]] == [work]


def test_a_work_trashed_by_itself_stays_there_when_its_project_returns(web: TestClient, project: str, work: str) -> None:
    web.post(f"/works/{work}/trash")
    web.post(f"/projects/{project}/trash")
    web.delete(f"/projects/{project}/trash")
    assert web.get(f"/projects/{project}/works").json()["items"] == []
    assert [one["id"] for one in web.get("/trash").json()["items"]] == [work]


def test_anothers_trash_is_not_mine(web: TestClient, stranger: dict[str, str]) -> None:
    for path in (f"/works/{stranger['work']}/trash", f"/projects/{stranger['project']}/trash"):
        assert web.post(path).status_code == 404
        assert web.delete(path).status_code == 404
    assert web.get("/trash").json()["items"] == []
