"""Models of one process: runs take turns at the device, step by step; whoever loads a model has the process alone.

Loading changes what the whole process shares: transformers sets torch's default dtype while it builds a model, and it
imports its parts lazily. A picture that is painted in that moment would be made of the wrong numbers. Between two steps
of a run nothing is computed, so there a model may be loaded, and another run may go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from app.lanes import Lane

T = TypeVar("T")
SHARE = 4  # times as long as its own last step quick runs may keep a long one from its next
GAP = 0.25  # seconds a quick run may be away from the device (it tells its progress, say) before a long one goes on


class Turns:
    """One run at a time has the device, for one step; of those that want it the quick come first.

    A quick run that is open keeps a long one waiting between its steps, too: it would get one token for each step of a
    picture otherwise. But the long one is never starved: after SHARE times its step it gets one.
    Others (a judge, a reading) may use models meanwhile; nobody uses one while one is loaded. Who waits to load goes first.
    """

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._using = 0
        self._loaders = 0  # that wait to load
        self._loading = False
        self._stepping = False
        self._open = 0  # quick runs
        self._wanting = dict.fromkeys(Lane, 0)  # runs that wait for their next step
        self._left = 0.0  # when a quick run last had the device, or a model was loaded
        self._owed = 0.0  # seconds that quick runs had the device while a long one wanted it
        self._last = 0.0  # seconds of the last step of a long run

    @contextmanager
    def using(self) -> Iterator[None]:
        """While a model runs beside the others. Nobody loads inside of it."""
        with self._change:
            self._change.wait_for(self._usable)
            self._using += 1
        try:
            yield
        finally:
            with self._change:
                self._using -= 1
                self._change.notify_all()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """While a model is brought into memory."""
        with self._change:
            self._loaders += 1
            try:
                self._change.wait_for(lambda: not (self._loading or self._using))
            finally:
                self._loaders -= 1
            self._loading = True
        try:
            yield
        finally:
            with self._change:
                self._loading, self._left = False, time.monotonic()
                self._change.notify_all()

    @contextmanager
    def open(self, lane: Lane) -> Iterator[None]:
        """While a run of `lane` prepares and makes its steps."""
        if lane is not Lane.QUICK:
            yield
            return
        with self._change:
            self._open, self._left = self._open + 1, time.monotonic()
        try:
            yield
        finally:
            with self._change:
                self._open -= 1
                self._change.notify_all()

    def steps(self, run: Iterator[T], lane: Lane) -> Iterator[T]:
        """What `run` yields, each computed in a turn of its own; what a service computes takes none."""
        if lane is Lane.REMOTE:
            yield from run
            return
        while True:
            with self._step(lane):
                try:
                    made = next(run)
                except StopIteration:
                    return
            yield made

    @contextmanager
    def _step(self, lane: Lane) -> Iterator[None]:
        """The device for one step."""
        with self._change:
            self._wanting[lane] += 1
            try:
                while not self._may_step(lane):
                    self._change.wait(GAP)
            finally:
                self._wanting[lane] -= 1
            self._stepping, self._using = True, self._using + 1
        began = time.monotonic()
        try:
            yield
        finally:
            with self._change:
                self._stepping, self._using = False, self._using - 1
                self._account(lane, began)
                self._change.notify_all()

    def _may_step(self, lane: Lane) -> bool:
        if self._stepping or not self._usable():
            return False
        owed = self._owed > SHARE * self._last and self._wanting[Lane.LONG] > 0
        if lane is Lane.QUICK:
            return not owed
        near = self._wanting[Lane.QUICK] > 0 or (self._open > 0 and time.monotonic() - self._left < GAP)
        return owed or not near

    def _account(self, lane: Lane, began: float) -> None:
        now = time.monotonic()
        if lane is Lane.LONG:
            self._owed, self._last = 0.0, now - began
            return
        self._left = now
        if self._wanting[Lane.LONG]:
            self._owed += now - began

    def _usable(self) -> bool:
        """Whether no model is loaded, and nobody waits to load one."""
        return not (self._loading or self._loaders)
