"""When a thread of the worker looks again: soon after a change, seldom without one."""

from __future__ import annotations

import threading
import time

NET = 15.0  # seconds after which it looks though nobody told of a change


class Pace:
    """For one thread: `wait` returns after `wake`, but not within `apart` seconds of its last return."""

    def __init__(self, apart: float, net: float = NET) -> None:
        self.apart, self.net = apart, net
        self._woken = threading.Event()
        self._last = 0.0

    def wake(self) -> None:
        """Something changed; callable from any thread."""
        self._woken.set()

    def hurry(self) -> None:
        """Something changed that is known to concern it: it looks at once."""
        self._last = 0.0
        self._woken.set()

    def wait(self, stop: threading.Event, most: float | None = None) -> bool:
        """Wait for a change, for `most` seconds (by default the net); whether there was one. Returns early on `stop`."""
        woken = self._woken.wait(self.net if most is None else most)
        stop.wait(max(0.0, self._last + self.apart - time.monotonic()))
        self._woken.clear()
        self._last = time.monotonic()
        return woken
