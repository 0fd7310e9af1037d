"""Who asks for a task: waits for a turn and for the child, does the same work once, and ends it when nobody waits for it."""

from __future__ import annotations

import contextlib
import logging
import pickle
import signal
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.bounded import wire
from app.bounded.bounds import Bounds
from app.bounded.child import Ended, Exchange, Limits
from app.bounded.leaving import has_left
from app.bounded.turns import LOOK, Turns
from app.errors import BusyError, LeftError, TooLargeError, UnavailableError

log = logging.getLogger(__name__)
BROKEN = (pickle.UnpicklingError, AttributeError, ValueError, TypeError, KeyError, IndexError, EOFError)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the task `name`: pickled, with the descriptors of the open files that belong to it.

    What it writes lies at `partial` until it is whole, then at `to`.
    """

    name: str
    bounds: Bounds
    limits: Limits
    request: bytes
    files: Sequence[int]
    key: bytes
    to: Path | None
    partial: Path | None

    def steps(self) -> Generator[tuple[Any] | None]:
        """None while the child works, then (what the task gave,). Raises what `Task` tells."""
        ended: Ended | None = None
        exchange = Exchange(self.request, self.files, self.limits, self.bounds.deadline)
        try:
            with contextlib.closing(exchange.steps()) as steps:
                for ended in steps:
                    if ended is None:
                        yield None
            told = self._told(ended or Ended(lost=True))
            if self.partial is not None and self.to is not None:
                self.partial.replace(self.to)
            yield (told,)
        finally:
            if self.partial is not None:
                self.partial.unlink(missing_ok=True)

    def _told(self, ended: Ended) -> Any:
        if ended.late:
            raise BusyError
        if ended.lost:
            raise UnavailableError
        if not ended.answer:
            if ended.signal not in {signal.SIGKILL, signal.SIGXCPU}:
                log.warning("%s was ended by signal %s", self.name, ended.signal)
            raise TooLargeError(self.bounds.too_much)
        try:
            kind, value = wire.answer(ended.answer)
        except BROKEN as error:
            raise RuntimeError(f"{self.name} gave what cannot be read") from error
        if kind == "memory":
            raise TooLargeError(self.bounds.too_much)
        if kind == "system":
            raise OSError(*value)
        if kind == "fault":
            raise RuntimeError(f"{self.name}: {value}")
        if kind == "error":
            raise value
        return value


@dataclass(eq=False, slots=True)
class _Work:
    """Something that is being worked on, and how many wait for it."""

    waiting: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BaseException | None = None


_works: dict[bytes, _Work] = {}
_turns: dict[str, Turns] = {}
_guard = threading.Lock()


def done(call: Call) -> Any:
    """What the call gives. Who asks for what somebody asked for already waits for that."""
    with _guard:
        turns = _turns.setdefault(call.bounds.lane.name, Turns(call.bounds.lane))
    with turns.room():
        key = call.key
        with _guard:
            first = key not in _works
            work = _works.setdefault(key, _Work())
            work.waiting += 1
        return _worked(call, turns, key, work) if first else _join_call(work)


def _join_call(work: _Work) -> Any:
    """What somebody else's call gives. Who leaves is counted out, so that the last one's leaving ends it."""
    try:
        while not work.ended.wait(LOOK):
            if has_left():
                raise LeftError
    finally:
        with _guard:
            work.waiting -= 1
    if work.error is not None:
        raise work.error
    return work.value


def _worked(call: Call, turns: Turns, key: bytes, work: _Work) -> Any:
    """What the call gives, to all who wait for it."""

    def look() -> None:
        if has_left():
            with _guard:
                if work.waiting <= 1:  # nobody but the one who left
                    _works.pop(key, None)
                    raise LeftError

    try:
        with turns.turn(look), contextlib.closing(call.steps()) as steps:
            for found in steps:
                if found is not None:
                    work.value = found[0]
                    break
                look()
    except BaseException as error:
        work.error = error
        raise
    finally:
        with _guard:
            if _works.get(key) is work:
                del _works[key]
        work.ended.set()
    return work.value


def watched(call: Call) -> Generator[Any]:
    """None while the call is worked on, then what it gives; by itself, whoever else asks for the same."""
    with contextlib.closing(call.steps()) as steps:
        for found in steps:
            yield None if found is None else found[0]
