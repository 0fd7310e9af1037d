"""The helper process, as who asks sees it, and the exchange with one of its children."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.bounded import wire
from app.bounded.turns import LOOK
from app.errors import UnavailableError
from app.settings import ROOT

STARTING = 120.0  # seconds by the clock until a child begins: the helper may have to import its libraries first
STATUS = struct.Struct("!i")  # how a child ended, as os.waitpid tells it
LIMITS = struct.Struct("!dQQ")
# Libraries of linear algebra start threads when they are imported; a process with threads must not fork.
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1"}
MACOS = {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}


class Limits(NamedTuple):
    """Of one child: seconds of processor time, bytes of memory beyond what it begins with, bytes of a file."""

    seconds: float
    memory: int
    output: int


class Helper:
    """The process that forks children (`app.bounded.helper`): started when it is first needed, and again when it has died.

    It ends, and every child with it, when this process ends, however that happens: their connection is closed then.
    """

    def __init__(self) -> None:
        self.modules: set[str] = set()  # those that declare tasks
        self.guard = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None

    def fork(self, files: Sequence[int]) -> None:
        """Have a child forked that gets these descriptors: its end of the exchange, and the leash that it hangs on."""
        with self.guard:
            try:
                self._send(files)
            except OSError:  # it has died: once more with another one
                self._end()
                try:
                    self._send(files)
                except OSError as error:
                    raise UnavailableError from error

    def start(self) -> None:
        """Start it, if it does not run: whoever asks first need not wait for its imports."""
        with self.guard:
            self._started()

    def _send(self, files: Sequence[int]) -> None:
        socket.send_fds(self._started(), [b"."], list(files))

    def _started(self) -> socket.socket:
        if self.control is None or self.process is None or self.process.poll() is not None:
            self._end()
            self.control, theirs = socket.socketpair()
            with theirs:
                self.process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                    [sys.executable, "-m", "app.bounded.helper", *sorted(self.modules)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    cwd=ROOT,
                    env=os.environ | ALONE | MACOS,
                    start_new_session=True,  # a Ctrl+C at the terminal is for the studio; the helper ends with it
                )
        return self.control

    def _end(self) -> None:
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
        self.control = self.process = None

    def end(self) -> None:
        """End it, and every child."""
        with self.guard:
            self._end()


HELPER = Helper()
atexit.register(HELPER.end)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its answer (empty: it had none), the signal that ended it, that it was too late or got lost."""

    answer: bytes = b""
    signal: int = 0
    late: bool = False
    lost: bool = False  # the helper has died


class Exchange:
    """A call sent to a child, and its answer. The child hangs on a leash: it is killed when that is closed."""

    def __init__(self, request: bytes, files: Sequence[int], limits: Limits, seconds: float) -> None:
        self.request, self.files, self.limits, self.seconds = request, files, limits, seconds
        self.answer = bytearray()
        self.end = time.monotonic() + STARTING
        self.begun = False

    def steps(self) -> Generator[Ended | None]:
        """None every LOOK seconds until the child has ended; then how. Closing the iterator ends the child."""
        ours, theirs = socket.socketpair()
        leash, held = socket.socketpair()
        with ours, leash:
            with theirs, held:
                HELPER.fork([theirs.fileno(), held.fileno()])
            ours.settimeout(LOOK)
            try:
                for _step in self._sent(ours):
                    if time.monotonic() > self.end:
                        yield Ended(late=True)
                        return
                    yield None
            except OSError:  # the child ended before it had read everything
                pass
            yield _ended(bytes(self.answer), leash)

    def _sent(self, ours: socket.socket) -> Iterator[None]:
        """Steps of LOOK seconds, until the answer is there."""
        head = LIMITS.pack(*self.limits) + wire.HEAD.pack(len(self.request), len(self.files))
        left = memoryview(self.request)
        while head:
            try:
                sent = socket.send_fds(ours, [head], list(self.files)) if self.files else ours.send(head)
                head = head[sent:]
            except TimeoutError:
                yield
        while left:
            try:
                left = left[ours.send(left) :]
            except TimeoutError:
                yield
        while True:
            try:
                read = ours.recv(2**16)
            except TimeoutError:
                yield
                continue
            if not read:
                return
            if not self.begun:  # its first byte: it has begun
                self.begun, read = True, read[1:]
                self.end = time.monotonic() + self.seconds
            self.answer += read
            if len(self.answer) > wire.ANSWER:
                self.answer.clear()
                return


def _ended(answer: bytes, leash: socket.socket) -> Ended:
    """How the child ended, as the helper tells it once it is gone."""
    leash.settimeout(STARTING)
    try:
        told = leash.recv(STATUS.size)
    except OSError:
        told = b""
    if len(told) < STATUS.size:
        return Ended(lost=True)
    (status,) = STATUS.unpack(told)
    return Ended(b"", os.WTERMSIG(status)) if os.WIFSIGNALED(status) else Ended(answer)
