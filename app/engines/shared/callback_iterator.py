"""From a library that calls back to an iterator that one can close."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Closed(BaseException):
    """Raised in the working thread by `emit` once nobody listens; no `except Exception` swallows it."""


@dataclass(frozen=True, slots=True)
class _End(Generic[T]):
    error: BaseException | None


def emitted(work: Callable[[Callable[[T], None]], None]) -> Iterator[T]:
    """Run `work(emit)` in a thread and yield what it emits; what it raises is raised here.

    The thread works only while the next item is waited for: `emit` returns when the iterator is asked to go on. Closing the
    iterator makes `emit` raise Closed, and returns when the thread has ended.
    """
    waiting: SimpleQueue[T | _End[T]] = SimpleQueue()
    wanted = threading.Semaphore(0)
    closed = threading.Event()

    def emit(item: T) -> None:
        if not closed.is_set():
            waiting.put(item)
            wanted.acquire()
        if closed.is_set():
            raise Closed

    def run() -> None:
        error: BaseException | None = None
        try:
            work(emit)
        except BaseException as raised:  # noqa: BLE001 (carried over to the listening thread)
            error = raised
        waiting.put(_End(error))

    thread = threading.Thread(target=run, name="engine", daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
            wanted.release()
    finally:
        closed.set()
        wanted.release()
        thread.join()
    if item.error:
        raise item.error
