"""Bounds: what a task may take, who takes turns with it, and where the bytes lie that it is given."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.errors import BusyError, TooLargeError

MB = 2**20
LIMITS = (TooLargeError, BusyError)  # what a task raises besides what its function does


@dataclass(frozen=True, slots=True)
class Lane:
    """Children that take turns: so many at once; so many more may wait, for so many seconds."""

    name: str
    children: int
    waiting: int
    patience: float


QUICK = Lane("quick", children=2, waiting=10, patience=60.0)  # seconds of work: an upload, a page
SLOW = Lane("slow", children=1, waiting=4, patience=60.0)  # up to a minute or two: sound, tracing


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a task may take. `too_much` is said when that is not enough (a message id): what was too much, what is possible.

    `seconds` of processor time; `memory` in bytes, beyond what a child begins with; `output` in bytes of one file.
    """

    seconds: float
    memory: int | Callable[..., int]  # … or worked out from the task's arguments
    too_much: str
    lane: Lane
    output: int

    @property
    def deadline(self) -> float:
        """Seconds by the clock. A busy machine is no fault of the work: it may take several times as long."""
        return 30.0 + 4 * self.seconds


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that lie in an open file. A task reads them in its child, so they never lie in the memory of who asks."""

    file: BinaryIO

    def read(self) -> bytes:
        """All of them."""
        self.file.seek(0)
        return self.file.read()


Data = bytes | Path | Source


def content(data: Data) -> bytes:
    """The bytes, wherever they lie. Raises FileNotFoundError for a path where nothing is."""
    if isinstance(data, Source):
        return data.read()
    return data.read_bytes() if isinstance(data, Path) else data


def size(data: Data) -> int:
    """How many bytes they are."""
    if isinstance(data, Source):
        return os.fstat(data.file.fileno()).st_size
    return data.stat().st_size if isinstance(data, Path) else len(data)
