"""What happens to generations right now, as a stream of words for a page or a program.

The present state comes first, then steps as the worker tells them, and the end. Nothing here is kept: a reader that
comes back asks again, and the rows answer. However many listen, one look at the rows and one ear for each run serves them
all: nobody holds a thread or a connection while they wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from app.models.generation import OPEN, Generation
from app.models.waiting import Wait, waits
from app.storage.changes import Changes
from app.storage.db import Database, now
from app.storage.queue import Queue
from app.web.live.reader import Reader
from app.web.live.word import Word, merged, word_of

log = logging.getLogger(__name__)
BUSY, CALM = 0.1, 1.0  # seconds between looks at the rows, with and without an open generation
SURE = 5.0  # seconds between looks where SQLite says that nothing was written meanwhile
VERDICT = timedelta(seconds=5)  # after a generation's end in which what still comes is waited for as if it were open
NEXT = 4  # generations whose progress is followed before they run: those that are next in line


@dataclass(slots=True)
class Run:
    """A generation that is followed: what its worker told so far, as `merged` tells it to one who comes now."""

    work: UUID
    so_far: list[dict[str, Any]] = field(default_factory=list)
    ear: asyncio.Task[None] | None = None


class Live:
    """The streams of one web process. `poke()` wakes them when this process itself changed something."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self.database, self.queue = database, queue
        self._changes = Changes(database.settings.database_url)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._forget()

    def _forget(self) -> None:
        self._wake, self._looking = asyncio.Event(), asyncio.Lock()
        self._readers: dict[UUID, set[Reader]] = {}  # by their topic
        self._runs: dict[UUID, Run] = {}
        self._known: dict[UUID, Word] = {}  # what the rows said last
        self._seen: int | None = None
        self._looked = 0.0
        self._watcher: asyncio.Task[None] | None = None

    def _begin(self) -> None:
        """Serve the readers of the loop that runs; in a web process there is one."""
        if self._loop is not (loop := asyncio.get_running_loop()):
            self._loop = loop
            self._forget()

    def poke(self) -> None:
        """Look again now; callable from any thread."""
        self._call(self._wake.set)

    def close(self) -> None:
        """End every stream, for good; callable from any thread."""
        self._closed = True
        self._call(self._end)

    def _call(self, do: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(do)

    def _end(self) -> None:
        for reader in [reader for readers in self._readers.values() for reader in readers]:
            reader.end()

    async def words(
        self, *, work: UUID | None = None, generation: UUID | None = None, since: datetime | None = None
    ) -> AsyncGenerator[Word | None, None]:
        """What happens to the generations of `work`, or to `generation`: to those open, and those that ended after `since`
        (by default: now). None says that nothing happened for BEAT seconds.
        """
        self._begin()
        reader = Reader(work or generation or UUID(int=0), since or now())
        try:
            await self._introduce(reader, Generation.work_id == work if work else Generation.id == generation)
            while not self._closed:
                word = await reader.next()
                if word is None and reader.over:
                    return
                yield word
        finally:
            readers = self._readers.get(reader.topic, set())
            readers.discard(reader)
            if not readers:
                self._readers.pop(reader.topic, None)
            self._wake.set()

    async def _introduce(self, reader: Reader, chosen: sa.ColumnElement[bool]) -> None:
        """Tell `reader` the present; from here on it hears what the others hear."""
        words = None
        while words is None and not self._closed:
            async with self._looking:  # looks are told in their order
                words = await asyncio.to_thread(self._look, chosen, reader.since)
                for word in words or ():
                    reader.tell(word)
                    run = self._runs.get(word.generation)
                    for entry in run.so_far if run else ():
                        reader.tell(Word("step", word.generation, word.work, entry))
                if words is not None:
                    self._readers.setdefault(reader.topic, set()).add(reader)
                    self._note(words)
                    self._follow_these()
            if words is None:  # the database is away
                await asyncio.sleep(CALM)
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        """Look again and again, while anybody listens."""
        try:
            while self._readers:
                poked = self._wake.is_set()
                self._wake.clear()
                try:
                    await self._once(poked)
                except Exception:
                    log.exception("what happens to generations could not be told, and will be tried again")
                busy = any(word.ended is None or now() - word.ended < VERDICT for word in self._known.values())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BUSY if busy else CALM):
                        await self._wake.wait()
        finally:
            for run in self._runs.values():
                if run.ear is not None:
                    run.ear.cancel()
            self._runs.clear()
            self._changes.close()

    async def _once(self, poked: bool) -> None:
        """Tell what changed in the rows, and follow those that run."""
        version = self._changes.version()
        if version is not None and version == self._seen and not poked and time.monotonic() - self._looked < SURE:
            return
        async with self._looking:
            waited = [id for id, word in self._known.items() if word.ended is None or word.awaited]
            words = await asyncio.to_thread(self._look, sa.true(), now() - VERDICT, waited)
            if words is None:
                return
            self._seen, self._looked = version, time.monotonic()
            self._note(words)
            present = {word.generation for word in words}
            self._known = {id: word for id, word in self._known.items() if id in present}
        self._follow_these()

    def _note(self, words: Iterable[Word]) -> None:
        """Tell what is news."""
        for word in words:
            if self._known.get(word.generation) != word:
                self._known[word.generation] = word
                self._tell(word)

    def _listened(self, word: Word) -> list[Reader]:
        """Who listens to it."""
        return [*self._readers.get(word.work, ()), *self._readers.get(word.generation, ())]

    def _tell(self, word: Word) -> None:
        for reader in self._listened(word):
            reader.tell(word)

    def _follow_these(self) -> None:
        """Hear the runs that somebody listens to, and those that are next in line."""
        going = [word for word in self._known.values() if word.ended is None and self._listened(word)]
        works = {word.generation: word.work for word in going if word.data.get("position", 0) < NEXT}
        for id in set(self._runs) - set(works):
            run = self._runs.pop(id)
            if run.ear is not None:
                run.ear.cancel()
        for id, work in works.items():
            if id not in self._runs or (ear := self._runs[id].ear) is None or ear.done():
                self._runs[id] = run = Run(work)
                run.ear = asyncio.create_task(self._follow(id, run))

    def _look(self, chosen: sa.ColumnElement[bool], since: datetime, waited: Iterable[UUID] = ()) -> list[Word] | None:
        """The rows as words, oldest first: those that are open, that ended after `since`, or that are waited for.

        None while the database is away.
        """
        present = sa.or_(Generation.status.in_(OPEN), Generation.finished_at > since, Generation.id.in_(list(waited)))
        columns: tuple[Any, ...] = (Generation.id, Generation.work_id, Generation.status, Generation.verb, Generation.count)
        columns += (Generation.attempt, Generation.priority, Generation.finished_at, Generation.judged_at)
        try:
            with self.database.reading() as session:
                rows = session.execute(sa.select(*columns).where(chosen, present).order_by(Generation.id)).all()
                waiting = waits(session)
        except SQLAlchemyError:
            log.warning("the database did not answer; looking again")
            return None
        return [word_of(row, waiting.get(row.id, Wait())) for row in rows]

    async def _follow(self, id: UUID, run: Run) -> None:
        """Pass on what the worker tells, from its first word on: who comes in the middle gets all that was written."""
        attempt = heard = 0
        pause = BUSY
        while True:
            try:
                async for entries in self.queue.progress(id, heard):
                    heard, pause = heard + len(entries), BUSY
                    attempt = max(attempt, *(entry.get("attempt", 0) for entry in entries))
                    run.so_far = merged([*run.so_far, *entries], attempt)
                    for entry in merged(entries, attempt):
                        self._tell(Word("step", id, run.work, entry))
            except Exception as error:  # whatever the queue's library raises; the rows still tell how it ends
                log.warning("progress of %s, heard again from word %d on: %s", id, heard, error, exc_info=pause >= CALM)
                await asyncio.sleep(pause)
                pause = min(pause * 2, CALM)
            else:
                return
