"""What a run waits for, as its card and the stream say it: rows made so that each other sentence would be false."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.lanes import CLASS, Lane
from app.models import Generation, Work, Worker
from app.models.waiting import waits
from app.settings import Settings
from app.storage.db import Database, now
from app.storage.queue import Queue
from app.web.live.live import Live
from tests.growing import Garden

WORKER = "waits for a worker: none is running"
STARTS = "waits for a worker that is starting"


def run(garden: Garden, work: Work, status: str = "queued", lane: Lane = Lane.LONG) -> Generation:
    """An open run of `work`."""
    begun = now() if status == "running" else None
    about: dict[str, Any] = {"verb": "create", "engine": "house", "seed": 1, "count": 1, "priority": lane * CLASS + 1}
    made = Generation(work=work, artist_id=garden.artist.id, status=status, started_at=begun, **about)
    garden.session.add(made)
    garden.session.flush()
    return made


def worker(garden: Garden, state: str) -> None:
    """One that lives."""
    garden.session.add(Worker(id=f"w-{state}", name="w", device="cpu", state=state))


def card(web: TestClient, id: UUID) -> str:
    """What the run's card says of its state."""
    answer = web.get(f"/generations/{id}", headers={"Accept": "text/html", "HX-Request": "true"})
    found = re.search(r'<span class="state">(.*?)</span>', answer.text, re.DOTALL)
    assert found, answer.text
    return unescape(" ".join(found[1].split()))


@pytest.mark.parametrize(
    ("states", "said"),
    [([], WORKER), (["gone"], WORKER), (["starting"], STARTS), (["starting", "idle"], "next in the queue")],
)
def test_a_run_waits_for_a_worker_only_where_none_is(web: TestClient, database: Database, states: list[str], said: str) -> None:
    with database.writing() as session:
        garden = Garden(session)
        for state in states:
            worker(garden, state)
        id = run(garden, garden.work).id
    assert card(web, id) == said


def test_the_card_says_which_run_is_made_before_it(web: TestClient, database: Database) -> None:
    with database.writing() as session:
        garden, far = Garden(session, "Fox"), Garden(session, "Secret")
        near = Work(project=garden.work.project, title="<b>Hare & {n}</b>", medium="image", words="")
        session.add(near)
        session.flush()
        worker(garden, "busy")
        first, second = run(garden, garden.work), run(garden, garden.work)
        quick = run(garden, garden.work, lane=Lane.QUICK)
    assert [card(web, one.id) for one in (first, second, quick)] == [
        "next in the queue",
        "number 2 in the queue",
        "next in the queue",
    ]
    near_id, far_id, own_id = near.id, far.work.id, garden.work.id
    said = {far_id: "a run of another project", near_id: "a run of “<b>Hare & {n}</b>”", own_id: "another run of this work"}
    for work, what in said.items():
        with database.writing() as session:
            session.execute(
                sa.update(Generation).where(Generation.id == first.id).values(status="running", work_id=work, started_at=now())
            )
            third = session.get_one(Generation, second.id)
            assert waits(session)[third.id].title == ("<b>Hare & {n}</b>" if work == near_id else "")
        assert card(web, second.id) == f"next in the queue; now: {what}"
        assert card(web, quick.id) == "next in the queue"  # what runs is of another lane
    with database.writing() as session:
        fourth = run(Garden(session), session.get_one(Work, own_id))
    assert card(web, fourth.id) == "number 2 in the queue; now: another run of this work"


def test_the_stream_tells_it_as_it_changes(config: Settings, database: Database) -> None:
    with database.writing() as session:
        garden = Garden(session)
        id, work = run(garden, garden.work).id, garden.work.id
    queue = Queue(config)
    live = Live(database, queue)

    async def listen() -> list[tuple[str, str]]:
        words, heard = live.words(work=work), []
        for change in (("worker", "idle"), ("run", "running"), ("none", "")):
            word = await asyncio.wait_for(anext(words), 30)
            assert word is not None
            assert word.generation == id or word.data["status"] == "running"
            heard.append((word.data["waits"], word.data["going"]))
            with database.writing() as session:
                one = Garden(session)
                if change[0] == "worker":
                    worker(one, change[1])
                elif change[0] == "run":
                    run(one, one.work, "running")
            live.poke()
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        return heard

    assert asyncio.run(listen()) == [("worker", ""), ("turn", ""), ("turn", "other")]
    queue.close()
