"""Where a process keeps what is not whole yet: a folder of its own, with a lock that the kernel drops when it dies.

Process ids come again, and a shared data folder is used from several machines: only the lock says who lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from app.storage.store.files import make_folder

LOCK = "lock"
OWNED = re.compile(r"[\w.-]*-[0-9a-f]{8}")
BEFORE = re.compile(r"pid-\d+|restore|[\w.-]+-\d+-[0-9a-f]{8}")  # what older versions named theirs, without a lock
PARTIAL = re.compile(
    r"([0-9a-f]{64}|stemma\.sqlite|rows|archive|identity|list|probe)\.\d+(-wal|-shm|-journal|\.\d+\.\d{9,})?|probe"
)


class Workplace:
    """The folder `<parent>/<owner>-<token>`, made when it is first needed, held until `close` or the process's end."""

    def __init__(self, parent: Path, owner: str) -> None:
        self.folder = parent / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', owner)}-{secrets.token_hex(4)}"
        self._lock: IO[bytes] | None = None
        self._making = threading.Lock()
        self._number = 0

    def file(self, name: str) -> Path:
        """A path for a new file here; `name` is one that PARTIAL knows. Raises OSError."""
        with self._making:
            if self._lock is None or not os.fstat(self._lock.fileno()).st_nlink:
                self._lock = self._held()
            self._number += 1
        path = self.folder / f"{name}.{self._number}"
        if not PARTIAL.fullmatch(path.name):
            raise ValueError(f"{name} would not be swept when this process dies")
        return path

    def _held(self) -> IO[bytes]:
        """The lock file, locked. A sweep that saw it before it was locked takes it for a dead one's and away: then again."""
        while True:
            make_folder(self.folder)
            try:
                file = (self.folder / LOCK).open("a+b", buffering=0)
            except FileNotFoundError:
                continue
            try:
                with contextlib.suppress(OSError):  # a file system without locks: then no sweep can take it for dead either
                    fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file.fileno()).st_nlink:
                    file.write(_mark(self.folder))
                    return file
            except BaseException:
                file.close()
                raise
            file.close()

    def close(self) -> None:
        """Take away what is left here, and the folder."""
        with self._making:
            if self._lock is not None:
                clear(self.folder, lambda _path: True)
                self._lock.close()
                self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _mark(folder: Path) -> bytes:
    return f"stemma {folder.name}\n".encode()


def clear(folder: Path, gone: Callable[[Path], bool]) -> None:
    """Delete the studio's own files in `folder` for which `gone` says so, then the folder, unless others' files are there."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if PARTIAL.fullmatch(path.name) and path.is_file() and not path.is_symlink() and gone(path):
                path.unlink(missing_ok=True)
        if not [path for path in folder.iterdir() if path.name != LOCK]:
            (folder / LOCK).unlink(missing_ok=True)
            folder.rmdir()


def sweep(parent: Path, age: float, prefix: str = "") -> None:
    """Clear what dead processes left in the workplaces of `parent` whose names begin with `prefix`.

    Where no lock tells (older versions had none), what was not touched for `age` seconds is left by a dead one.
    """
    if not parent.is_dir():
        return
    for folder in parent.iterdir():
        if not folder.name.startswith(prefix) or folder.is_symlink() or not folder.is_dir():
            continue
        if (folder / LOCK).is_file() and OWNED.fullmatch(folder.name):
            with contextlib.suppress(OSError):
                _sweep_locked(folder)
        elif BEFORE.fullmatch(folder.name):
            clear(folder, lambda path: time.time() - path.stat().st_mtime > age)


def _sweep_locked(folder: Path) -> None:
    with (folder / LOCK).open("r+b") as file:
        if file.read() in {b"", _mark(folder)}:  # empty: its owner died in the moment of making it
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            clear(folder, lambda _path: True)
