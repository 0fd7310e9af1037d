"""Bodies: read whole, at a least pace, counted as they come, on disk beyond a megabyte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.settings import Settings
from app.web import bodies
from app.web.bodies import HELD, Bodies, Body

MOST = 3 * HELD
Client = Callable[[], AsyncIterator[Message]]


def part(data: bytes, more: bool = True) -> Message:
    """A piece of a body."""
    return {"type": "http.request", "body": data, "more_body": more}


def asked(client: Client, config: Settings, **headers: str) -> tuple[bytes | None, list[Message]]:
    """What the application behind `Bodies` read (None: it was not asked), and what was answered."""
    heard: list[bytes] = []
    said: list[Message] = []
    pieces = client()

    async def receive() -> Message:
        async for message in pieces:
            return message
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        said.append(message)

    async def application(_scope: Scope, receive: Receive, _send: Send) -> None:
        more = True
        heard.append(b"")
        while more:
            message = await receive()
            heard[0] += message["body"]
            more = message["more_body"]

    names = {"transfer-encoding": "chunked", "content-type": "application/json"} | headers
    raw = [(name.encode(), value.encode()) for name, value in names.items()]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/projects", "headers": raw, "query_string": b""}
    asyncio.run(asyncio.wait_for(Bodies(application, config, MOST)(scope, receive, send), 60))
    return (heard[0] if heard else None), said


def status(said: list[Message]) -> int | None:
    """Of what was answered."""
    return said[0]["status"] if said else None


@pytest.fixture
def quick(config: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Patience that a test can wait for."""
    monkeypatch.setattr(bodies, "GRACE", 0.5)
    monkeypatch.setattr(bodies, "PACE", 2_000)
    monkeypatch.setattr("app.web.guard.IDLE", 0.1)
    return config.model_copy(update={"silence": 0.4})


def test_a_long_body_arrives_as_it_was_and_lies_on_disk_meanwhile(config: Settings) -> None:
    whole = bytes(range(256)) * (HELD // 100)

    async def client() -> AsyncIterator[Message]:
        for at in range(0, len(whole), 50_000):
            yield part(whole[at : at + 50_000])
        yield part(b"", more=False)

    read, said = asked(client, config)
    assert (read == whole, said) == (True, [])

    async def kept() -> tuple[int, bool]:
        body = Body()
        for at in range(0, len(whole), 50_000):
            await body.add(whole[at : at + 50_000])
        assert body._file is not None
        held, file = len(body._held), body._file
        body.close()
        return held, file.closed

    held, closed = asyncio.run(kept())
    assert held <= HELD
    assert closed


def test_a_slow_line_that_keeps_its_pace_arrives(quick: Settings) -> None:
    """Longer than the grace: each piece gives it more time."""

    async def client() -> AsyncIterator[Message]:
        for _each in range(15):
            await asyncio.sleep(0.1)
            yield part(b"x" * 1_000)
        yield part(b"", more=False)

    read, _said = asked(client, quick)
    assert read == b"x" * 15_000


@pytest.mark.parametrize("pause", [0.1, 10.0])
def test_what_trickles_or_stops_is_given_up(quick: Settings, pause: float) -> None:
    async def client() -> AsyncIterator[Message]:
        while True:
            yield part(b"x")
            await asyncio.sleep(pause)

    read, said = asked(client, quick)
    assert (read, status(said)) == (None, 408)
    assert (b"connection", b"close") in said[0]["headers"]
    assert b"did not arrive in time" in said[1]["body"]


@pytest.mark.parametrize("headers", [{}, {"content-length": str(MOST + 1)}])
def test_what_is_too_large_is_refused_as_soon_as_that_is_known(config: Settings, headers: dict[str, str]) -> None:
    read_before_the_answer: list[int] = []

    async def client() -> AsyncIterator[Message]:
        for number in range(100):
            read_before_the_answer.append(number)
            yield part(b"x" * 100_000)
        yield part(b"", more=False)

    read, said = asked(client, config, **headers)
    assert (read, status(said)) == (None, 413)
    assert said[-1] == {"type": "http.response.body", "body": b""}  # only after what was still coming


def test_a_client_that_hangs_up_is_not_answered(config: Settings) -> None:
    async def client() -> AsyncIterator[Message]:
        yield part(b"half")
        yield {"type": "http.disconnect"}

    assert asked(client, config) == (None, [])


def test_a_request_without_a_body_is_handed_on_as_it_is(config: Settings) -> None:
    seen: list[Receive] = []

    async def receive() -> Message:
        raise AssertionError

    async def send(_message: Message) -> None:
        raise AssertionError

    async def application(_scope: Scope, receive: Receive, _send: Send) -> None:
        seen.append(receive)

    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "headers": [(b"content-length", b"0")]}
    asyncio.run(Bodies(application, config, MOST)(scope, receive, send))
    assert seen == [receive]
