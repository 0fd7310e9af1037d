"""Turns: whoever comes first is served first, few at once, and not many wait."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.bounded.bounds import Lane
from app.errors import BusyError

LOOK = 0.1  # seconds between looks at whether somebody still waits


class Turns:
    """The turns of a lane. `threads` are those that work or wait in it: the web's other handlers want some, too."""

    def __init__(self, lane: Lane) -> None:
        self.lane, self.free = lane, lane.children
        self.threads = threading.BoundedSemaphore(lane.children + lane.waiting)
        self.queue: deque[threading.Event] = deque()
        self.guard = threading.Lock()

    @contextmanager
    def room(self) -> Iterator[None]:
        """Room for one more. Raises BusyError where there is none."""
        if not self.threads.acquire(blocking=False):
            raise BusyError
        try:
            yield
        finally:
            self.threads.release()

    @contextmanager
    def turn(self, look: Callable[[], None]) -> Iterator[None]:
        """One's turn. `look` is called while one waits, and may raise. Raises BusyError when that takes too long."""
        self._take(look)
        try:
            yield
        finally:
            self._pass_on()

    def _take(self, look: Callable[[], None]) -> None:
        with self.guard:
            if self.free:
                self.free -= 1
                return
            called = threading.Event()
            self.queue.append(called)
        try:
            self._wait(called, look)
        except BaseException:
            with self.guard:
                waits = called in self.queue
                if waits:
                    self.queue.remove(called)
            if not waits:  # called just now
                self._pass_on()
            raise

    def _wait(self, called: threading.Event, look: Callable[[], None]) -> None:
        end = time.monotonic() + self.lane.patience
        while not called.wait(LOOK):
            look()
            if time.monotonic() > end:
                raise BusyError

    def _pass_on(self) -> None:
        with self.guard:
            if self.queue:
                self.queue.popleft().set()
            else:
                self.free += 1
