"""The quarantine: where the sweep puts files that no row knows, by day and reason, instead of deleting them.

`<store>/quarantine/2026-03-04/orphan/<sha256>`: whole files that nothing refers to; thrown away after DAYS.
`<store>/quarantine/2026-03-04/damaged/<sha256>`: other bytes than their name says. The studio did not make these: they stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from app.storage.store.files import make_folder, sync_folder

DAYS = 30
ORPHAN, DAMAGED = "orphan", "damaged"
ADDRESS = re.compile(r"[0-9a-f]{64}")


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def today() -> date:
    """The present day in UTC."""
    return datetime.now(UTC).date()


class Quarantine:
    """Files set aside, in the store's own file system, so that to set one aside is to rename it."""

    def __init__(self, store: Path) -> None:
        self.store, self.folder = store, store / "quarantine"

    def take(self, path: Path, reason: str) -> Path:
        """Move `path` here; where it lies now. Raises OSError, FileNotFoundError when it is gone."""
        folder = self.folder / today().isoformat() / reason
        make_folder(folder, self.store)
        number, target = 0, folder / path.name
        while target.exists():
            number += 1
            target = folder / f"{path.name}.{number}"
        path.rename(target)
        return target

    def give_back(self, sha256: str, target: Path) -> bool:
        """Bring the file with this digest back to `target`, as young as a new one. False when there is none."""
        for path in sorted(self.folder.glob(f"*/{ORPHAN}/{sha256}*")):
            with contextlib.suppress(FileNotFoundError):
                if file_digest(path) == sha256:
                    make_folder(target.parent, self.store)
                    os.utime(path)
                    path.replace(target)
                    sync_folder(target.parent)
                    return True
        return False

    def files(self, reason: str, day: date | None = None) -> Iterator[Path]:
        """What was set aside for `reason`, on `day` or ever."""
        for folder in sorted(self.folder.glob(f"{day.isoformat() if day else '*'}/{reason}")):
            yield from sorted(path for path in folder.iterdir() if path.is_file())

    def expire(self) -> int:
        """Delete orphans that lay here for DAYS, each only if its bytes are what its name says; how many."""
        gone = 0
        for path in self.files(ORPHAN):
            folder, name = path.parent.parent, path.name.partition(".")[0]
            if not ADDRESS.fullmatch(name) or not _old(folder.name):
                continue
            with contextlib.suppress(OSError):
                if file_digest(path) == name:
                    path.unlink()
                    gone += 1
                else:
                    self.take(path, DAMAGED)
                path.parent.rmdir()  # once they are empty
                folder.rmdir()
        return gone


def _old(day: str) -> bool:
    """Whether a folder of that name is older than DAYS; one whose name is no day is not ours."""
    try:
        return today() - date.fromisoformat(day) > timedelta(days=DAYS)
    except ValueError:
        return False
