"""Connections that no well-behaved client would hold: half a request, an answer that is not read."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

SAFE = {"GET", "HEAD", "OPTIONS"}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
FILE = "multipart/form-data; boundary=x"
OPENED = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'  # how a file in a form begins
HALVES = {JSON: b'{"name": "half a', FORM: b"name=half+a", FILE: OPENED + b"half a file"}


class Line:
    """One connection to a port of this machine."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)

    def head(self, method: str, path: str, length: int | None = None, **headers: str) -> Line:
        """Send a request's head; without a length its body comes in chunks (if `headers` say so)."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
        if "Host" in headers:
            lines.remove("Host: localhost")
        if length is not None:
            lines.append(f"Content-Length: {length}")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        return self

    def send(self, data: bytes) -> Line:
        """Send some of a body."""
        self.socket.sendall(data)
        return self

    def flood(self, size: int, chunked: bool = False) -> Line:
        """Send a body of `size` bytes however the server takes it, in a thread of its own."""

        def pour() -> None:
            piece = b"x" * 65_536
            if chunked:
                piece = b"%x\r\n%s\r\n" % (len(piece), piece)
            with contextlib.suppress(OSError):  # the server has the right to close
                for _each in range(size // 65_536):
                    self.socket.sendall(piece)

        threading.Thread(target=pour, daemon=True).start()
        return self

    @property
    def answered(self) -> bool:
        """True when something of an answer is there, or the connection is closed."""
        return bool(select.select([self.socket], [], [], 0)[0])

    def answer(self) -> tuple[int, dict[str, Any]]:
        """The status and the JSON of an answer after which the server closes. TimeoutError when it does not."""
        said = b""
        while data := self.socket.recv(65_536):
            said += data
        head, _end, body = said.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)

    def close(self, *, rudely: bool = False) -> None:
        """Hang up; `rudely` with a reset."""
        if rudely:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def unsafe(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path) of every route that changes something."""
    found = [(method, one.path or "") for one in iter_route_contexts(app.routes) for method in one.methods or ()]
    return sorted((method, path) for method, path in found if method not in SAFE)


class Holdings:
    """What a process holds."""

    def __init__(self, pid: int) -> None:
        self.folder = Path(f"/proc/{pid}")

    def _targets(self) -> Iterator[str]:
        for one in (self.folder / "fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(one.readlink())

    @property
    def sockets(self) -> int:
        """Connections of clients, and what it listens on. (Those to its database lie in a pool.)"""
        return sum(target.startswith("socket:") for target in self._targets())

    @property
    def nameless(self) -> int:
        """Open temporary files."""
        return sum(target.endswith("(deleted)") for target in self._targets())

    @property
    def threads(self) -> int:
        """Threads."""
        return len(list((self.folder / "task").iterdir()))
