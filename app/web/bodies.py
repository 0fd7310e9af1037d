"""Bodies of requests: read whole before anything else begins, so that nothing waits for somebody's line.

A body comes at a least pace or is given up (408), and is counted as it comes (413). What is longer than HELD lies in a
temporary file that has no name. Who hangs up leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import tempfile
import time
from collections.abc import Iterator
from typing import IO

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import DiskFullError, StemmaError, TooLargeError, TooSlowError, UnavailableError, _
from app.gate import whole
from app.settings import Settings
from app.web.guard import lingering
from app.web.problems import problem

log = logging.getLogger(__name__)
ARCHIVES = "/archives"  # where whole projects are sent
SLACK = 1024 * 1024  # bytes of a request besides the file it carries
GRACE = 30.0  # seconds that any body may take
PACE = 8 * 1024  # bytes that give it one second more
HELD = 1024 * 1024  # bytes of one body in memory
CHUNK = 64 * 1024  # bytes handed on at a time
_disk: RunVar[CapacityLimiter] = RunVar("disk")


class Bodies:
    """ASGI middleware. `most` are the bytes of a body that is no form with a file."""

    def __init__(self, app: ASGIApp, settings: Settings, most: int) -> None:
        self.app, self.settings, self.most = app, settings, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not has_body(headers := Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        body = Body()
        try:
            try:
                if not await self._read(body, headers, receive, self._largest(scope)):
                    log.info("the client left before all of its request was there: %d bytes", body.size)
                    return
            except StemmaError as error:
                body.close()
                answer = await run_in_threadpool(problem, Request(scope, receive), error)
                answer.headers["Connection"] = "close"
                await answer(scope, receive, lingering(receive, send))
                return
            await self.app(scope, body.replaying(receive), send)
        finally:
            body.close()

    def _largest(self, scope: Scope) -> int:
        """Bytes that a file may have which is sent there."""
        return self.settings.max_archive if scope["path"] == ARCHIVES else self.settings.max_upload

    async def _read(self, body: Body, headers: Headers, receive: Receive, largest: int) -> bool:
        """All of it into `body`; False when the client hangs up. Raises TooLargeError, TooSlowError, DiskFullError."""
        form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        most = largest + SLACK if form else self.most
        too_large = TooLargeError(limit=f"{largest // 2**20} MB")
        if not form:
            too_large = TooLargeError(_("That is too much at once: at most %(limit)s."), limit=f"{most // 2**20} MB")
        declared = headers.get("content-length", "0")
        if (whole(declared) or 0) > most:
            raise too_large
        began = time.monotonic()
        while True:
            left = GRACE + body.size / PACE - (time.monotonic() - began)
            try:
                async with asyncio.timeout(min(self.settings.silence, left)):
                    message = await receive()
            except TimeoutError as error:
                raise TooSlowError from error
            if message["type"] != "http.request":
                return False
            await body.add(message.get("body", b""))
            if body.size > most:
                raise too_large
            if not message.get("more_body", False):
                return True


def has_body(headers: Headers) -> bool:
    """True for a request that brings one (RFC 9112, 6.3)."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


class Body:
    """What came so far: at most HELD bytes of it in memory."""

    def __init__(self) -> None:
        self.size = 0
        self._held = bytearray()
        self._file: IO[bytes] | None = None

    async def add(self, data: bytes) -> None:
        """Keep `data`. Raises DiskFullError, UnavailableError."""
        self.size += len(data)
        self._held += data
        if len(self._held) > HELD:
            limiter = _disk.get(None) or CapacityLimiter(4)  # of its own: handlers that wait do not hold up a line
            _disk.set(limiter)
            await run_sync(self._spill, limiter=limiter)

    def _spill(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="stemma-")  # noqa: SIM115 (`close` closes it)
            self._file.write(self._held)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFullError from error
            raise UnavailableError from error
        self._held = bytearray()

    def replaying(self, receive: Receive) -> Receive:
        """`receive` as it would have been; behind the body's end comes what the client does next."""
        parts, over = self._parts(), False

        async def again() -> Message:
            nonlocal over
            if over:
                return await receive()
            await asyncio.sleep(0)  # others have their turn while a long body is taken apart
            chunk = next(parts, b"")
            over = not chunk
            return {"type": "http.request", "body": chunk, "more_body": not over}

        return again

    def _parts(self) -> Iterator[bytes]:
        if self._file is not None:
            self._file.seek(0)
            while chunk := self._file.read(CHUNK):
                yield chunk
        for at in range(0, len(self._held), CHUNK):
            yield bytes(self._held[at : at + CHUNK])

    def close(self) -> None:
        """Forget it."""
        self._held = bytearray()
        if self._file is not None:
            self._file.close()
            self._file = None
