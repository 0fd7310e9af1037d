"""A worker's functions on the real database: what it begins, tells, keeps, gives up; and who is alive."""

from __future__ import annotations

import logging
import multiprocessing
import platform
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from dbos._error import DBOSAwaitedWorkflowCancelledError, DBOSWorkflowCancelledError
from fastapi.testclient import TestClient

from app.engines.engine import Content, Step
from app.engines.fake import Fake
from app.lanes import Lane
from app.models import Generation, Revision, Worker
from app.models.artist import local_artist
from app.settings import Settings
from app.storage.changes import QUEUE, listening
from app.storage.db import Database, now
from app.storage.queue import Queue
from app.storage.store import Store
from app.web.live.word import merged
from app.web.observe import worth_telling
from app.worker import progress, run
from app.worker.liveness import Liveness
from app.worker.progress import Progress
from app.worker.run import begin, fail, patiently, release
from app.worker.save_results import Lost, finish
from app.worker.sweep import Sweep
from tests.hands import hands, row
from tests.running import until


class Odd(Fake):
    """Raises what nobody foresaw."""

    name = "odd"
    error: BaseException = KeyError("scheduler")

    def interrupt(self, number: int, total: int) -> None:  # noqa: ARG002 (the seam's signature)
        if number == 2:
            raise self.error


@pytest.fixture
def asked(web: TestClient, work: str) -> Callable[..., str]:
    """Asks for a generation; its id."""

    def ask(engine: str = "fake-slow", **fields: Any) -> str:
        body = {"brief": {"intent": "a fox"}, "engine": engine, "params": {"steps": 4, "seconds": 0.0}, "seed": 5, "count": 2}
        answer = web.post(f"/works/{work}/generations", json=body | fields)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    return ask


def test_a_run_from_its_row_to_its_revisions(
    config: Settings, web: TestClient, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, told = hands(config, monkeypatch)
    id = asked()
    assert worker.make(id) == "done"
    made = web.get(f"/generations/{id}").json()
    assert (made["status"], made["attempt"], made["step"], made["steps"]) == ("done", 1, 4, 4)
    assert [(v["seed"], v["number"], v["engine"], v["origin"]) for v in made["variants"]] == [
        (5, 1, "fake-slow", "engine"),
        (6, 2, "fake-slow", "engine"),
    ]
    assert (told[0]["step"], told[-1]["step"], told[-1]["steps"]) == (0, 4, 4)
    assert all(word["attempt"] == 1 for word in told)
    assert told[-1]["previews"][0].startswith("data:image/webp;base64,")
    for variant in made["variants"]:
        assert web.get(f"/revisions/{variant['id']}/content").content.startswith(b"\x89PNG")
    assert worker.make(id) == "nothing to do"  # handed over twice, it is done once


def test_done_twice_is_one_result(
    config: Settings, database: Database, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was given up for dead comes back with its result: it is dropped."""
    worker, _told = hands(config, monkeypatch)
    id = asked()
    first = begin(database, UUID(id), "one", 3)
    second = begin(database, UUID(id), "two", 3)
    assert first
    assert second
    assert (first.attempt, second.attempt) == (1, 2)
    engine = worker.engines["fake-slow"]
    contents = [Content(n, 5 + n, engine.bytes(5 + n), "image/png", 64, 64) for n in range(2)]  # type: ignore[attr-defined]  # a fake
    with pytest.raises(Lost):
        finish(database, worker.store, first, contents)
    finish(database, worker.store, second, contents)
    with pytest.raises(Lost):
        finish(database, worker.store, second, contents)
    with database.reading() as session:
        assert session.query(Revision).count() == 2


@pytest.mark.parametrize(
    "error",
    [
        KeyError("scheduler"),
        AttributeError("x"),
        NotImplementedError(),
        AssertionError("no"),
        TypeError("100% wrong"),
        StopIteration(),
    ],
)
def test_what_nobody_foresaw_fails_at_once_with_its_reason(
    config: Settings,
    web: TestClient,
    asked: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    error: Exception,
) -> None:
    odd = Odd()
    odd.error = error
    worker, _told = hands(config, monkeypatch, odd)
    id = asked()
    with database.writing() as session:
        session.execute(sa.text("update generations set engine = 'odd'"))
    assert worker.make(id) == "failed"
    made = web.get(f"/generations/{id}").json()
    assert (made["status"], made["attempt"], made["variants"]) == ("failed", 1, [])
    assert type(error).__name__ in made["error"]["message"] or "StopIteration" in made["error"]["message"]
    page = web.get(f"/works/{made['work']}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert web.get("/engine-room", headers={"Accept": "text/html"}).status_code == 200
    assert worker.make(asked(engine="fake-slow")) == "done"


def test_the_queues_signals_pass(
    config: Settings, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    """Cancelled or taken over: that is no failure of the run."""
    worker, _told = hands(config, monkeypatch)
    id = asked()

    def cancelled(_key: str, word: dict[str, Any]) -> None:
        if word["step"]:
            raise DBOSWorkflowCancelledError("cancelled")

    monkeypatch.setattr(progress, "APART", 0.0)
    monkeypatch.setattr("app.worker.main.DBOS.write_stream", cancelled)
    heard = listening(config, worker.taking._freed)
    with pytest.raises(DBOSWorkflowCancelledError):
        worker.make(id)
    assert row(database, id).status == "running"
    assert worker.running == {}
    assert QUEUE in heard.hear(0), "there is room for what waits"


def test_words_that_nobody_can_hear_do_not_cost_the_run(
    config: Settings, web: TestClient, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _told = hands(config, monkeypatch)

    def full(_key: str, _word: dict[str, Any]) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("database or disk is full"))

    monkeypatch.setattr("app.worker.main.DBOS.write_stream", full)
    id = asked()
    assert worker.make(id) == "done"
    assert len(web.get(f"/generations/{id}").json()["variants"]) == 2


def test_an_engine_that_this_worker_lacks_is_named(
    config: Settings, web: TestClient, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _told = hands(config, monkeypatch)
    del worker.engines["fake-slow"]
    id = asked()
    assert worker.make(id) == "failed"
    assert "does not have that engine" in web.get(f"/generations/{id}").json()["error"]["message"]


@pytest.mark.parametrize(("engine", "words"), [("fake-broken", "fails on purpose"), ("fake-garbage", "not a picture")])
def test_an_engine_that_fails_says_why_and_leaves_nothing(
    config: Settings, web: TestClient, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch, engine: str, words: str
) -> None:
    worker, _told = hands(config, monkeypatch)
    id = asked(engine)
    assert worker.make(id) == "failed"
    made = web.get(f"/generations/{id}").json()
    assert (made["status"], made["variants"]) == ("failed", [])
    assert words in made["error"]["message"]
    assert list(Store(config.data).addresses()) == []
    assert web.get(f"/works/{made['work']}").json()["revisions"] == 0


def test_cancelled_while_it_ran_leaves_nothing_to_record(
    config: Settings, web: TestClient, asked: Callable[..., str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _told = hands(config, monkeypatch)
    id = asked()
    taken = begin(database, UUID(id), worker.id, 3)
    assert taken
    assert web.post(f"/generations/{id}/cancellation").status_code == 202
    engine = Fake()
    with pytest.raises(Lost):
        finish(database, worker.store, taken, [Content(0, 5, engine.bytes(5), "image/png", 64, 64)])
    fail(database, taken, run.unforeseen(ValueError("late")))
    release(database, taken)
    assert (row(database, id).status, row(database, id).error) == ("cancelled", None)
    assert begin(database, UUID(id), worker.id, 3) is None


def test_given_up_after_as_many_deaths_as_are_allowed(database: Database, web: TestClient, asked: Callable[..., str]) -> None:
    id = asked()
    for attempt in (1, 2, 3):
        taken = begin(database, UUID(id), f"worker-{attempt}", 3)
        assert taken
        assert taken.attempt == attempt
    assert begin(database, UUID(id), "worker-4", 3) is None
    made = web.get(f"/generations/{id}").json()
    assert (made["status"], made["error"]["code"]) == ("failed", "worker-died")
    assert "3 times" in made["error"]["message"]


def test_a_run_given_back_counts_no_attempt(database: Database, asked: Callable[..., str]) -> None:
    id = asked()
    taken = begin(database, UUID(id), "one", 1)
    assert taken
    release(database, taken)
    assert (row(database, id).status, row(database, id).attempt, row(database, id).worker_id) == ("queued", 0, None)
    assert begin(database, UUID(id), "two", 1)


def test_steps_that_come_fast_are_told_together_and_the_last_always(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.2, 0.21, 0.22, 0.5, 0.51])
    monkeypatch.setattr(run.time, "monotonic", lambda: next(clock))
    told: list[dict[str, Any]] = []
    progress = Progress(told.append, 2)
    progress.begin(1)
    for number in range(1, 6):
        progress.step(Step(number, 5, (b"p",) if number == 2 else ()))
    assert [word["step"] for word in told] == [0, 1, 4, 5]
    assert [len(word.get("previews", [])) for word in told] == [0, 0, 1, 0]  # a preview waits for the next word
    assert all(word["attempt"] == 2 for word in told)


def test_an_engine_that_is_loaded_first_is_told_until_it_is_there() -> None:
    told: list[dict[str, Any]] = []
    progress = Progress(told.append, 1)
    progress.begin(1, loading=True)
    assert [word.get("loading") for word in merged(told, 1)] == [True]
    progress.begin(1)
    assert [word.get("loading") for word in merged(told, 1)] == [None]


def test_a_database_that_is_away_for_a_moment_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tries, slept = [], []
    monkeypatch.setattr(run.time, "sleep", slept.append)

    def do() -> None:
        tries.append(1)
        if len(tries) < 4:
            raise sa.exc.OperationalError("insert", {}, Exception("database is locked"))

    patiently(do)
    assert (len(tries), slept) == (4, [0.2, 0.4, 0.8])

    def wrong() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        patiently(wrong)


def test_a_cancel_is_no_traceback_in_the_log() -> None:
    def record(error: BaseException | None) -> logging.LogRecord:
        info = (type(error), error, None) if error else None
        return logging.LogRecord("dbos", logging.ERROR, "", 0, "Exception encountered in background workflow:", (), info)

    assert not worth_telling(record(DBOSAwaitedWorkflowCancelledError("x")))
    assert worth_telling(record(ValueError("x")))
    assert worth_telling(record(None))


def _live(config: Settings, id: str, pipe: Connection) -> None:
    """Another process that holds its lock until it is ended."""
    liveness = Liveness(config)  # the lock lives as long as this
    pipe.send(liveness.hold(id))
    pipe.recv()


@pytest.fixture
def neighbour(config: Settings) -> Iterator[multiprocessing.Process]:
    """A living process named "neighbour"."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_live, args=(config, "neighbour", there))
    process.start()
    assert here.recv() is True
    yield process  # type: ignore[misc]  # a SpawnProcess is one
    process.kill()
    process.join()


def test_a_process_that_was_killed_is_dead_and_one_that_waits_is_not(
    config: Settings, neighbour: multiprocessing.Process
) -> None:
    liveness = Liveness(config)
    assert not liveness.dead("neighbour")
    assert not liveness.hold("neighbour")
    neighbour.kill()
    neighbour.join()
    assert liveness.dead("neighbour")
    assert liveness.dead("never-was")
    liveness.bury("neighbour")
    assert liveness.hold("neighbour")
    assert liveness.hold("neighbour")  # what I hold I keep


def test_the_sweep_buries_the_dead_and_leaves_the_living(
    config: Settings, database: Database, neighbour: multiprocessing.Process
) -> None:
    with database.writing() as session:
        for id in ("neighbour", "corpse"):
            session.add(Worker(id=id, name=platform.node(), device="cpu", state="busy"))
    queue = Queue(config)
    Sweep("me", database, queue, Store(config.data, "me"), Liveness(config)).take_over()
    queue.close()
    with database.reading() as session:
        states = {worker.id: worker.state for worker in session.query(Worker)}
    assert states == {"neighbour": "busy", "corpse": "gone"}


@pytest.mark.postgres
def test_on_postgresql_the_dead_are_found_by_their_locks(
    postgres: Callable[[], str], config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Settings(data=config.data, database=postgres())
    monkeypatch.setattr("app.worker.liveness.SETTLE", 0.0)
    mine, other = Liveness(there), Liveness(there)
    assert mine.hold("one")
    assert mine.hold("one")
    assert not other.hold("one")
    assert not other.dead("one")
    assert other.dead("never-was")
    assert mine._connection is not None
    mine._connection.close()  # what the server sees when a process dies
    until(lambda: other.dead("one"), 30, "the server to let the lock go")  # it ends a session a moment after its client


def test_two_that_are_handed_over_for_one_place_are_made_one_after_the_other(
    config: Settings, database: Database, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue counts what it handed over a moment late; what was cancelled meanwhile is never begun."""
    worker, _told = hands(config, monkeypatch)
    first, second, cancelled = (asked(engine="fake-slow", params={"steps": 4, "seconds": 0.05}) for _ in range(3))
    place = worker.places[Lane.of(row(database, first).priority)]
    with place:
        threads = [threading.Thread(target=worker.make, args=(id,)) for id in (first, second, cancelled)]
        for thread in threads:
            thread.start()
        threads[0].join(0.5)
        assert {row(database, id).attempt for id in (first, second, cancelled)} == {0}
        with database.writing() as session:
            session.get_one(Generation, UUID(cancelled)).cancel(local_artist(session))
    for thread in threads:
        thread.join(60)
    one, other = sorted((row(database, id) for id in (first, second)), key=lambda made: made.started_at or now())
    assert (one.status, other.status, row(database, cancelled).attempt) == ("done", "done", 0)
    assert one.finished_at is not None
    assert other.started_at is not None
    assert one.finished_at <= other.started_at
