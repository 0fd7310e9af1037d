"""Readers: what waits for one stream until it is taken."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from datetime import datetime
from uuid import UUID

from app.web.live.word import Word

log = logging.getLogger(__name__)
PENDING = 1_000  # words that may wait for one reader; who takes none is let go, and hears the present when it comes back
BEAT = 8.0  # seconds after which silence is told: a stream asks then whether its reader may still hear (10 s at most)


class Reader:
    """One stream's words: those of one work or one generation (`topic`); of those that ended, after `since`."""

    def __init__(self, topic: UUID, since: datetime) -> None:
        self.topic, self.since, self.over = topic, since, False
        self._told: dict[UUID, Word] = {}
        self._pending: deque[Word] = deque()
        self._previews: dict[UUID, Word] = {}  # the pending step of each run that shows pictures
        self._wake = asyncio.Event()

    def tell(self, word: Word) -> None:
        """Put a word behind the others, unless a row says what it said before, or is of the past."""
        if self.over:
            return
        if word.name != "step":
            told = self._told.get(word.generation)
            if told == word or (told is None and word.ended is not None and word.ended <= self.since):
                return
            self._told[word.generation] = word
        elif "previews" in word.data:
            word = Word("step", word.generation, word.work, dict(word.data))
            if (older := self._previews.get(word.generation)) is not None:
                older.data.pop("previews", None)  # a page shows the newest alone
            self._previews[word.generation] = word
        self._pending.append(word)
        if len(self._pending) > PENDING:
            log.info("a reader takes nothing, and is let go")
            self._pending.clear()
            self.over = True
        self._wake.set()

    def end(self) -> None:
        """No more words."""
        self.over = True
        self._wake.set()

    async def next(self) -> Word | None:
        """The next word; None after BEAT seconds of silence, and when it is over."""
        if not self._pending and not self.over:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await self._wake.wait()
        if not self._pending:
            return None
        word = self._pending.popleft()
        if self._previews.get(word.generation) is word:
            del self._previews[word.generation]
        return word
