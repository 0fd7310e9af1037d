"""Live words without a worker: what a reader is told when rows change, and when the database is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.db import Database, now
from app.live import Live, Word, merged
from app.models import Generation
from app.queue import Queue
from app.settings import Settings


@pytest.fixture
def live(config: Settings, database: Database) -> Iterator[Live]:
    """The streams of a process."""
    queue = Queue(config)
    yield Live(database, queue)
    queue.close()


def ask(web: TestClient, work: str) -> UUID:
    """A generation that waits; its id."""
    body = {"brief": {"intent": "a fox"}, "engine": "fake-slow", "count": 2}
    return UUID(web.post(f"/works/{work}/generations", json=body).json()["id"])


async def next_word(words: AsyncIterator[Word]) -> Word:
    """The next word, within a time that no healthy stream needs."""
    return await asyncio.wait_for(anext(words), 10)


def test_the_present_comes_first_then_each_change_once(web: TestClient, live: Live, database: Database, work: str) -> None:
    first, second = ask(web, work), ask(web, work)

    async def listen() -> list[Word]:
        words = live.words(Generation.work_id == UUID(work))
        heard = [await next_word(words), await next_word(words)]
        await asyncio.to_thread(web.post, f"/generations/{first}/cancellation")
        live.poke()
        heard += [await next_word(words), await next_word(words)]
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        return heard

    heard = asyncio.run(listen())
    assert [(word.name, word.generation, word.data.get("position")) for word in heard] == [
        ("state", first, 0),
        ("state", second, 1),
        ("cancelled", first, None),
        ("state", second, 0),
    ]
    assert [word.last for word in heard] == [False, False, True, False]


def test_what_ended_before_is_told_to_those_who_ask_since(web: TestClient, live: Live, work: str) -> None:
    before = now()
    id = ask(web, work)
    web.post(f"/generations/{id}/cancellation")

    async def first_since() -> Word:
        words = live.words(Generation.work_id == UUID(work), before)
        heard = await next_word(words)
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        return heard

    assert asyncio.run(first_since()).name == "cancelled"
    assert live._look(Generation.work_id == UUID(work), now(), []) == []


def test_a_poke_is_heard_at_once(web: TestClient, live: Live, work: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing going on the rows are looked at rarely; a request of this process is not left waiting for that."""
    monkeypatch.setattr("app.live.CALM", 30.0)

    async def listen() -> float:
        words = live.words(Generation.work_id == UUID(work))
        waiting = asyncio.ensure_future(anext(words))
        while not live._waiting:  # noqa: ASYNC110 (there is no event for "somebody waits")
            await asyncio.sleep(0.01)
        await asyncio.to_thread(ask, web, work)
        began = time.monotonic()
        live.poke()
        word = await asyncio.wait_for(waiting, 10)
        assert word.name == "state"
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        return time.monotonic() - began

    assert asyncio.run(listen()) < 5


def test_a_database_that_is_away_ends_no_stream(
    web: TestClient, live: Live, database: Database, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = ask(web, work)
    real, away = database.reading, [True, True]

    def reading() -> Any:
        if away:
            away.pop()
            raise live_error
        return real()

    live_error = sa.exc.OperationalError("select", {}, Exception("away"))
    monkeypatch.setattr("app.live.CALM", 0.05)
    monkeypatch.setattr(database, "reading", reading)

    async def listen() -> Word:
        words = live.words(Generation.work_id == UUID(work))
        heard = await next_word(words)
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        return heard

    assert asyncio.run(listen()).generation == id
    assert away == []


def test_a_reader_that_leaves_is_forgotten(web: TestClient, live: Live, work: str) -> None:
    ask(web, work)

    async def listen() -> None:
        words = live.words(Generation.work_id == UUID(work))
        await next_word(words)
        assert len(live._waiting) == 1
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        assert not live._waiting

    asyncio.run(listen())
    live.poke()  # to nobody


def test_words_that_come_together_are_one_as_old_as_its_oldest() -> None:
    told: list[dict[str, Any]] = [
        {"attempt": 2, "step": 0, "at": 1.0},
        {"attempt": 1, "step": 3, "at": 0.5, "made": 0.4, "pieces": [{"index": 0, "start": 0, "text": "lost"}]},
        {"attempt": 2, "step": 1, "at": 2.0, "made": 1.9, "pieces": [{"index": 1, "start": 0, "text": "A"}]},
        {"attempt": 2, "step": 2, "at": 2.1, "made": 2.05, "pieces": [{"index": 1, "start": 1, "text": " b"}], "ended": [1]},
    ]
    first, rest = merged(told, 2)
    assert first == told[0]
    assert rest == {
        "attempt": 2,
        "step": 2,
        "at": 2.1,
        "made": 1.9,
        "pieces": [{"index": 1, "start": 0, "text": "A b"}],
        "ended": [1],
    }


def test_a_queue_that_was_away_goes_on_where_it_was(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told before is not told again: a page that heard it twice would see a run go back."""
    told = [{"attempt": 1, "step": step} for step in range(5)]
    away = [True]

    async def progress(_id: UUID, offset: int = 0) -> AsyncIterator[list[dict[str, Any]]]:
        for number in range(offset, len(told)):
            if number == 3 and away:
                away.clear()
                raise sa.exc.OperationalError("select", {}, Exception("database is locked"))
            yield [told[number]]

    monkeypatch.setattr(live.queue, "progress", progress)
    said: asyncio.Queue[Word] = asyncio.Queue()
    asyncio.run(live._follow(UUID(int=1), said))
    assert [said.get_nowait().data["step"] for _word in range(said.qsize())] == [0, 1, 2, 3, 4]
