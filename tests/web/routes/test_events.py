"""Server-sent events of a running studio: the present first, then steps, then the end; of this work and no other."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.errors import NotFoundError
from app.models import Artist, Generation, Project, Status, Work
from app.settings import Settings
from app.storage.db import Database
from app.web.deps import Transactions
from app.web.live.word import Word
from app.web.routes import events
from tests.running import Running, until


def slow(studio: Running, work: str, steps: int = 8, seconds: float = 0.15) -> str:
    """A generation whose steps take a known time; its id."""
    return str(studio.ask(work, engine="fake-slow", params={"steps": steps, "seconds": seconds}, count=2)["id"])


def listen(studio: Running, path: str, last: str) -> list[tuple[str, dict[str, Any]]]:
    """Every event until generation `last` has ended."""
    heard = []
    for name, data in studio.events(path):
        heard.append((name, data))
        if name in {"done", "failed", "cancelled"} and data["generation"] == last:
            break
    return heard


def test_a_page_hears_the_present_then_the_steps_then_the_variants(studio: Running) -> None:
    work = studio.work()
    id = slow(studio, work)
    heard = listen(studio, f"/works/{work}/events", id)
    names = [name for name, _data in heard]
    assert (names[0], names[-1]) == ("state", "done")
    assert names.count("step") >= 3
    assert "html" in heard[0][1]
    steps = [data["step"] for name, data in heard if name == "step"]
    assert steps == sorted(steps)
    assert any(data.get("previews") for name, data in heard if name == "step")
    assert heard[-1][1]["html"].count("/content") >= 2  # the finished variants, ready to be put in place


def test_who_comes_in_the_middle_hears_how_far_it_is(studio: Running) -> None:
    work = studio.work()
    id = slow(studio, work, steps=12)
    until(lambda: (studio.generation(id)["step"] or 0) >= 3, 60, "some steps")
    heard = listen(studio, f"/works/{work}/events", id)
    assert (heard[0][0], heard[0][1]["status"]) == ("state", "running")
    assert heard[-1][0] == "done"


def test_who_comes_back_hears_what_ended_meanwhile_and_others_do_not(studio: Running) -> None:
    work = studio.work()
    left = time.time()
    id = slow(studio, work, steps=1, seconds=0.0)
    studio.wait(id)
    name, data = next(studio.events(f"/works/{work}/events?since={left}"))
    assert (name, data["generation"]) == ("done", id)
    other = slow(studio, work, steps=2)
    heard = listen(studio, f"/works/{work}/events", other)  # without `since` the past stays the past
    assert {data["generation"] for _name, data in heard} == {other}


def test_another_works_events_are_not_heard(studio: Running) -> None:
    here, there = studio.work(), studio.work()
    first = slow(studio, there, steps=3)
    second = slow(studio, here, steps=3)
    heard = listen(studio, f"/works/{here}/events", second)
    assert {data["generation"] for _name, data in heard} == {second}
    assert studio.wait(first)["status"] == "done"


def test_a_programs_stream_ends_with_the_last_word(studio: Running) -> None:
    work = studio.work()
    id = slow(studio, work, steps=4)
    heard = list(studio.events(f"/generations/{id}/events"))  # ends by itself
    assert heard[-1][0] == "done"
    assert all("html" not in data and "previews" not in data for _name, data in heard)
    late = list(studio.events(f"/generations/{id}/events"))
    assert [name for name, _data in late] == ["done"]
    broken = studio.ask(work, engine="fake-broken", params={"steps": 2, "seconds": 0.0})["id"]
    assert list(studio.events(f"/generations/{broken}/events"))[-1][0] == "failed"
    cancelled = slow(studio, work, steps=50)
    assert studio.http.post(f"/generations/{cancelled}/cancellation").status_code == 202
    assert list(studio.events(f"/generations/{cancelled}/events"))[-1][0] == "cancelled"


def test_a_cancelled_run_leaves_no_traceback(studio: Running) -> None:
    work = studio.work()
    before = studio.log.read_text().count("DBOSAwaitedWorkflowCancelledError")
    id = slow(studio, work, steps=60)
    until(lambda: (studio.generation(id)["step"] or 0) >= 1, 60, "a step")
    studio.http.post(f"/generations/{id}/cancellation")
    behind = slow(studio, work, steps=1)
    studio.wait(behind)
    assert studio.log.read_text().count("DBOSAwaitedWorkflowCancelledError") == before


def given_away(studio: Running, work: str) -> None:
    """Make the work somebody else's: its project hangs with another artist from now on."""
    database = Database(Settings(data=studio.data, database=""))
    with database.writing() as session:
        other = Artist(name=f"other {uuid4()}")
        session.add(other)
        session.flush()
        project = session.get_one(Work, UUID(work)).project_id
        session.execute(sa.update(Project).where(Project.id == project).values(owner_id=other.id))
    database.close()


def test_who_may_see_no_more_hears_no_more(studio: Running) -> None:
    """Silent streams and busy ones, of a page and of a program: each says so and ends, and what comes next is not there."""
    mine = studio.http.post("/projects", json={"name": "Shared once"}).json()["id"]
    work = str(studio.http.post(f"/projects/{mine}/works", json={"title": "Fox", "medium": "image"}).json()["id"])
    silent = str(studio.http.post(f"/projects/{mine}/works", json={"title": "Owl", "medium": "image"}).json()["id"])
    id = slow(studio, work, steps=400, seconds=0.1)
    heard: dict[str, list[str]] = {path: [] for path in (f"/works/{work}", f"/works/{silent}", f"/generations/{id}")}

    def listen(path: str) -> None:
        heard[path] += (name for name, _data in studio.events(f"{path}/events"))

    listeners = [threading.Thread(target=listen, args=(path,), daemon=True) for path in heard]
    for one in listeners:
        one.start()
    until(lambda: heard[f"/works/{work}"] and heard[f"/generations/{id}"], 60, "the first words")
    given_away(studio, work)
    for one in listeners:
        one.join(40)  # it is 10 seconds, and this machine may be busy
    assert [names[-1:] for names in heard.values()] == [["gone"]] * 3, heard
    assert [studio.http.get(f"{path}/events").status_code for path in heard] == [404] * 3
    database = Database(Settings(data=studio.data, database=""))
    with database.writing() as session:  # the others of this session need the worker
        session.get_one(Generation, UUID(id)).end(Status.CANCELLED)
    database.close()


@pytest.mark.kill
def test_a_new_attempt_is_told_and_the_steps_begin_again(tmp_path: Path) -> None:
    running = Running(tmp_path, {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0"})
    running.start()
    try:
        work = running.work()
        id = slow(running, work, steps=12, seconds=0.1)
        heard: list[tuple[str, dict[str, Any]]] = []
        for name, data in running.events(f"/works/{work}/events"):
            heard.append((name, data))
            if name == "step" and data["step"] >= 4 and data["attempt"] == 1 and running.processes["worker"].poll() is None:
                running.kill("worker")
                running.start("worker")
            if name == "done":
                break
        attempts = [data["attempt"] for name, data in heard if name == "step"]
        assert set(attempts) == {1, 2}
        assert attempts == sorted(attempts)
        second = [data["step"] for name, data in heard if name == "step" and data["attempt"] == 2]
        assert (second[0], second == sorted(second)) == (0, True)
        assert any(name == "state" and data["attempt"] == 2 for name, data in heard)
        assert running.generation(id)["attempt"] == 2
    finally:
        running.stop()


def test_a_run_that_may_be_seen_no_more_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks at who may hear, a word comes whose run its reader cannot see: the stream goes on to the next look,
    which says `gone`. It ended without a word, and a page took it for a lost line.
    """
    monkeypatch.setattr(events, "ASKED_AGAIN", 0.0)
    allowed = [True]

    async def said() -> AsyncGenerator[Word | None]:
        for name in ("state", "done"):
            allowed.append(name == "state")
            yield Word(name, uuid4(), uuid4())

    async def draw(_word: Word) -> str:
        raise NotFoundError("not found")

    def asked(_transactions: object, _may: object) -> None:
        if not allowed[-1]:
            raise NotFoundError("not found")

    async def heard() -> list[str]:
        words = events._while_seen(said(), cast("Transactions", None), lambda _artist: None)
        return [told async for told in events._for_page(words, draw)]

    monkeypatch.setattr(events, "_asked", asked)
    assert asyncio.run(heard()) == ["retry: 1000\n\n", events.GONE]
