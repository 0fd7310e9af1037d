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

from app.models import Generation
from app.settings import Settings
from app.storage.db import Database, now, uuid7
from app.storage.queue import Queue
from app.web.live.live import Live, Run
from app.web.live.reader import PENDING, Reader
from app.web.live.word import Word, merged


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


async def next_word(words: AsyncIterator[Word | None]) -> Word:
    """The next word, within a time that no healthy stream needs."""
    word = await asyncio.wait_for(anext(words), 30)
    assert word is not None
    return word


def test_the_present_comes_first_then_each_change_once(web: TestClient, live: Live, database: Database, work: str) -> None:
    first, second = ask(web, work), ask(web, work)

    async def listen() -> list[Word]:
        words = live.words(work=UUID(work))
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
        words = live.words(work=UUID(work), since=before)
        heard = await next_word(words)
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        return heard

    assert asyncio.run(first_since()).name == "cancelled"
    assert live._look(Generation.work_id == UUID(work), now()) == []


def test_a_poke_is_heard_at_once(web: TestClient, live: Live, work: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing going on the rows are looked at rarely; a request of this process is not left waiting for that."""
    monkeypatch.setattr("app.web.live.live.CALM", 30.0)

    async def listen() -> float:
        words = live.words(work=UUID(work))
        waiting = asyncio.ensure_future(anext(words))
        while not live._readers:  # noqa: ASYNC110 (there is no event for "somebody waits")
            await asyncio.sleep(0.01)
        await asyncio.to_thread(ask, web, work)
        began = time.monotonic()
        live.poke()
        word = await asyncio.wait_for(waiting, 10)
        assert word is not None
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
    monkeypatch.setattr("app.web.live.live.CALM", 0.05)
    monkeypatch.setattr(database, "reading", reading)

    async def listen() -> Word:
        words = live.words(work=UUID(work))
        heard = await next_word(words)
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        return heard

    assert asyncio.run(listen()).generation == id
    assert away == []


def test_a_reader_that_leaves_is_forgotten(web: TestClient, live: Live, work: str) -> None:
    ask(web, work)

    async def listen() -> None:
        words = live.words(work=UUID(work))
        await next_word(words)
        assert list(live._readers) == [UUID(work)]
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        assert not live._readers
        watcher = live._watcher
        assert watcher is not None
        await asyncio.wait_for(watcher, 10)  # nobody listens, so nobody looks

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
    said: list[Word] = []
    monkeypatch.setattr(live, "_tell", said.append)
    run = Run(work=UUID(int=2))
    asyncio.run(live._follow(UUID(int=1), run))
    assert [word.data["step"] for word in said] == [0, 1, 2, 3, 4]
    assert [entry["step"] for entry in run.so_far] == [0, 4]  # what one who comes now is told


def test_a_run_that_the_queue_has_not_heard_of_is_followed_from_its_first_word_on(config: Settings, live: Live) -> None:
    """A row is there before its workflow; who follows it already hears all of it."""
    id = uuid7()
    assert live.queue.told(id) == ([], False)


def test_readers_share_one_look_and_one_ear_for_each_run(
    web: TestClient, live: Live, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = ask(web, work)
    looks, ears, real = list[object](), list[UUID](), live._look

    async def progress(run: UUID, offset: int = 0) -> AsyncIterator[list[dict[str, Any]]]:
        ears.append(run)
        yield [{"attempt": 1, "step": 0, "at": 1.0}]
        yield [{"attempt": 1, "step": 1, "at": 2.0}]
        await asyncio.sleep(60)

    def look(chosen: Any, *given: Any) -> Any:
        looks.append(chosen)
        return real(chosen, *given)

    monkeypatch.setattr(live.queue, "progress", progress)
    monkeypatch.setattr(live, "_look", look)

    async def listen() -> list[list[tuple[str, Any]]]:
        streams = [live.words(work=UUID(work)) for _each in range(20)]
        heard = [[await next_word(words) for _word in range(3)] for words in streams[:10]]
        heard += [[await next_word(words) for _word in range(3)] for words in streams[10:]]  # who come later hear all of it
        for words in streams:
            await words.aclose()  # type: ignore[attr-defined]  # a generator
        return [[(word.name, word.data.get("step")) for word in one] for one in heard]

    assert asyncio.run(listen()) == [[("state", None), ("step", 0), ("step", 1)]] * 20
    assert ears == [id]
    assert len(looks) < 20 + 20  # one for each who comes, and few for all of them together


def test_who_takes_nothing_is_let_go_and_holds_little_until_then() -> None:
    reader = Reader(UUID(int=1), now())
    for step in range(PENDING):
        reader.tell(Word("step", UUID(int=1), UUID(int=2), {"step": step, "previews": ["data:"]}))
    pending = list(reader._pending)
    assert [word.data["step"] for word in pending if "previews" in word.data] == [PENDING - 1]
    assert not reader.over
    reader.tell(Word("step", UUID(int=1), UUID(int=2), {"step": PENDING}))
    assert reader.over
    assert asyncio.run(reader.next()) is None


def test_a_web_that_stops_ends_its_streams(web: TestClient, live: Live, work: str) -> None:
    ask(web, work)

    async def listen() -> list[str]:
        heard = []
        async for word in live.words(work=UUID(work)):
            heard.append(word.name if word else "")
            live.close()
        return heard + [word.name if word else "" async for word in live.words(work=UUID(work))]

    assert asyncio.run(asyncio.wait_for(listen(), 30)) == ["state"]
