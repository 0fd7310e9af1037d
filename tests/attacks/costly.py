"""Tasks that cost on purpose, for the tests of what bounds them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from app.bounded import MB, Source, bounded, content
from app.bounded.bounds import Lane
from app.errors import InvalidError

LANE = Lane("tests", children=2, waiting=3, patience=60.0)
TOO_MUCH = "That is too much for a test."


def _for_ever(_path: Any) -> NoReturn:
    while True:
        pass


def _refuse(_path: Any) -> NoReturn:
    raise InvalidError("file", "there are no %(what)s in this file", what="notes")


WAYS: dict[str, Callable[[Any], Any]] = {
    "time": _for_ever,
    "memory": lambda _path: len(bytearray(200 * MB)),
    "disk": lambda path: path.write_bytes(bytes(2 * MB)),
    "crash": lambda _path: os.abort(),
    "fault": lambda _path: int("nothing"),
    "refusal": _refuse,
    "sleep": lambda _path: time.sleep(120),
    "nothing": lambda _path: os.getpid(),
}


@bounded(1, 64 * MB, TOO_MUCH, lane=LANE, output=MB)
def spend(what: str, path: Path | None = None) -> int:
    """Spend a lot of `what`; the process that does it."""
    if path is not None:
        with path.open("a") as file:
            file.write(f"{os.getpid()}\n")
    return int(WAYS[what](path))


@bounded(10, 64 * MB, TOO_MUCH, lane=LANE)
def rest(seconds: float, _mark: str = "") -> int:
    """Do nothing for some time; the process that does it."""
    time.sleep(seconds)
    return os.getpid()


@bounded(10, 64 * MB, TOO_MUCH, lane=LANE)
def length(*data: bytes | Path | Source) -> Sequence[int]:
    """How many bytes there are."""
    return [len(content(one)) for one in data]


@bounded(10, 64 * MB, TOO_MUCH, lane=LANE, small=lambda text: len(text) < 10)
def where(text: str) -> tuple[int, int]:
    """The process, and how long the text is."""
    with contextlib.suppress(ValueError):
        return os.getpid(), int(text)
    return os.getpid(), len(text)
