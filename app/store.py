"""The store: bytes under their SHA-256, written so that a power cut leaves all of them or none.

`<data>/store/ab/cd/<sha256>`; what is being written lies in `<data>/incoming/<owner>/` until it is whole. Derived
pictures (thumbnails) lie in `<data>/derived/` and may be thrown away at any time.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from app.errors import DiskFullError, NotFoundError, UnavailableError, _

FULL = {errno.ENOSPC, errno.EDQUOT}
RENDERED = 512 * 2**20  # bytes of renderings that are kept


class Store:
    """Content-addressed files below `root`. `owner` names the process, so that its leavings can be told apart."""

    def __init__(self, root: Path, owner: str = "") -> None:
        self.root = root
        self.incoming = root / "incoming" / (owner or f"pid-{os.getpid()}")

    def path(self, sha256: str) -> Path:
        """Where these bytes lie, or would lie."""
        return self.root / "store" / sha256[:2] / sha256[2:4] / sha256

    def derived(self, sha256: str, name: str) -> Path:
        """Where something made from these bytes is cached."""
        return self.root / "derived" / sha256[:2] / f"{sha256}-{name}"

    def put(self, data: bytes) -> str:
        """Keep `data`; its SHA-256 in hex. On return it has reached the disk. Keeping it twice is keeping it once.

        Raises DiskFullError or UnavailableError; then nothing is left behind.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        target = self.path(sha256)
        if not target.exists():
            write_durably(target, data, self.incoming)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes. Raises NotFoundError when they are gone (a damaged store)."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(_("The file of this revision is missing from the store.")) from error

    def rendered(self, name: str) -> Path:
        """Where something large that was made is cached: of these only the latest are kept."""
        return self.root / "derived" / "rendered" / name

    def keep_rendered(self, path: Path, data: bytes) -> None:
        """Cache a rendering, and throw away the oldest ones beyond RENDERED bytes."""
        self.keep_derived(path, data)
        with contextlib.suppress(OSError):  # another process may be tidying up
            kept = sorted(((one.stat().st_mtime, one.stat().st_size, one) for one in path.parent.iterdir()), reverse=True)
            total = 0
            for _time, size, one in kept:
                total += size
                if total > RENDERED and one != path:
                    one.unlink(missing_ok=True)

    def keep_derived(self, path: Path, data: bytes) -> None:
        """Cache something derived; that it fails (a full disk) is no fault, it is made again next time."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}")
            partial.write_bytes(data)
            partial.replace(path)
        except OSError:
            return

    def addresses(self) -> Iterator[tuple[str, float]]:
        """The SHA-256 and the age in seconds of every file kept."""
        for path in (self.root / "store").glob("??/??/*"):
            yield path.name, time.time() - path.stat().st_mtime

    def discard(self, sha256: str) -> None:
        """Delete bytes that no row knows (the sweep calls this, nobody else)."""
        self.path(sha256).unlink(missing_ok=True)

    def sweep_incoming(self, owner: str) -> None:
        """Throw away what a dead process was writing."""
        shutil.rmtree(self.root / "incoming" / owner, ignore_errors=True)

    def writable(self) -> bool:
        """True when a file can be written right now."""
        try:
            self.incoming.mkdir(parents=True, exist_ok=True)
            probe = self.incoming / "probe"
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError:
            return False
        return True


def write_durably(target: Path, data: bytes, incoming: Path) -> None:
    """Write, fsync, rename, fsync of the folder: after it returns a power cut cannot take `data` back."""
    partial = incoming / f"{target.name}.{time.monotonic_ns()}"
    try:
        incoming.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if error.errno in FULL:
            raise DiskFullError from error
        raise UnavailableError(_("The store cannot be written: %(reason)s"), reason=error.strerror or str(error)) from error
