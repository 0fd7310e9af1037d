"""Every number and name has an end, on SQLite as on PostgreSQL: each parameter and each field of a body with extreme values.

A walk over the routes: whatever is refused is refused in words, and nothing ends in a fault of the server's.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

from app.settings import Settings
from app.storage.db import Database
from app.storage.migrations import migrate
from app.storage.queue import migrate_queue
from app.web.main import create_app
from tests.attacks.declared import bodies, declared
from tests.attacks.rooms import Room, furnish, noun, routes, shown

WHOLE = [0, -1, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**400]
SPELT = ["", "nan", "-inf", "1e308", "1e400", "²", "١٢", "9" * 400, "a\x00b", "\ufffe", "x" * 5_000, "'\";--%", "💥" * 300]
FIGURES = [0.0, -1.5, 1e308, -1e308, float("nan"), float("inf")]
OBJECTS = ['{"a": ' * 100 + "1" + "}" * 100, '{"a": 1e999}', '{"a": "\\ud800", "\\u0000": 1}', '{"steps": 9223372036854775808}']
OBJECTS += ["{}", "[" * 3_000 + "]" * 3_000]
PATHS = ["0", "-1", "²", "9" * 40, "a%00b", "..%2f..%2f", "x" * 3_000, "nan", "%F0%9F%92%A5"]
HEADERS = {
    "idempotency-key": ["a\x00b", "x" * 5_000, "\xff\xfe", "²"],
    "content-length": ["²", "-1", "9" * 40, "1e3", "0x10"],
    "origin": ["http://[", "null", "http://\xff"],
    "referer": ["http://[", "//evil", "http://localhost/\xff"],
    "range": ["bytes=²-", "bytes=0-" + "9" * 400, "bytes=-1", "bytes=5-1", "nan=0-1", "bytes=" + "0-1," * 500],
    "if-none-match": ["x" * 5_000, "\xff", '"²"'],
    "accept": ["²", "x" * 5_000, "text/html;q=nan"],
    "accept-language": ["²" * 500, "zh;q=nan", "\xff"],
    "cookie": ["stemma_language=²; stemma_theme=\xff", "=" * 2_000, "stemma_keys=" + "x" * 4_000],
    "content-type": ["application/x-www-form-urlencoded; charset=punycode", "multipart/form-data; boundary=²", "²"],
}


def studio(config: Settings) -> Iterator[Room]:
    database = Database(config)
    with TestClient(create_app(config), base_url="http://localhost", raise_server_exceptions=False) as web:
        web.headers["accept"] = "application/json"
        yield furnish(web, database)
    database.close()


@pytest.fixture(scope="module")
def on_sqlite(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("extremes") / "data"
    shutil.copytree(migrated, folder)
    yield from studio(Settings(data=folder, fake_engines=True, log_level="CRITICAL", queue_limit=100_000))


@pytest.fixture(scope="module")
def on_postgresql(postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("extremes")
    config = Settings(data=folder, database=postgres(), fake_engines=True, log_level="CRITICAL", queue_limit=100_000)
    database = Database(config)
    migrate(database.engine)
    migrate_queue(config)
    database.close()
    yield from studio(config)


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.postgres)])
def room(request: pytest.FixtureRequest) -> Room:
    found: Room = request.getfixturevalue(f"on_{request.param.lower()}")
    return found


def fine(answer: Any, asked: str) -> None:
    """It was answered, and what was refused was refused in words."""
    assert answer.status_code < 500, f"{asked}: {shown(answer)}"
    if answer.status_code >= 400 and "json" in answer.headers.get("content-type", ""):
        assert answer.json()["title"], asked


def at(room: Room, route: APIRoute) -> str:
    """The address of a route, with a thing that fits it."""
    things = room.ids.get(noun(route.path), [str(uuid4())])
    place = {"trims": 2, "revisions": 1, "events": 0}.get(route.path.rpartition("/")[2], 0)
    id = things[place % len(things)]
    return route.path.replace("{id}", id).replace("{a}", id).replace("{b}", things[-1]).replace("{number}", "0")


def test_parameters(room: Room) -> None:
    for route in routes(room, "GET", "POST", "PUT", "PATCH", "DELETE"):
        method, streams = min(route.methods), route.path.endswith("/events")
        for one in declared(route.dependant):
            if type(one.field_info).__name__ == "Query" and not streams:
                for value in [*SPELT, *map(str, WHOLE[3:8])]:
                    asked = f"{at(room, route)}?{one.alias}={quote(value)}"
                    fine(room.web.request(method, asked, follow_redirects=False), f"{method} {asked[:200]}")
        if "{" in route.path:
            for value in PATHS:
                asked = route.path
                for name in ("{id}", "{a}", "{b}", "{number}"):
                    asked = asked.replace(name, value)
                answer = room.web.request(method, asked, json={}, follow_redirects=False)
                fine(answer, f"{method} {asked[:200]}")
                assert answer.status_code in {404, 405, 422}, f"{method} {asked[:200]} {shown(answer)}"


def test_the_moment_since_when_one_listens(room: Room) -> None:
    for value in ("nan", "inf", "-1", "1e308", "²", "9" * 400, "253402300800"):
        answer = room.web.get(f"/works/{room.ids['work'][0]}/events?since={quote(value)}")
        assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "since"), value


def test_bodies(room: Room) -> None:
    by_place = {f"{min(route.methods)} {route.path}": route for route in routes(room, "POST", "PUT", "PATCH")}
    for where, model in bodies(room.web):
        route, method = by_place[where], where.partition(" ")[0]
        works = room.ids["work"] if where == "POST /works/{id}/generations" else [None]
        for work in works:
            address = route.path.replace("{id}", work) if work else at(room, route)
            for name, value in mutations_of(model, room):
                body = sample(model, room) | {name: value}
                if "draft" in route.path and "version" in body and name != "version":
                    body["version"] = room.web.get(address).json()["version"]
                data = re.sub(r'"@@(\d)@@"', lambda place: OBJECTS[int(place[1])], json.dumps(body))
                answer = room.web.request(method, address, content=data.encode("utf-8", "surrogatepass"))
                fine(answer, f"{method} {address} {data[:300]}")


def test_forms(room: Room) -> None:
    hostile = ["", "²", "nan", "9" * 400, "a\x00b", "\ufffe", "x" * 5_000]
    names = ["x." * 1_000 + "y", "." * 1_000, "parents.²", "parents." + "1" * 5_000, "parents.1.role.a.b.c.d.e.f", "a.0.0", "."]
    for where, model in bodies(room.web):
        method, path = where.split(" ", 1)
        route = next(one for one in routes(room, method) if one.path == path and method in one.methods)
        fields = [name + part for name in model.model_fields for part in ("", ".0", ".a", ".²")]
        for name in fields:
            for value in hostile[:: 1 if "." not in name else 4]:
                plain = {key: str(said) for key, said in sample(model, room).items() if isinstance(said, (str, int))}
                fine(room.web.request(method, at(room, route), data=plain | {name: value}), f"{where} {name}={value[:40]}")
        for name in names:
            answer = room.web.request(method, at(room, route), data={name: "x"})
            fine(answer, f"{where} {name[:60]}")


@pytest.mark.parametrize("name", HEADERS)
def test_headers(room: Room, name: str) -> None:
    revision, work = room.ids["revision"][0], room.ids["work"][0]
    asks = [("GET", f"/revisions/{revision}/content"), ("GET", "/projects"), ("GET", f"/works/{work}/lineage")]
    asks += [("POST", f"/works/{work}/generations"), ("POST", "/preferences"), ("POST", f"/works/{work}/imports")]
    for value in HEADERS[name]:
        for method, address in asks:
            headers = {"accept": "text/html", name: value.encode()}
            content = b'{"brief": {"intent": "a fox"}}' if method == "POST" else None
            answer = room.web.request(method, address, headers=headers, content=content, follow_redirects=False)
            assert answer.status_code < 500, f"{method} {address} {name}: {value[:60]!r} {shown(answer)}"


def test_file_names(room: Room) -> None:
    for name in ("a" * 5_000 + ".png", "\x00.png", "²" * 300, "../../x.png", "\ufffe.png", "💥.png", ".", ""):
        for work in room.ids["work"]:
            answer = room.web.post(f"/works/{work}/imports", files={"file": (name or "x", b"\x89PNG nothing")})
            fine(answer, repr(name))
    for charset in ("utf-7", "unicode_escape", "punycode", "idna", "rot13", "²", "utf-16"):
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="\\ud800+2AA-.txt"\r\n\r\nwords\r\n--x--\r\n'
        kind = f"multipart/form-data; boundary=x; charset={charset}".encode()
        answer = room.web.post(f"/works/{room.ids['work'][1]}/imports", content=head, headers={"content-type": kind})  # type: ignore[dict-item]  # as above
        fine(answer, charset)
        if answer.status_code == 201:
            fine(room.web.get(f"/revisions/{answer.json()['id']}"), charset)


def mutations_of(model: type[BaseModel], room: Room) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        for value in mutations(field.annotation, room):
            yield name, value


def mutations(annotation: Any, room: Room) -> Iterator[Any]:
    """Extreme values of a type; @@n@@ stands for the n-th of OBJECTS, JSON that Python would not write."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from mutations(parts[0], room)
    elif origin in {Union, UnionType}:
        yield from (value for part in parts for value in mutations(part, room))
    elif origin in {list, tuple}:
        first = next(part for part in parts if part is not Ellipsis)
        times = 2 if origin is tuple else 1
        yield from ([value] * times for value in mutations(first, room))
        yield from ([], [sample_of(first, room)] * 60_000)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from (sample(annotation, room) | {name: value} for name, value in mutations_of(annotation, room))
    elif annotation is int:
        yield from [*WHOLE, *SPELT[1:5]]
    elif annotation is float:
        yield from [*FIGURES, *WHOLE[-3:], "nan"]
    elif annotation is str:
        yield from [*SPELT, "\ud800", 7, "x" * 1_100_000]
    elif annotation is dict or origin is dict:
        yield from (f"@@{at}@@" for at in range(len(OBJECTS)))
    else:
        yield from ("", "²", 7, None)


def sample(model: type[BaseModel], room: Room) -> dict[str, Any]:
    """The least that the model takes."""
    found = {name: sample_of(field.annotation, room) for name, field in model.model_fields.items() if field.is_required()}
    return found | ({"brief": {"intent": "a red fox"}} if model.__name__ == "Asked" else {})


def sample_of(annotation: Any, room: Room) -> Any:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in {Annotated, Union, UnionType}:
        return sample_of(parts[0], room)
    if origin is Literal:
        return parts[0]
    if origin in {list, tuple}:
        return [sample_of(parts[0], room)] * (2 if origin is tuple else 1)
    if not isinstance(annotation, type) or annotation is dict:
        return {}
    if issubclass(annotation, BaseModel):
        return sample(annotation, room)
    plain: dict[type, Any] = {UUID: room.ids["revision"][0], str: "x", int: 1, float: 1.0, bool: True}
    return next(iter(annotation)).value if issubclass(annotation, Enum) else plain[annotation]
