"""Preferences: language, theme and keys, remembered in cookies."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


def test_a_choice_is_remembered_and_the_others_stay(web: TestClient) -> None:
    assert web.post("/preferences", json={"language": "zh", "theme": "dark"}).status_code == 204
    assert web.post("/preferences", json={"theme": "light"}).status_code == 204
    page = web.get("/projects", headers={"Accept": "text/html", "Accept-Language": "en"}).text
    assert 'lang="zh-Hans"' in page
    assert 'data-theme="light"' in page
    cookies = dict(web.cookies)
    assert (cookies["stemma_language"], cookies["stemma_theme"]) == ("zh", "light")


def test_a_cookie_of_nobodys_making_is_left_aside(web: TestClient) -> None:
    web.cookies.set("stemma_language", "tlh")
    web.cookies.set("stemma_theme", '"><script>')
    page = web.get("/projects", headers={"Accept": "text/html"}).text
    assert 'lang="en"' in page
    assert "<script>" not in page


@pytest.mark.parametrize("wrong", [{"language": "fr"}, {"theme": "pink"}, {"keys": 3}])
def test_what_cannot_be_chosen_is_refused(web: TestClient, wrong: dict[str, object]) -> None:
    answer = web.post("/preferences", json=wrong)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, next(iter(wrong)))
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://localhost/trash?x=1", "/trash?x=1"),
        ("https://evil.example/projects", "/projects"),
        ("https://evil.example//evil.example/", "/evil.example/"),
        ("https://evil.example/\\evil.example", "/evil.example"),
        ("nonsense:", "/"),
    ],
)
def test_a_browser_goes_back_to_where_it_was_in_this_studio(web: TestClient, referer: str, back: str) -> None:
    answer = web.post(
        "/preferences", data={"theme": "dark"}, headers={"Accept": "text/html", "Referer": referer}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, back)
