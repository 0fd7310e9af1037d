"""What happens to generations right now, as a stream of words for a page or a program.

The present state comes first, then steps as the worker tells them, and the end. Nothing here is kept: a reader that
comes back asks again, and the rows answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from app.db import Database, now
from app.models.generation import OPEN, Generation, Status
from app.queue import Queue

log = logging.getLogger(__name__)
BUSY, CALM = 0.1, 1.0  # seconds between looks at the rows, with and without an open generation
VERDICT = timedelta(seconds=5)  # after a generation's end in which what still comes is waited for as if it were open
FOLLOWED = 4  # generations whose progress one reader follows at once: those that run, and the next in line


@dataclass(frozen=True, slots=True)
class Word:
    """Something that happened. `name` is state, step, done, failed or cancelled."""

    name: str
    generation: UUID
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def last(self) -> bool:
        """True when nothing more will come of this generation."""
        return self.name not in {"state", "step"}


class Live:
    """The streams of one web process. `poke()` wakes them when this process itself changed something."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self.database, self.queue = database, queue
        self._waiting: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def poke(self) -> None:
        """Look again now; callable from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            for event in list(self._waiting):
                self._loop.call_soon_threadsafe(event.set)

    async def words(self, chosen: sa.ColumnElement[bool], since: datetime | None = None) -> AsyncIterator[Word]:
        """What happens to the generations that `chosen` (a condition on Generation) finds: those open, and those that
        ended after `since` (by default: now).
        """
        self._loop = asyncio.get_running_loop()
        said: asyncio.Queue[Word] = asyncio.Queue()
        watcher = asyncio.create_task(self._watch(chosen, since or now(), said))
        try:
            while True:
                yield await said.get()
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher

    async def _watch(self, chosen: sa.ColumnElement[bool], since: datetime, said: asyncio.Queue[Word]) -> None:
        wake = asyncio.Event()
        known: dict[UUID, Word] = {}
        followers: dict[UUID, asyncio.Task[None]] = {}
        self._waiting.add(wake)
        try:
            while True:
                wake.clear()
                words = await asyncio.to_thread(self._look, chosen, since, list(known))
                for word in words:
                    if known.get(word.generation) != word:
                        said.put_nowait(word)
                    known[word.generation] = word
                going = [word.generation for word in words if not word.last]
                for id in going[:FOLLOWED]:
                    if id not in followers or followers[id].done():
                        followers[id] = asyncio.create_task(self._follow(id, said))
                for id in set(followers) - set(going):
                    followers.pop(id).cancel()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), BUSY if going or any(map(_unsettled, words)) else CALM)
        finally:
            self._waiting.discard(wake)
            for task in followers.values():
                task.cancel()

    def _look(self, chosen: sa.ColumnElement[bool], since: datetime, known: list[UUID]) -> list[Word]:
        """The rows as words, oldest first; nothing while the database is away (it will be asked again)."""
        present = sa.or_(Generation.status.in_(OPEN), Generation.finished_at > since, Generation.id.in_(known))
        columns: tuple[Any, ...] = (Generation.id, Generation.status, Generation.verb, Generation.count, Generation.attempt)
        columns += (Generation.priority, Generation.finished_at, Generation.judged_at)
        try:
            with self.database.reading() as session:
                rows = session.execute(sa.select(*columns).where(chosen, present).order_by(Generation.id)).all()
                waiting = session.execute(
                    sa.select(Generation.priority, Generation.id).where(Generation.status == Status.QUEUED)
                ).all()
        except SQLAlchemyError:
            log.warning("the database did not answer; looking again")
            return []
        order = sorted((priority, id) for priority, id in waiting)
        words = []
        for row in rows:
            name = "state" if row.status in OPEN else str(row.status)
            data = {"status": str(row.status), "verb": row.verb, "count": row.count, "attempt": row.attempt}
            if row.status == Status.QUEUED:
                data["position"] = order.index((row.priority, row.id)) if (row.priority, row.id) in order else 0
            if row.finished_at:
                data["finished"] = row.finished_at.isoformat()
            if row.judged_at:  # said once more, when a judge has looked
                data["judged"] = row.judged_at.isoformat()
            words.append(Word(name, row.id, data))
        return words

    async def _follow(self, id: UUID, said: asyncio.Queue[Word]) -> None:
        """Pass on what the worker tells, from its first word on: who comes in the middle gets all that was written."""
        attempt = heard = 0
        while True:
            try:
                async for entries in self.queue.progress(id, heard):
                    heard += len(entries)
                    attempt = max(attempt, *(entry.get("attempt", 0) for entry in entries))
                    for entry in merged(entries, attempt):
                        said.put_nowait(Word("step", id, entry))
            except (SQLAlchemyError, RuntimeError) as error:  # the rows still tell how it ends
                log.warning("progress of %s, heard again from word %d on: %s", id, heard, error)
                await asyncio.sleep(BUSY)
            else:
                return


def merged(entries: Sequence[dict[str, Any]], attempt: int) -> list[dict[str, Any]]:
    """The entries of `attempt` as at most two: its first word, where it is among them, and all the others as one.

    Those of an attempt that died are left out: its text is written anew.
    """
    mine = [entry for entry in entries if entry.get("attempt", 0) == attempt]
    first = [entry for entry in mine if not entry.get("step")][-1:]
    rest = [entry for entry in mine if entry.get("step")]
    if not rest:
        return first
    whole = dict(rest[-1])
    if made := [entry["made"] for entry in rest if "made" in entry]:
        whole["made"] = min(made)  # a word is as old as the oldest of it
    if previews := next((entry["previews"] for entry in reversed(rest) if "previews" in entry), None):
        whole["previews"] = previews
    texts: dict[int, dict[str, Any]] = {}
    for piece in (piece for entry in rest for piece in entry.get("pieces", ())):
        known = texts.setdefault(piece["index"], {**piece, "text": ""})
        known["text"] += piece["text"]
    if texts:
        whole["pieces"] = [texts[index] for index in sorted(texts)]
    if ended := [index for entry in rest for index in entry.get("ended", ())]:
        whole["ended"] = ended
    return [*first, whole]


def _unsettled(word: Word) -> bool:
    """True for a generation that ended just now and of which more may come: a judge's verdict, a cancelled one's texts."""
    more = word.name == Status.CANCELLED or (word.name == Status.DONE and "judged" not in word.data)
    finished = word.data.get("finished") if more else None
    return finished is not None and now() - datetime.fromisoformat(finished) < VERDICT
