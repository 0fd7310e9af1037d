"""Comments: threads on every medium, at a place or at none, with what nobody may say."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from tests.attacks.atelier import JIG, POEM, Atelier, picture, recording

HTML = {"Accept": "text/html"}


def on_picture(atelier: Atelier) -> str:
    return atelier.bring(atelier.work(), "fox.png", picture())


def say(web: TestClient, revision: str, body: str = "The left ear", **place: Any) -> Any:
    """What a comment is answered."""
    return web.post(f"/revisions/{revision}/comments", json={"body": body, "place": place or None})


def test_a_thread_lives(atelier: Atelier, web: TestClient) -> None:
    revision = on_picture(atelier)
    first = say(web, revision, "  The left ear\n<b>is</b> gone  ", box=[4, 5, 10, 12]).json()
    assert first["comments"][0]["body"] == "The left ear\n<b>is</b> gone"
    assert (first["place"]["box"], first["resolved"]) == ([4, 5, 10, 12], None)
    answered = web.post(f"/comments/{first['id']}/replies", json={"body": "Back again"})
    assert answered.status_code == 201
    (_first, reply) = answered.json()["comments"]
    assert web.patch(f"/comments/{reply['id']}", json={"body": "It is back"}).json()["comments"][1]["edited_at"]
    assert web.post(f"/comments/{reply['id']}/resolution").json()["resolved"]["by"] == "local"
    assert web.post(f"/comments/{first['id']}/resolution").status_code == 201  # twice is once
    page = web.get(f"/revisions/{revision}", headers=HTML).text
    assert "&lt;b&gt;is&lt;/b&gt; gone" in page
    assert "resolved by you" in page
    assert web.delete(f"/comments/{first['id']}/resolution").json()["resolved"] is None
    kept = web.delete(f"/comments/{first['id']}").json()
    assert [(one["body"], one["withdrawn"]) for one in kept["comments"]] == [("", True), ("It is back", False)]
    assert web.get(f"/revisions/{revision}/comments").json()["items"] == [kept]
    assert web.patch(f"/comments/{first['id']}", json={"body": "Again"}).status_code == 404
    assert "This comment was taken back." in web.get(f"/revisions/{revision}", headers=HTML).text
    web.delete(f"/comments/{reply['id']}").raise_for_status()
    assert web.get(f"/revisions/{revision}/comments").json()["items"] == []  # nothing is left of it
    work = web.get(f"/revisions/{revision}").json()["work"]
    told = web.get(f"/works/{work}/acts")
    assert "left ear" not in told.text
    kinds = [one["kind"] for one in reversed(told.json()["items"])][2:]
    said = ["commented", "replied", "comment-changed", "resolved", "reopened", "comment-withdrawn", "comment-withdrawn"]
    assert kinds == said
    assert "You commented on revision 1" in web.get(f"/works/{work}/acts", headers=HTML).text


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ({"point": [63, 47]}, [63, 47]),
        ({"box": [0, 0, 64, 48]}, [0, 0, 64, 48]),
        ({"point": "", "box": ["", "", "", ""]}, None),
    ],
)
def test_a_place_in_a_picture(atelier: Atelier, web: TestClient, place: dict[str, Any], kept: Any) -> None:
    made = say(web, on_picture(atelier), **place).json()
    assert [value for value in (made["place"] or {}).values() if value] == ([kept] if kept else [])


@pytest.mark.parametrize(
    "place",
    [
        {"point": [64, 0]},
        {"point": [0, 48]},
        {"point": [-1, 0]},
        {"point": [1]},
        {"point": "here"},
        {"point": [True, 1]},
        {"point": [2**80, 1]},
        {"box": [60, 0, 5, 5]},
        {"box": [0, 0, 0, 5]},
        {"range": [0, 4]},
        {"bars": [1, 1]},
        {"seconds": [0, 1]},
        {"point": [1, 1], "box": [0, 0, 5, 5]},
    ],
)
def test_a_place_that_is_not_in_the_picture(atelier: Atelier, web: TestClient, place: dict[str, Any]) -> None:
    revision = on_picture(atelier)
    refused = say(web, revision, **place)
    assert refused.status_code == 422
    assert refused.json()["fields"][0]["field"].startswith("place")
    assert web.get(f"/revisions/{revision}/comments").json()["items"] == []


def test_places_in_texts_tunes_and_recordings(atelier: Atelier, web: TestClient) -> None:
    _work, poem = atelier.poem()
    made = say(web, poem, range=[0, 9]).json()
    assert made["quote"] == web.get(f"/revisions/{poem}").json()["text"][:9]
    assert say(web, poem, range=[0, len(POEM) + 50]).status_code == 422
    assert say(web, poem, range=[4, 4]).status_code == 422
    assert say(web, poem, point=[0, 0]).status_code == 422
    tune = atelier.bring(atelier.work("music"), "harbour.abc", JIG.encode())
    assert say(web, tune, bars=[1, 2]).json()["place"]["bars"] == [1, 2]
    assert say(web, tune, bars=["3", ""]).json()["place"]["bars"] == [3, 3]
    for bars in ([2, 1], [1, 99], [-1, 1]):
        assert say(web, tune, bars=bars).status_code == 422
    assert say(web, tune, range=[0, 4]).status_code == 422
    assert say(web, tune, seconds=[0, 1]).status_code == 422
    sound = atelier.bring(atelier.work("music"), "waves.wav", recording())
    assert say(web, sound, seconds=[0.25, 0.5]).json()["place"]["seconds"] == [0.25, 0.5]
    for seconds in ([0.5, 0.25], [0, 9], [-1, 0], [0, "nan"]):
        assert say(web, sound, seconds=seconds).status_code == 422
    assert say(web, sound, bars=[1, 1]).status_code == 422
    for revision, words in ((poem, "data-place"), (tune, "bars 1 to 2"), (sound, "0.2 to 0.5 seconds")):
        assert words in web.get(f"/revisions/{revision}", headers=HTML).text


@pytest.mark.parametrize("body", ["", " \n ", "x" * 4_001, "bad \x07 bell", "half \ud800", None, 7])
def test_what_nobody_can_say(atelier: Atelier, web: TestClient, body: Any) -> None:
    revision = on_picture(atelier)
    first = say(web, revision).json()["id"]
    for method, path in (
        ("POST", f"revisions/{revision}/comments"),
        ("POST", f"comments/{first}/replies"),
        ("PATCH", f"comments/{first}"),
    ):
        refused = web.request(method, f"/{path}", content=json.dumps({"body": body}))
        assert (refused.status_code, refused.json()["fields"][0]["field"]) == (422, "body")
    (thread,) = web.get(f"/revisions/{revision}/comments").json()["items"]
    assert [one["body"] for one in thread["comments"]] == ["The left ear"]


def test_a_megabyte_is_refused_and_so_is_one_comment_too_many(
    atelier: Atelier, web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = on_picture(atelier)
    assert say(web, revision, "x" * 2**20).status_code == 422
    assert web.post(f"/revisions/{revision}/comments", content=b'{"body": "' + b"x" * 5 * 2**20 + b'"}').status_code == 413
    monkeypatch.setattr("app.models.comment.MOST", 2)
    first = say(web, revision).json()["id"]
    say(web, revision).raise_for_status()
    assert "at most 2 comments" in say(web, revision).text
    assert web.post(f"/comments/{first}/replies", json={"body": "More"}).status_code == 422


def test_trashed_and_foreign_revisions(atelier: Atelier, web: TestClient, stranger: dict[str, str]) -> None:
    work = atelier.work()
    revision = atelier.bring(work, "fox.png", picture())
    first = say(web, revision).json()["id"]
    web.post(f"/works/{work}/trash").raise_for_status()
    assert say(web, revision).status_code == 409
    for method, path in (
        ("POST", "/replies"),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/resolution"),
        ("DELETE", "/resolution"),
    ):
        assert web.request(method, f"/comments/{first}{path}", json={"body": "More"}).status_code == 409
    assert "hx-post" not in web.get(f"/revisions/{revision}/comments", headers=HTML | {"HX-Request": "true"}).text
    assert [one["id"] for one in web.get(f"/revisions/{revision}/comments").json()["items"]] == [first]
    web.delete(f"/works/{work}/trash").raise_for_status()
    for id in (stranger["revision"], str(uuid4())):
        assert say(web, id).status_code == 404
        assert web.get(f"/revisions/{id}/comments").status_code == 404
        assert web.post(f"/comments/{first}/replies?at={id}", json={"body": "More"}).status_code == 404
    assert len(web.get(f"/revisions/{revision}/comments").json()["items"][0]["comments"]) == 1  # refused, and not done


def test_a_form_without_scripts(atelier: Atelier, web: TestClient) -> None:
    revision = on_picture(atelier)
    sent = web.post(
        f"/revisions/{revision}/comments",
        data={"body": "狐狸", "place.point": ["3", "4"]},
        headers=HTML,
        follow_redirects=False,
    )
    (thread,) = web.get(f"/revisions/{revision}/comments").json()["items"]
    assert (sent.status_code, sent.headers["location"]) == (303, f"/revisions/{revision}#comment-{thread['id']}")
    assert web.get(f"/comments/{thread['id']}").json() == thread
    assert (thread["place"]["point"], thread["comments"][0]["body"]) == ([3, 4], "狐狸")


def test_a_work_tells_what_was_said_in_it(atelier: Atelier, web: TestClient) -> None:
    revision = on_picture(atelier)
    work = web.get(f"/revisions/{revision}").json()["work"]
    bench = web.get(f"/works/{work}", headers=HTML).text
    assert f"/works/{work}/comments" in bench
    assert "no comments here yet" in web.get(f"/works/{work}/comments", headers=HTML).text
    first, second = (say(web, revision, body).json()["id"] for body in ("First", "<i>Second</i>"))
    web.post(f"/comments/{first}/resolution").raise_for_status()
    assert [one["id"] for one in web.get(f"/works/{work}/comments").json()["items"]] == [second, first]
    page = web.get(f"/works/{work}/comments", headers=HTML).text
    assert "&lt;i&gt;Second&lt;/i&gt;" in page
    assert f"/revisions/{revision}#comment-{second}" in page
    assert "Comments</span> 1</a>" in web.get(f"/works/{work}", headers=HTML).text  # one of them is open
