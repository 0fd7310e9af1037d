"""An answer that cannot be built changes nothing: it is built before the commit, by every route that changes something."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import Response
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

from app.settings import Settings
from app.storage.db import Database
from app.web.deps import TransactionsOf, current_artist, session, transactions
from tests.attacks.rooms import Room, furnish, mask, png, routes
from tests.taught import a_style

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
LOST = "this answer cannot be built"


@pytest.fixture
def room(web: TestClient, database: Database) -> Room:
    return furnish(web, database)


def touches_rows(route: APIRoute) -> bool:
    """Whether its handler gets a session, or a way to one."""
    return any(one.call in {session, current_artist, transactions} for one in every(route.dependant))


def every(dependant: Any) -> Iterator[Any]:
    yield dependant
    for below in dependant.dependencies:
        yield from every(below)


def requests(room: Room) -> dict[str, dict[str, Any]]:
    """A request that each route accepts: its address, and what it sends."""
    image, text, music = room.ids["work"]
    project, (imported, *_rest, sound) = room.ids["project"][0], room.ids["revision"][:4]
    version = lambda work: room.web.get(f"/works/{work}/draft").json()["version"]  # noqa: E731 (asked for when it is sent)
    save = room.web.get(f"/works/{image}/draft/saves").json()["items"][0]["id"]
    queued = next(one["id"] for one in room.web.get(f"/generations?work={text}&status=queued").json()["items"])
    room.web.put(f"/works/{text}/draft", json={"version": version(text), "text": "Other words.\n"}).raise_for_status()
    birds = room.web.post(f"/projects/{project}/lists", json={"name": "birds", "entries": "gull"}).json()["id"]
    said = room.web.post(f"/revisions/{imported}/comments", json={"body": "Longer"}).json()["id"]
    done = room.web.post(f"/revisions/{imported}/comments", json={"body": "Done"}).json()["id"]
    room.web.post(f"/comments/{done}/resolution").raise_for_status()
    home = room.web.get(f"/works/{image}").json()["project"]
    style = {"brief": {"style": "ink"}}
    ink = room.web.post(f"/projects/{project}/presets", json={"name": "Ink", **style}).json()["id"]
    kept = room.web.post(f"/projects/{home}/presets", json={"name": "Wash", **style}).json()["id"]
    database = room.web.app.state.studio.database  # type: ignore[attr-defined]  # the application behind the client
    with database.writing() as session:
        made = [a_style(session, home, state) for state in ("ready", "stopped", "learning")]
        blots, stopped, learned = (str(one.id) for one in made)
        other, thrown = str(made[0].checkpoints[0].id), str(a_style(session, home, trashed=True).id)
    dots = [{"file": ("a.png", png(f"#{at:02x}8080"))} for at in range(10)]
    shown = [room.web.post(f"/works/{image}/imports", files=each).raise_for_status().json()["id"] for each in dots]
    korean = {"file": ("a.txt", "나 보기가 역겨워".encode("euc-kr"))}
    guessed = room.web.post(f"/works/{text}/imports", files=korean).raise_for_status().json()
    archive = room.web.get(f"/projects/{project}/archive").raise_for_status().content
    return {
        "POST /projects": {"url": "/projects", "json": {"name": "Other", "work": "First"}},
        "PATCH /projects/{id}": {"url": f"/projects/{project}", "json": {"name": "Other"}},
        "POST /projects/{id}/trash": {"url": f"/projects/{project}/trash"},
        "DELETE /projects/{id}/trash": {"url": f"/projects/{project}/trash"},
        "POST /projects/{id}/works": {"url": f"/projects/{project}/works", "json": {"title": "Other"}},
        "POST /projects/{id}/lists": {"url": f"/projects/{project}/lists", "json": {"name": "trees", "entries": "oak"}},
        "PATCH /lists/{id}": {"url": f"/lists/{birds}", "json": {"version": 1, "name": "birds", "entries": "owl"}},
        "POST /lists/{id}/trash": {"url": f"/lists/{birds}/trash"},
        "DELETE /lists/{id}/trash": {"url": f"/lists/{birds}/trash"},
        "POST /revisions/{id}/comments": {"url": f"/revisions/{imported}/comments", "json": {"body": "Other"}},
        "POST /comments/{id}/replies": {"url": f"/comments/{said}/replies", "json": {"body": "Other"}},
        "PATCH /comments/{id}": {"url": f"/comments/{said}", "json": {"body": "Other"}},
        "POST /comments/{id}/resolution": {"url": f"/comments/{said}/resolution"},
        "DELETE /comments/{id}/resolution": {"url": f"/comments/{done}/resolution"},
        "DELETE /comments/{id}": {"url": f"/comments/{said}"},
        "POST /projects/{id}/presets": {
            "url": f"/projects/{project}/presets",
            "json": {"name": "Oil", "brief": {"style": "oil"}},
        },
        "POST /projects/{id}/presets/imports": {
            "url": f"/projects/{project}/presets/imports",
            "files": {"file": ("styles.csv", b"name,prompt\nOil,oil on canvas\n")},
        },
        "PATCH /presets/{id}": {"url": f"/presets/{ink}", "json": {"version": 1, "name": "Ink"}},
        "POST /presets/{id}/trash": {"url": f"/presets/{ink}/trash"},
        "DELETE /presets/{id}/trash": {"url": f"/presets/{ink}/trash"},
        "POST /projects/{id}/styles": {
            "url": f"/projects/{home}/styles",
            "json": {"name": "Dots", "pictures": shown, "consent": True},
        },
        "PATCH /styles/{id}": {"url": f"/styles/{blots}", "json": {"version": 1, "name": "Blots"}},
        "POST /styles/{id}/choice": {"url": f"/styles/{blots}/choice", "json": {"checkpoint": other}},
        "POST /styles/{id}/learning": {"url": f"/styles/{stopped}/learning"},
        "DELETE /styles/{id}/learning": {"url": f"/styles/{learned}/learning"},
        "POST /styles/{id}/oblivion": {"url": f"/styles/{blots}/oblivion", "json": {"sure": True}},
        "POST /styles/{id}/trash": {"url": f"/styles/{blots}/trash"},
        "DELETE /styles/{id}/trash": {"url": f"/styles/{thrown}/trash"},
        "PATCH /works/{id}": {"url": f"/works/{image}", "json": {"title": "Other"}},
        "POST /works/{id}/trash": {"url": f"/works/{image}/trash"},
        "DELETE /works/{id}/trash": {"url": f"/works/{image}/trash"},
        "PUT /works/{id}/draft": {"url": f"/works/{image}/draft", "json": {"version": version(image), "seed": 9}},
        "POST /works/{id}/draft/base": {"url": f"/works/{image}/draft/base", "json": {"revision": imported}},
        "POST /works/{id}/draft/restoration": {"url": f"/works/{image}/draft/restoration", "json": {"save": save}},
        "POST /works/{id}/draft/preset": {"url": f"/works/{image}/draft/preset", "json": {"preset": kept}},
        "POST /works/{id}/generations": {"url": f"/works/{image}/generations", "json": {"brief": {"intent": "a fox"}}},
        "POST /generations/{id}/cancellation": {"url": f"/generations/{queued}/cancellation"},
        "POST /generations/{id}/stops": {"url": f"/generations/{queued}/stops", "json": {"index": 1}},
        "POST /works/{id}/revisions": {"url": f"/works/{text}/revisions", "json": {}},
        "POST /revisions/{id}/readings": {"url": f"/revisions/{room.ids['revision'][1]}/readings", "json": {}},
        "POST /revisions/{id}/pick": {"url": f"/revisions/{room.ids['revision'][4]}/pick"},
        "DELETE /revisions/{id}/pick": {"url": f"/revisions/{imported}/pick"},
        "POST /works/{id}/imports": {"url": f"/works/{image}/imports", "files": {"file": ("a.png", png("red"))}},
        "POST /works/{id}/encodings": {
            "url": f"/works/{text}/encodings",
            "json": {"revision": guessed["id"], "encoding": guessed["facts"]["encodings"][0]},
        },
        "POST /works/{id}/copies": {"url": f"/works/{image}/copies"},
        "POST /works/{id}/trims": {"url": f"/works/{music}/trims", "json": {"revision": sound, "start": 0.0, "end": 0.1}},
        "POST /works/{id}/masks": {
            "url": f"/works/{image}/masks",
            "data": {"revision": room.ids["revision"][0]},
            "files": {"file": ("mask.png", mask())},
        },
        "POST /archives": {"url": "/archives", "files": {"file": ("a.zip", archive)}},
        "POST /probes": {"url": "/probes", "files": {"file": ("a.png", png("blue"))}},
    }


def rows(config: Settings) -> dict[str, list[Any]]:
    """Everything that the database holds."""
    with sqlite3.connect(config.data / "stemma.sqlite") as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in tables}  # noqa: S608


def changing(room: Room) -> Iterator[tuple[str, APIRoute]]:
    for route in routes(room, *UNSAFE):
        if touches_rows(route):
            yield from ((f"{method} {route.path}", route) for method in route.methods if method in UNSAFE)


def test_an_answer_that_cannot_be_built_changes_nothing(room: Room, config: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requests(room)
    assert {name for name, _route in changing(room)} == set(asked)  # a new route belongs into the list above
    queue = room.web.app.state.studio.queue  # type: ignore[attr-defined]  # the application behind the client
    told: list[str] = []
    monkeypatch.setattr(queue, "promptly", lambda _do, what: told.append(what))
    for name, request in asked.items():
        before = rows(config)
        with monkeypatch.context() as broken:
            broken.setattr(BaseModel, "model_dump_json", lambda _self: (_ for _ in ()).throw(ValueError(LOST)))
            answer = room.web.request(name.partition(" ")[0], **request)
        assert answer.status_code == 500, name
        assert rows(config) == before, name
        assert told == [], name


def test_the_same_requests_change_something_when_the_answer_can_be_built(room: Room, config: Settings) -> None:
    """The test above could not fail otherwise."""
    for name, request in requests(room).items():
        before = rows(config)
        if name == "POST /generations/{id}/cancellation":
            continue  # what is cancelled can no longer be stopped
        answer = room.web.request(name.partition(" ")[0], **request)
        assert answer.status_code < 300, f"{name} {answer.text[:300]}"
        assert rows(config) != before, name


def test_whatever_changes_rows_answers_with_a_response(room: Room) -> None:
    """What a handler gives back as a model is written as JSON when its transaction has ended: too late to take it back."""
    for name, route in changing(room):
        given = inspect.signature(inspect.unwrap(route.endpoint)).return_annotation
        assert given in {"Response", Response}, name


def test_the_walk_knows_what_touches_rows(room: Room) -> None:
    assert TransactionsOf.__metadata__[0].dependency is transactions  # type: ignore[attr-defined]  # as Annotated has it
    untouched = {f"{min(one.methods)} {one.path}" for one in routes(room, *UNSAFE) if not touches_rows(one)}
    assert untouched == {"POST /preferences", "POST /tunes/checks", "POST /forms/checks"}
