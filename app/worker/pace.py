"""When a thread of the worker looks again: a moment after a change, seldom without one."""

from __future__ import annotations

import threading

NET = 15.0  # seconds after which it looks though nobody told of a change


class Pace:
    """For one thread. Of changes within `apart` seconds it hears once, at their end: what was asked for begins first."""

    def __init__(self, apart: float) -> None:
        self.apart = apart
        self._woken = threading.Event()
        self._hurried = threading.Event()

    def wake(self) -> None:
        """Something changed; callable from any thread."""
        self._woken.set()

    def hurry(self) -> None:
        """Something changed that is known to concern it: it looks at once."""
        self._hurried.set()
        self._woken.set()

    def wait(self, most: float = NET) -> bool:
        """Wait for a change, for `most` seconds; whether there was one. One that comes while it returns is told next time."""
        if not self._woken.wait(most):
            return False
        self._hurried.wait(self.apart)
        self._hurried.clear()
        self._woken.clear()
        return True
