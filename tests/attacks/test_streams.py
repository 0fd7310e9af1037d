"""Streams: five hundred at once and fifty artists, a web that starts again, a run that the queue has not heard of yet."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import pytest

from app.models import Generation
from app.models.artist import local_artist
from app.settings import Settings
from app.storage.db import Database
from tests.attacks.lines import Holdings
from tests.running import Running, until

STREAMS, WORKS, ARTISTS = 500, 25, 50
RETRY = 1.0  # seconds, as the stream says
LAST = {"done", "failed", "cancelled"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Web and worker, with engines of a known pace."""
    studio = Running(tmp_path_factory.mktemp("streams"), {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0"})
    try:
        studio.start()
        studio.wait_for_worker()
        yield studio
    finally:
        studio.stop()


def test_a_run_that_the_queue_has_not_heard_of_is_seen_from_its_beginning(running: Running) -> None:
    """As after a web that died between a row and its queue: the sweep tells the queue, and the page sees the previews."""
    work = running.work()
    database = Database(Settings(data=running.data, database=""))
    heard: list[tuple[str, dict[str, Any]]] = []

    def listen() -> None:
        for name, data in running.events(f"/works/{work}/events"):
            heard.append((name, data))
            if name in LAST:
                return

    page = threading.Thread(target=listen, daemon=True)
    page.start()
    with database.writing() as session:
        artist = local_artist(session)
        brief = {"intent": "a fox", "style": "", "technique": "", "materials": [], "criteria": [], "avoid": ""}
        wish = {"engine": "fake-slow", "params": {"steps": 12, "seconds": 0.15}, "brief_data": brief, "seed": 1, "count": 2}
        session.add(Generation(work_id=UUID(work), artist_id=artist.id, verb="create", stopped=[], **wish))
    database.close()
    page.join(90)
    assert heard, "nothing was heard"
    assert (heard[0][0], heard[0][1]["status"]) == ("state", "queued")
    assert heard[-1][0] == "done"
    previews = [data for name, data in heard if name == "step" and data.get("previews")]
    assert len(previews) >= 3
    assert "Traceback" not in running.log.read_text()


@dataclass
class Page:
    """One stream, held as a browser holds it: what ends is opened again, and says since when."""

    port: int
    work: str
    heard: list[tuple[str, str]] = field(default_factory=list)  # (name, generation)
    opened: int = 0
    open: bool = False
    since: float = field(default_factory=time.time)

    async def live(self) -> None:
        """Listen until cancelled."""
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                async for name, data in self.events():
                    self.heard.append((name, data["generation"]))
            self.open = False
            await asyncio.sleep(RETRY)

    async def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """The events of one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        try:
            path = f"/works/{self.work}/events?since={self.since}"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            self.opened += 1
            self.open = True
            name = ""
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    name = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    yield name, json.loads(line[6:])
        finally:
            writer.close()


async def seen(true: Callable[[], bool], seconds: float) -> None:
    """Wait until it is so. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (pages are of another process, which knows no event of ours)
            await asyncio.sleep(0.1)


async def ended(pages: list[Page], generation: str, seconds: float) -> None:
    """Wait until each of `pages` heard that it was done."""
    await seen(lambda: all(("done", generation) in page.heard for page in pages), seconds)


async def opened(pages: list[Page], times: int, seconds: float) -> None:
    """Wait until each of `pages` was opened so often, and is open."""
    await seen(lambda: all(page.open and page.opened >= times for page in pages), seconds)


async def create(http: httpx2.AsyncClient, number: int) -> list[int]:
    """What an artist does: a project, a work, a draft that is saved and saved again, looking around; the statuses."""
    answers = [await http.post("/projects", json={"name": f"Artist {number}"})]
    project = answers[0].json()["id"]
    answers.append(await http.post(f"/projects/{project}/works", json={"title": "Work", "medium": "image"}))
    work, version = answers[1].json()["id"], 1
    for turn in range(3):
        saved = await http.put(f"/works/{work}/draft", json={"version": version, "brief": {"intent": f"turn {turn}"}})
        version = saved.json()["version"]
        looked = [await http.get(path) for path in ("/projects", f"/projects/{project}/works", f"/works/{work}/lineage")]
        answers += [saved, *looked]
    return [answer.status_code for answer in answers]


def test_five_hundred_streams_and_fifty_artists(running: Running) -> None:
    works = [running.work(f"Work {number}") for number in range(WORKS)]
    pages = [Page(running.port, works[number % WORKS]) for number in range(STREAMS)]
    followers = [page for page in pages if page.work == works[0]]
    quiet = Holdings(running.processes["serve"].pid).sockets

    async def crowd() -> None:
        listening = [asyncio.create_task(page.live()) for page in pages]
        await opened(pages, 1, 60)
        threads = Holdings(running.processes["serve"].pid).threads
        assert threads < 60  # streams hold none
        limits = httpx2.Limits(max_connections=ARTISTS)
        async with httpx2.AsyncClient(base_url=running.url, timeout=60, limits=limits) as http:
            wish = {"brief": {"intent": "a fox"}, "engine": "fake-slow", "params": {"steps": 8, "seconds": 0.1}, "count": 2}
            asked = await http.post(f"/works/{works[0]}/generations", json=wish)
            for statuses in await asyncio.gather(*(create(http, number) for number in range(ARTISTS))):
                assert max(statuses) < 300, statuses
            await ended(followers, asked.json()["id"], 60)
            assert not [page for page in pages if page not in followers and page.heard]  # others hear nothing of it
            asked = await http.post(f"/works/{works[0]}/generations", json=wish)
        await asyncio.to_thread(again)
        await opened(pages, 2, 60)
        await ended(followers, asked.json()["id"], 60)  # whether it ended before, while nobody was there, or after
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)

    def again() -> None:
        running.kill("serve")
        running.start("serve")

    asyncio.run(crowd())
    holdings = Holdings(running.processes["serve"].pid)
    until(lambda: holdings.sockets <= quiet, 30, "streams whose pages are gone")
    assert "Traceback" not in running.log.read_text()


def test_a_web_that_is_told_to_stop_ends_its_streams_and_goes(running: Running) -> None:
    work = running.work()
    pages = [Page(running.port, work) for _each in range(20)]

    async def watch() -> None:
        listening = [asyncio.create_task(page.live()) for page in pages]
        await opened(pages, 1, 30)
        running.processes["serve"].terminate()
        await asyncio.to_thread(running.processes["serve"].wait, 30)
        await seen(lambda: not any(page.open for page in pages), 30)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)

    before = running.log.stat().st_size
    asyncio.run(watch())
    said = running.log.read_bytes()[before:].decode()
    assert "Traceback" not in said
    assert "Cancel" not in said  # uvicorn's word for what it had to break off
