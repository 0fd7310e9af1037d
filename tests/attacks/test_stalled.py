"""Bodies that do not come, clients that hang up or send on after a no: nobody else notices, and nothing is left of them."""

from __future__ import annotations

import io
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute, iter_route_contexts
from PIL import Image

from app.settings import Settings
from app.storage.db import LONG, Database
from app.web.deps import OneTurn
from app.web.main import create_app
from tests.attacks.lines import FILE, HALVES, JSON, OPENED, Holdings, Line, unsafe
from tests.running import Running, until

SILENCE = 15  # seconds after which this studio gives a body up


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A web, without a worker."""
    studio = Running(tmp_path_factory.mktemp("stalled"), {"STEMMA_SILENCE": str(SILENCE)})
    try:
        studio.start("serve")
        yield studio
    finally:
        studio.stop()


@pytest.fixture
def holdings(running: Running) -> Holdings:
    """What the web holds."""
    return Holdings(running.processes["serve"].pid)


@pytest.fixture
def quiet(running: Running) -> Iterator[None]:
    """Insists that the log tells of no fault."""
    before = running.log.stat().st_size
    yield
    said = running.log.read_bytes()[before:].decode()
    for word in ("Traceback", "ERROR", "CRITICAL"):
        assert word not in said, said


def locked(running: Running) -> sqlite3.Connection:
    """A connection that holds the lock of those who write. Raises OperationalError at once when somebody else does."""
    holder = sqlite3.connect(running.data / "stemma.sqlite", timeout=0, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    return holder


@pytest.fixture
def things(running: Running) -> dict[str, str]:
    """An id of each noun."""
    work = running.work()
    picture = io.BytesIO()
    Image.frombytes("RGB", (900, 900), os.urandom(900 * 900 * 3)).save(picture, "PNG")
    made = running.http.post(f"/works/{work}/imports", files={"file": ("noise.png", picture.getvalue())})
    project = running.http.get(f"/works/{work}").json()["project"]
    waiting = running.ask(work)["id"]
    return {"projects": project, "works": work, "revisions": made.raise_for_status().json()["id"], "generations": waiting}


def filled(path: str, things: dict[str, str]) -> str:
    """A route's path with ids that exist."""
    return path.replace("{id}", things.get(path.split("/")[1], ""))


def test_every_handler_has_its_session_in_one_turn(config: Settings) -> None:
    """A dependency that is a plain function or a generator would begin something before the body is there, or wait for a
    thread while it holds a connection.
    """
    found = [one.original_route for one in iter_route_contexts(create_app(config).routes)]
    routes = [route for route in found if isinstance(route, APIRoute) and "{path" not in route.path]
    ours = [route for route in routes if route.endpoint.__module__.startswith("app.")]
    assert len(ours) > 60
    for route in ours:
        assert isinstance(route, OneTurn), route.path
        waiting = list(route.dependant.dependencies)
        while waiting:
            one = waiting.pop()
            assert hasattr(one.call, "__code__"), route.path
            flags = one.call.__code__.co_flags
            assert flags & 0x80, f"{route.path}: {one.call.__name__} takes a thread"  # CO_COROUTINE, and no generator
            waiting += one.dependencies


@pytest.mark.usefixtures("quiet")
def test_bodies_that_do_not_come_hold_up_nobody(
    running: Running, config: Settings, things: dict[str, str], holdings: Holdings
) -> None:
    before = holdings.sockets, holdings.threads
    routes = unsafe(create_app(config))
    assert len(routes) > 20
    lines = [
        Line(running.port).head(method, filled(path, things), 5000, Content_Type=kind, Accept=JSON).send(half)
        for method, path in routes
        for kind, half in HALVES.items()
    ]
    big = Line(running.port).head("POST", "/probes", 5_000_000, Content_Type=FILE).send(OPENED + b"x" * 3_000_000)
    until(lambda: holdings.nameless == 1, 30, "the half file")  # it lies on disk, where it has no name
    for turn in range(5):
        assert running.http.post("/projects", json={"name": f"Meanwhile {turn}"}).status_code == 201
        assert running.http.get("/projects").status_code == 200
        draft = running.http.get(f"/works/{things['works']}/draft").json()
        saved = {"version": draft["version"], "brief": {"intent": f"turn {turn}"}}
        assert running.http.put(f"/works/{things['works']}/draft", json=saved).status_code == 200
        locked(running).close()  # nobody writes
    assert holdings.threads < before[1] + 20, "bodies hold threads"
    assert not any(line.answered for line in lines), "they were given up before anything was tried: this machine is too slow"
    heads = [Line(running.port), Line(running.port).send(b"POST /projects HTTP/1.1\r\nHost: loc")]
    kept = Line(running.port).head("GET", "/healthz")  # a second request on the same connection, of which the head stops
    assert kept.socket.recv(12) == b"HTTP/1.1 200"
    heads.append(kept.send(b"GET /healthz HT"))
    person = Line(running.port).head("POST", "/projects", 50, Content_Type=JSON, Accept="text/html", Accept_Language="zh")
    answers = [line.answer() for line in [*lines, big]]  # and then each is closed
    for status, problem in answers:
        assert (status, problem["code"]) == (408, "too-slow")
        assert "did not arrive in time" in problem["title"]
    read = b""
    while data := person.socket.recv(65_536):
        read += data
    assert "没有及时" in read.decode()
    for line in heads:
        while line.socket.recv(65_536):
            pass
    for line in [*lines, big, person, *heads]:
        line.close()
    until(lambda: holdings.nameless == 0 and holdings.sockets <= before[0] + 5, 30, "what was left of them")


@pytest.mark.parametrize(
    ("said", "headers", "path", "size", "status"),
    [
        ("a file too large", {"Content_Type": FILE}, "/probes", 50 * 2**20, 413),
        ("a form too large", {"Content_Type": JSON}, "/projects", 12 * 2**20, 413),
        ("another site", {"Content_Type": JSON, "Origin": "https://evil.example"}, "/projects", 12 * 2**20, 403),
        ("another host", {"Content_Type": FILE, "Host": "evil.example"}, "/probes", 50 * 2**20, 421),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.usefixtures("quiet")
def test_who_is_refused_hears_why_while_it_still_sends(
    running: Running, said: str, headers: dict[str, str], path: str, size: int, status: int, chunked: bool
) -> None:
    how: dict[str, Any] = {"Transfer_Encoding": "chunked"} if chunked else {"length": size}
    line = Line(running.port).head("POST", path, **how, **headers, Accept=JSON).flood(size, chunked)
    found, problem = line.answer()
    assert (found, problem["status"]) == (status, status)
    assert problem["title"]
    line.close()


def test_a_client_of_today_hears_that_its_file_is_too_large(running: Running) -> None:
    for content in (b"x" * (60 * 2**20), iter([b"x" * 2**20] * 60)):
        answer = httpx2.post(f"{running.url}/probes", content=content, headers={"Content-Type": FILE}, timeout=60)
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.usefixtures("quiet")
def test_who_hangs_up_leaves_nothing_behind(running: Running, things: dict[str, str], holdings: Holdings) -> None:
    before = holdings.sockets, running.log.read_text().count("\n")
    for turn in range(10):
        rudely = turn % 2 == 0
        half = Line(running.port).head("POST", "/probes", 5_000_000, Content_Type=FILE).send(OPENED + b"x" * 2_000_000)
        answer = Line(running.port).head("GET", f"/revisions/{things['revisions']}/content")
        stream = Line(running.port).head("GET", f"/works/{things['works']}/events")
        assert stream.socket.recv(100)
        for line in (half, answer, stream):
            line.close(rudely=rudely)
    until(lambda: holdings.sockets <= before[0] + 2 and holdings.nameless == 0, 30, "what was left of them")
    assert running.http.post("/projects", json={"name": "After"}).status_code == 201
    until(lambda: running.http.get("/metrics").status_code == 200, 30, "the web")
    said = running.log.read_text().splitlines()[before[1] :]
    assert len([line for line in said if "/probes" in line or "left before" in line]) <= 10 * 2


def test_who_waits_to_write_does_not_keep_others_from_reading(running: Running, things: dict[str, str]) -> None:
    """More writers wait than there are threads; a database that another process holds is not the web's fault."""
    holder = locked(running)
    body = b'{"name": "Later"}'
    lines = [Line(running.port).head("POST", "/projects", len(body), Content_Type=JSON).send(body) for _each in range(80)]
    time.sleep(1)  # nothing is to be answered
    for path in ("/projects", f"/works/{things['works']}", f"/revisions/{things['revisions']}/content", "/healthz"):
        assert running.http.get(path).status_code == 200
    assert not any(line.answered for line in lines)  # they still wait
    holder.execute("ROLLBACK")
    holder.close()
    for line in lines:
        assert line.socket.recv(12) == b"HTTP/1.1 201"
        line.close()


@pytest.mark.postgres
def test_on_postgresql_stalled_bodies_hold_no_connection(
    tmp_path: Path, config: Settings, postgres: Callable[[], str], things: dict[str, str]
) -> None:
    url = postgres()
    studio = Running(tmp_path, {"STEMMA_DATABASE": url})
    try:
        studio.start("serve")
        routes = unsafe(create_app(config))
        lines = [
            Line(studio.port).head(method, filled(path, things), 5000, Content_Type=JSON).send(HALVES[JSON])
            for method, path in routes * 3
        ]
        assert studio.http.post("/projects", json={"name": "Meanwhile"}).status_code == 201
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            begun = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
            assert connection.execute(sa.text(begun)).scalar() == 0
        engine.dispose()
        assert not any(line.answered for line in lines)
        for line in lines:
            line.close()
    finally:
        studio.stop()


def test_writes_are_measured_and_long_ones_told(running: Running, database: Database, caplog: pytest.LogCaptureFixture) -> None:
    running.http.post("/projects", json={"name": "Counted"})
    said = running.http.get("/metrics").text
    assert 'stemma_write_seconds_count{what="POST /projects"}' in said
    assert "stemma_write_wait_seconds_count" in said
    with database.writing():
        time.sleep(LONG * 1.5)
    assert "ms: test_writes_are_measured_and_long_ones_told" in caplog.text
