"""One at a time: what takes a core for seconds never holds the web, and nobody waits long for their turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.errors import UnavailableError

WAITING = 4  # threads that may wait, of the web's about forty


@dataclass(slots=True)
class OneAtATime:
    """`busy` is what those hear who would wait too long (a message id); `patience` in seconds."""

    busy: str
    patience: float = 10.0
    waiting: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(4)
    )  # of the web's forty threads
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One's turn; few wait, and not for long. Raises UnavailableError."""
        if not self.waiting.acquire(blocking=False):
            raise UnavailableError(self.busy)
        try:
            if not self.lock.acquire(timeout=self.patience):
                raise UnavailableError(self.busy)
            try:
                yield
            finally:
                self.lock.release()
        finally:
            self.waiting.release()
