"""Models of one process: used side by side, loaded alone.

Loading changes what the whole process shares: transformers sets torch's default dtype while it builds a model, and it
imports its parts lazily. A picture that is painted in that moment would be made of the wrong numbers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Many may use models at once; who loads one waits for them, and they for it. One that waits to load goes first."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._using = 0
        self._waiting = 0  # to load
        self._loading = False

    @contextmanager
    def using(self) -> Iterator[None]:
        """While a model runs. Nobody loads inside of it."""
        with self._change:
            self._change.wait_for(lambda: not (self._loading or self._waiting))
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
            self._waiting += 1
            try:
                self._change.wait_for(lambda: not (self._loading or self._using))
            finally:
                self._waiting -= 1
            self._loading = True
        try:
            yield
        finally:
            with self._change:
                self._loading = False
                self._change.notify_all()
