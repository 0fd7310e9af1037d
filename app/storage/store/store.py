"""The store: bytes under their SHA-256, written so that a power cut leaves all of them or none.

`<data>/store/ab/cd/<sha256>`; what is being written lies in `<data>/incoming/<owner>/` until it is whole. Derived
pictures (thumbnails) lie in `<data>/derived/` and may be thrown away at any time. The store deletes only what it made.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from app.errors import DiskFullError, NotFoundError, UnavailableError, _
from app.storage.faults import FULL, READ_ONLY, ReadOnlyError
from app.storage.store.files import move_durably, sync_folder, write_durably, young
from app.storage.store.quarantine import ADDRESS, DAMAGED, ORPHAN, Quarantine, file_digest
from app.storage.store.workplace import Workplace, sweep

RENDERED = 512 * 2**20  # bytes of renderings that are kept
ORPHAN_AGE = 3600.0  # seconds; a younger file may belong to a transaction that is about to commit
RENDERING = re.compile(r"[0-9a-f]{64}\.\w+")
HALF = re.compile(r"[0-9a-f]{64}[-.].+\.\d+\.\d{9,}")  # what a process that died was deriving: name, process, moment


def refused(error: OSError) -> UnavailableError:
    """What the person is told when the system refuses to write."""
    if error.errno in FULL:
        return DiskFullError()
    if error.errno in READ_ONLY:
        return ReadOnlyError()
    return UnavailableError(_("The store cannot be written: %(reason)s"), reason=error.strerror or str(error))


class Store:
    """Content-addressed files below `root`. `owner` names the process in the folder of what it is writing."""

    def __init__(self, root: Path, owner: str = "") -> None:
        self.root, self.folder = root, root / "store"
        self.incoming = Workplace(root / "incoming", owner or f"pid-{os.getpid()}")
        self.quarantine = Quarantine(self.folder)

    def path(self, sha256: str) -> Path:
        """Where these bytes lie, or would lie."""
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def find(self, sha256: str, size: int | None = None) -> Path:
        """The file of these bytes, brought back if it was set aside. Raises NotFoundError when it is missing, or has not
        `size` bytes.
        """
        path = self.path(sha256)
        try:
            if not path.exists():
                self.quarantine.give_back(sha256, path)
            found = path.stat().st_size
        except OSError as error:
            raise _missing(error) from error
        if size is not None and found != size:
            raise NotFoundError(_("The file of this revision is damaged in the store."))
        return path

    def derived(self, sha256: str, name: str) -> Path:
        """Where something made from these bytes is cached."""
        return self.root / "derived" / sha256[:2] / f"{sha256}-{name}"

    def put(self, data: bytes) -> str:
        """Keep `data`; its SHA-256 in hex. On return it has reached the disk. Keeping it twice is keeping it once.

        Bytes that lie there as an old orphan are young again, so that no sweep takes them; a file that is short or damaged
        is set aside and written anew. Raises DiskFullError or UnavailableError; then nothing is left behind.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        target = self.path(sha256)
        try:
            if not self._holds(target, sha256, len(data)):
                write_durably(target, data, self.incoming.file(sha256), self.root)
        except OSError as error:
            raise refused(error) from error
        return sha256

    def new_file(self) -> Path:
        """Where a file can be written that `adopt` is to keep. Raises DiskFullError or UnavailableError."""
        try:
            return self.incoming.file(secrets.token_hex(32))
        except OSError as error:
            raise refused(error) from error

    def adopt(self, made: Path) -> str:
        """Keep a file, as `put` keeps bytes, without reading it into memory. It is gone from its place afterwards."""
        try:
            try:
                sha256, size = file_digest(made), made.stat().st_size
                target = self.path(sha256)
                if not self._holds(target, sha256, size):
                    move_durably(made, target, self.root)
            finally:
                made.unlink(missing_ok=True)
        except OSError as error:
            raise refused(error) from error
        return sha256

    def _holds(self, target: Path, sha256: str, size: int) -> bool:
        """Whether `target` is there, whole, and safe from the sweep. One that is damaged is set aside.

        Made young before it is read: a sweep that takes it afterwards sees that, and one that took it before left nothing.
        """
        try:
            fresh = young(target)
            os.utime(target)
            if target.stat().st_size == size and file_digest(target) == sha256:
                if fresh:
                    sync_folder(target.parent)  # who wrote it may still be about to
                return True
            self.quarantine.take(target, DAMAGED)
        except FileNotFoundError:
            pass
        return False

    def get(self, sha256: str) -> bytes:
        """The bytes. Raises NotFoundError when they are gone or damaged."""
        try:
            try:
                data = self.find(sha256).read_bytes()
            except FileNotFoundError:  # it was set aside in this moment
                data = self.find(sha256).read_bytes()
        except OSError as error:
            raise _missing(error) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise NotFoundError(_("The file of this revision is damaged in the store."))
        return data

    def rendered(self, name: str) -> Path:
        """Where something large that was made is cached, under a digest and an ending: of these only the latest are kept."""
        return self.root / "derived" / "rendered" / name

    def tidy_rendered(self, path: Path) -> None:
        """Throw away the oldest renderings beyond RENDERED bytes, but not the one at `path`."""
        with contextlib.suppress(OSError):  # another process may be tidying up
            ours = [one for one in path.parent.iterdir() if RENDERING.fullmatch(one.name) and not one.is_symlink()]
            kept = sorted(((one.stat().st_mtime, one.stat().st_size, one) for one in ours), reverse=True)
            total = 0
            for _time, size, one in kept:
                total += size
                if total > RENDERED and one != path:
                    one.unlink(missing_ok=True)

    def keep_derived(self, path: Path, data: bytes) -> None:
        """Cache something derived; that it fails (a full disk) is no fault, it is made again next time."""
        partial = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns():09}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            partial.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)

    def addresses(self) -> Iterator[tuple[str, float]]:
        """The SHA-256 and the age in seconds of every file kept, in the order of the digests. Others' files are no such."""
        for first in _folders(self.folder):
            for second in _folders(first):
                for entry in sorted(os.scandir(second), key=lambda entry: entry.name):
                    if ADDRESS.fullmatch(entry.name) and self.path(entry.name) == Path(entry.path):
                        with contextlib.suppress(FileNotFoundError):  # set aside meanwhile
                            if entry.is_file(follow_symlinks=False):
                                yield entry.name, time.time() - entry.stat().st_mtime

    def set_aside(self, sha256: str, age: float = ORPHAN_AGE) -> bool:
        """Put bytes that no row knows into the quarantine, unless they are younger than `age` seconds (the sweep calls
        this, nobody else). False when they stay: somebody wants to keep them just now.
        """
        path = self.path(sha256)
        try:
            if time.time() - path.stat().st_mtime < age:
                return False
            aside = self.quarantine.take(path, ORPHAN)
            if time.time() - aside.stat().st_mtime < age:  # kept again between the look and the rename
                aside.replace(path)
                return False
        except FileNotFoundError:
            return False
        return True

    def sweep_incoming(self, age: float = ORPHAN_AGE) -> None:
        """Delete what processes that died were writing."""
        sweep(self.root / "incoming", age)

    def sweep_derived(self, age: float = ORPHAN_AGE) -> None:
        """Delete what processes that died were deriving, more than `age` seconds ago."""
        for path in (self.root / "derived").glob("*/*"):
            with contextlib.suppress(OSError):
                ours = HALF.fullmatch(path.name) and path.is_file() and not path.is_symlink()
                if ours and time.time() - path.stat().st_mtime > age:
                    path.unlink()

    def refusal(self) -> str | None:
        """Why no file can be written right now; None when one can."""
        try:
            probe = self.incoming.file("probe")
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError as error:
            return error.strerror or str(error)
        return None


def _folders(folder: Path) -> Iterator[Path]:
    """The folders of two hexadecimal digits in `folder`, in order."""
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if re.fullmatch("[0-9a-f]{2}", path.name) and path.is_dir())


def _missing(error: OSError) -> NotFoundError | UnavailableError:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return NotFoundError(_("The file of this revision is missing from the store."))
    return UnavailableError(_("The store cannot be read: %(reason)s"), reason=error.strerror or str(error))
