"""Files that a power cut leaves whole or not at all: write, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

YOUNG = 60.0  # seconds in which whoever made a folder or a file may not have brought its name to the disk yet


def sync_folder(folder: Path) -> None:
    """Bring the names in `folder` to the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def young(path: Path) -> bool:
    """Whether `path` changed lately; so does what seems to come from the future, after the clock was put back."""
    return time.time() - path.stat().st_mtime < YOUNG


def make_folder(folder: Path, top: Path | None = None) -> None:
    """Make `folder` and what is missing above it, so that a power cut takes none of them back. Raises OSError.

    A young folder may come from another process that has not synced it yet: it is synced here too, up to `top`.
    """
    made = []
    for level in (folder, *folder.parents):
        if level.exists():
            break
        made.append(level)
    for level in reversed(made):
        level.mkdir(exist_ok=True)
    for level in (folder, *folder.parents):
        if level not in made and (top is None or level == top or top not in level.parents or not young(level)):
            break
        sync_folder(level.parent)


def move_durably(made: Path, target: Path, top: Path | None = None) -> None:
    """Give a file of the same file system the name `target`: after it returns a power cut cannot take it back.

    Raises OSError.
    """
    make_folder(target.parent, top)
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.replace(target)
    sync_folder(target.parent)


def write_durably(target: Path, data: bytes, partial: Path, top: Path | None = None) -> None:
    """Write `data` into `partial`, then give it the name `target`: after it returns a power cut cannot take it back.

    Raises OSError; then neither of the two is left behind.
    """
    try:
        make_folder(target.parent, top)
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        sync_folder(target.parent)
    except OSError:
        with contextlib.suppress(OSError):  # on a disk that became read-only there is nothing to take away
            partial.unlink(missing_ok=True)
        raise
