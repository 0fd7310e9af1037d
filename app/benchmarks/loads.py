"""What others do to a studio while somebody works in it: bodies that stall, a bad line, large imports."""

from __future__ import annotations

import io
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx2
from PIL import Image

from app.benchmarks.studio import Studio

PATIENCE = 900.0  # seconds for any import
LINE = "The tide comes in, and the tide goes out, and again"
HEAD = 'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'


@contextmanager
def stalled(studio: Studio, work: str, count: int) -> Iterator[None]:
    """`count` requests of which half a body came and no more; those that are given up come back."""
    routes = [("POST", f"/works/{work}/generations"), ("PUT", f"/works/{work}/draft"), ("POST", "/projects")]
    over = threading.Event()

    def hold(number: int) -> None:
        method, path = routes[number % len(routes)]
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
        while not over.is_set():
            with suppress(OSError), socket.create_connection(("127.0.0.1", studio.port), timeout=1) as line:
                line.sendall(head.encode() + b'{"name": "half a')
                while not over.is_set():
                    with suppress(TimeoutError):
                        if not line.recv(65_536):
                            break

    threads = [threading.Thread(target=hold, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


class Upload:
    """A file that is sent to a work in a thread, at `pace` bytes a second if one is given."""

    def __init__(self, studio: Studio, work: str, name: str, data: bytes, pace: float | None = None) -> None:
        self.status, self.began, self.seconds = 0, time.monotonic(), 0.0
        self._studio, self._path, self._pace = studio, f"/works/{work}/imports", pace
        self._body = b"--x\r\n" + HEAD.format(name=name).encode() + data + b"\r\n--x--\r\n"
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(len(self._body))}
        content: Any = self._slowly() if self._pace else self._body
        answer = httpx2.post(f"{self._studio.url}{self._path}", content=content, headers=headers, timeout=PATIENCE)
        self.status, self.seconds = answer.status_code, time.monotonic() - self.began

    def _slowly(self) -> Iterator[bytes]:
        step = int((self._pace or 0) / 10)
        for at in range(0, len(self._body), step):
            yield self._body[at : at + step]
            time.sleep(max(0.0, self.began + (at + step) / (self._pace or 1) - time.monotonic()))

    @property
    def going(self) -> bool:
        """True until it is answered."""
        return self._thread.is_alive()

    def ended(self) -> int:
        """The status it was answered with, when it was; 0 when it was not."""
        self._thread.join(PATIENCE)
        return self.status


def photo() -> bytes:
    """A JPEG of 50 million pixels, as a phone takes them: the largest that is admitted."""
    import numpy as np

    noise = np.random.default_rng(7).normal(0, 14, (5776, 8652, 1)).astype(np.int16)
    across = np.linspace(0, 220, 8652, dtype=np.int16)[None, :, None] + np.array([0, 15, 30], dtype=np.int16)
    picture = Image.fromarray(np.clip(noise + across, 0, 255).astype(np.uint8))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()


def docx() -> bytes:
    """A DOCX of a million characters in 20,000 paragraphs."""
    import docx as library

    empty, out = io.BytesIO(), io.BytesIO()
    library.Document().save(empty)
    lines = "".join(f"<w:p><w:r><w:t>{LINE}</w:t></w:r></w:p>" for _line in range(1_000_000 // (len(LINE) + 1)))
    with zipfile.ZipFile(empty) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            data = source.read(name)
            made.writestr(
                name, data.replace(b"<w:body>", b"<w:body>" + lines.encode()) if name == "word/document.xml" else data
            )
    return out.getvalue()


def tune() -> bytes:
    """A tune of 20,000 notes in ABC."""
    line = "CDEFGABc|cBAGFEDC|CDEFGABc|EGBdcAFD|\n"
    return f"X:1\nT:Long\nM:4/4\nL:1/8\nK:C\n{line * 625}".encode()


FILES: dict[str, tuple[str, str, Callable[[], bytes]]] = {  # by what it is: the medium of its work, its name, its bytes
    "picture": ("image", "photo.jpg", photo),
    "docx": ("text", "long.docx", docx),
    "tune": ("music", "long.abc", tune),
}
