"""Drawings of the library: found by words in both languages, each with whose it is; and those that a picture shows."""

from __future__ import annotations

from uuid import uuid4

from fastapi.testclient import TestClient


def test_words_find_drawings_with_their_makers_and_licences(web: TestClient) -> None:
    for words in ("fox", "狐狸"):
        items = web.get("/drawings", params={"q": words, "limit": 5}).json()["items"]
        assert items[0]["name"] == "fox"
        foxes = [one for one in items if one["name"] == "fox"]
        assert {"Microsoft Corporation", "Google LLC"} <= {one["maker"] for one in foxes}
        assert all(one["licence"] and one["svg"].startswith("<svg") for one in items)


def test_a_person_reads_whose_they_are_in_their_language(web: TestClient) -> None:
    page = web.get("/drawings?q=狐狸", headers={"Accept": "text/html", "Accept-Language": "zh"}).text
    assert "狐狸" in page
    assert "Microsoft Corporation" in page
    assert "data-put" not in page, "there is no brief beside a page of its own"
    part = web.get("/drawings?q=fox", headers={"Accept": "text/html", "HX-Request": "true"}).text
    assert 'data-put="fox"' in part
    assert "<html" not in part


def test_what_nobody_drew_is_said_and_a_strange_revision_is_nothing(web: TestClient) -> None:
    page = web.get("/drawings?q=，", headers={"Accept": "text/html"}).text
    assert "no drawing that is called so" in page
    assert web.get(f"/drawings?of={uuid4()}").status_code == 404
    assert web.get("/drawings?limit=0").status_code == 422
