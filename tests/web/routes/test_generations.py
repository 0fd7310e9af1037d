"""Generations over HTTP: accepted once, listed, paged, cancelled, and kept when the queue is away."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.models import Generation
from app.requests.outbox import PRESENCE, SETTLING, reconcile
from app.settings import Settings
from app.storage.db import Database, now
from app.storage.queue import Queue, migrate_queue
from app.storage.store import Store
from app.worker.liveness import Liveness
from app.worker.sweep import Sweep

BRIEF = {"intent": "a red fox"}


def ask(web: TestClient, work: str, **fields: Any) -> dict[str, Any]:
    """Ask, insist that it was accepted."""
    answer = web.post(f"/works/{work}/generations", json={"brief": BRIEF, "engine": "fake-slow"} | fields)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


@pytest.fixture
def queue(config: Settings) -> Iterator[Queue]:
    """The same queue, from behind."""
    opened = Queue(config)
    yield opened
    opened.close()


def older(database: Database, by: timedelta, **ended: Any) -> None:
    """Make every generation older than it is."""
    with database.writing() as session:
        for row in session.query(Generation):
            row.created_at -= by
            for name, value in ended.items():
                setattr(row, name, value)


def test_what_was_accepted_says_where_it_is_and_what_will_be_made(web: TestClient, queue: Queue, work: str) -> None:
    answer = web.post(f"/works/{work}/generations", json={"brief": BRIEF, "engine": "fake-slow", "seed": 5, "count": 3})
    made = answer.json()
    assert answer.headers["location"] == f"/generations/{made['id']}"
    assert web.get(answer.headers["location"]).json() == made
    assert (made["status"], made["position"], made["seed"], made["count"], made["variants"]) == ("queued", 0, 5, 3, [])
    assert (made["attempt"], made["step"], made["error"], made["work"]) == (0, None, None, work)
    assert queue.known([UUID(made["id"])]) == {UUID(made["id"]): "ENQUEUED"}


def test_one_key_in_one_instant_is_one_generation(web: TestClient, database: Database, work: str) -> None:
    barrier, answers = threading.Barrier(4), []

    def post() -> None:
        barrier.wait()
        body = {"brief": BRIEF, "engine": "fake-slow"}
        answers.append(web.post(f"/works/{work}/generations", json=body, headers={"Idempotency-Key": "once"}))

    threads = [threading.Thread(target=post) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [202] * 4
    assert len({answer.json()["id"] for answer in answers}) == 1
    with database.reading() as session:
        assert session.query(Generation).count() == 1


def test_a_key_of_another_work_is_a_conflict(web: TestClient, project: str, work: str) -> None:
    other = web.post(f"/projects/{project}/works", json={"title": "Owl", "medium": "image"}).json()["id"]
    headers = {"Idempotency-Key": "once"}
    assert web.post(f"/works/{work}/generations", json={"brief": BRIEF}, headers=headers).status_code == 202
    assert web.post(f"/works/{other}/generations", json={"brief": BRIEF}, headers=headers).status_code == 409


def test_lists_page_by_key_and_filter_by_state(web: TestClient, work: str) -> None:
    ids = [ask(web, work, seed=n)["id"] for n in range(5)]
    web.post(f"/generations/{ids[1]}/cancellation")
    web.post(f"/generations/{ids[3]}/cancellation")
    for path in ("/generations", f"/works/{work}/generations"):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = web.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
            seen += [one["id"] for one in page["items"]]
            cursor = page["next"]
        assert seen == ids[::-1]
    waiting = web.get("/generations", params={"status": "queued"}).json()["items"]
    assert [one["id"] for one in waiting] == [ids[4], ids[2], ids[0]]
    both = web.get("/generations", params={"status": ["queued", "cancelled"], "work": work}).json()["items"]
    assert len(both) == 5
    assert web.get("/generations", params={"status": "asleep"}).status_code == 422
    assert web.get("/generations", params={"limit": 0}).status_code == 422
    assert web.get("/generations", params={"cursor": "x"}).status_code == 422


def test_positions_count_those_before_and_close_up(web: TestClient, work: str) -> None:
    ids = [ask(web, work)["id"] for _each in range(3)]
    assert [web.get(f"/generations/{id}").json()["position"] for id in ids] == [0, 1, 2]
    web.post(f"/generations/{ids[0]}/cancellation")
    assert [web.get(f"/generations/{id}").json()["position"] for id in ids] == [None, 0, 1]


def test_cancelling_takes_it_out_of_the_queue_once(web: TestClient, queue: Queue, work: str) -> None:
    id = ask(web, work)["id"]
    answer = web.post(f"/generations/{id}/cancellation")
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert answer.json()["finished_at"]
    assert queue.known([UUID(id)]) == {UUID(id): "CANCELLED"}
    again = web.post(f"/generations/{id}/cancellation")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("status", ["done", "failed"])
def test_what_has_ended_cannot_be_cancelled(web: TestClient, database: Database, work: str, status: str) -> None:
    id = ask(web, work)["id"]
    older(database, timedelta(0), status=status, finished_at=now())
    assert web.post(f"/generations/{id}/cancellation").status_code == 409
    assert web.get(f"/generations/{id}").json()["status"] == status


def test_a_work_in_the_trash_takes_no_requests(web: TestClient, work: str, project: str) -> None:
    web.post(f"/works/{work}/trash")
    assert web.post(f"/works/{work}/generations", json={"brief": BRIEF}).status_code == 409
    web.delete(f"/works/{work}/trash")
    web.post(f"/projects/{project}/trash")
    assert web.post(f"/works/{work}/generations", json={"brief": BRIEF}).status_code == 409


def test_anothers_generation_is_not_found(web: TestClient, database: Database, stranger: dict[str, str], work: str) -> None:
    id = ask(web, work)["id"]
    older(database, timedelta(0), work_id=UUID(stranger["work"]))
    for answer in (
        web.get(f"/generations/{id}"),
        web.get(f"/generations/{id}/events"),
        web.post(f"/generations/{id}/cancellation"),
    ):
        assert answer.status_code == 404
    assert web.get("/generations").json()["items"] == []


@contextmanager
def corrupted(config: Settings) -> Iterator[None]:
    """The queue's file holds garbage for a while."""
    for tail in ("-wal", "-shm"):
        (config.data / f"engine.sqlite{tail}").unlink(missing_ok=True)
    whole = config.data / "engine.sqlite"
    shutil.move(whole, config.data / "aside")
    whole.write_bytes(b"this is no database" * 1000)
    yield
    for tail in ("", "-wal", "-shm"):
        (config.data / f"engine.sqlite{tail}").unlink(missing_ok=True)
    shutil.move(config.data / "aside", whole)


@contextmanager
def gone(config: Settings) -> Iterator[None]:
    """The queue's file is lost, and comes back empty."""
    for tail in ("", "-wal", "-shm"):
        (config.data / f"engine.sqlite{tail}").unlink(missing_ok=True)
    (config.data / "engine.sqlite").mkdir()
    yield
    (config.data / "engine.sqlite").rmdir()
    migrate_queue(config)


@pytest.mark.parametrize("away", [corrupted, gone])
def test_a_request_is_kept_while_the_queue_is_away_and_told_to_it_later(
    web: TestClient, config: Settings, database: Database, work: str, away: Callable[[Settings], Any]
) -> None:
    before = ask(web, work)["id"]
    web.app.state.studio.queue.close()  # type: ignore[attr-defined]  # the application behind the client
    with away(config):
        kept = ask(web, work)
        assert (kept["status"], kept["position"]) == ("queued", 1)
        assert web.post(f"/generations/{before}/cancellation").status_code == 202
        web.app.state.studio.queue.close()  # type: ignore[attr-defined]  # as above
    older(database, 2 * SETTLING)
    queue = Queue(config)
    assert reconcile(database, queue) == 1
    assert reconcile(database, queue) == 0
    states = queue.known([UUID(before), UUID(kept["id"])])
    queue.close()
    assert states[UUID(kept["id"])] == "ENQUEUED"
    assert states.get(UUID(before)) in {"CANCELLED", None}


def test_a_request_that_is_on_its_way_is_left_alone(web: TestClient, database: Database, queue: Queue, work: str) -> None:
    id = UUID(ask(web, work)["id"])
    queue.forget([id])
    assert reconcile(database, queue) == 0
    older(database, 2 * SETTLING)
    assert reconcile(database, queue) == 1
    assert queue.known([id]) == {id: "ENQUEUED"}


def test_a_workflow_that_ended_while_its_row_is_open_runs_again(
    web: TestClient, database: Database, queue: Queue, work: str
) -> None:
    id = UUID(ask(web, work)["id"])
    queue.cancel(id)
    older(database, 2 * SETTLING)
    assert reconcile(database, queue) == 1
    assert queue.known([id]) == {id: "ENQUEUED"}


def test_the_queue_forgets_what_ended_a_while_ago(
    web: TestClient, config: Settings, database: Database, queue: Queue, work: str
) -> None:
    id = UUID(ask(web, work)["id"])
    sweep = Sweep("test", database, queue, Store(config.data), Liveness(config))
    older(database, timedelta(0), status="done", finished_at=now())
    sweep.forget_ended()
    assert id in queue.known([id])
    older(database, timedelta(0), status="done", finished_at=now() - 2 * PRESENCE)
    sweep.forget_ended()
    assert queue.known([id]) == {}


def test_a_locked_queue_keeps_the_request_too(web: TestClient, config: Settings, work: str, database: Database) -> None:
    """A writer that holds the queue's file: the artist waits for it no longer than a moment."""
    ask(web, work)
    holder = sqlite3.connect(config.data / "engine.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    began = now()
    try:
        kept = ask(web, work)
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert kept["status"] == "queued"
    assert now() - began < timedelta(seconds=10)
    older(database, 2 * SETTLING)
    queue = Queue(config)
    reconcile(database, queue)
    assert UUID(kept["id"]) in queue.known([UUID(kept["id"])])
    queue.close()
