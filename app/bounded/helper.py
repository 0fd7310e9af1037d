"""The helper: a small process that holds the tasks' libraries ready and forks a child for every call.

`python -m app.bounded.helper MODULE…`, its standard input a socket on which descriptors come: a child's end of an exchange
and the end of its leash. It has one thread, so that forking is safe; it sleeps while nobody asks. A child whose leash is
closed is killed, and so are all when the socket is: when whoever started this has ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import importlib
import os
import resource
import selectors
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from app.bounded import wire
from app.bounded.child import LIMITS, STATUS
from app.bounded.task import TASKS, Task
from app.errors import StemmaError

NICE = 5  # whoever else wants the processor goes first
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG (prctl(2)), of Linux
SHARES = Path("/proc/self/statm")  # of Linux: the first number is the address space in pages


class Helper:
    """The children that are out, each with its leash."""

    def __init__(self) -> None:
        self.control = socket.socket(fileno=0)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.control, selectors.EVENT_READ)
        woken, self.waking = socket.socketpair()
        for end in (woken, self.waking):
            end.setblocking(False)
        self.selector.register(woken, selectors.EVENT_READ)
        self.woken = woken
        self.children: dict[int, socket.socket] = {}

    def run(self) -> None:
        """Fork and reap until who started this has ended."""
        signal.set_wakeup_fd(self.waking.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_about: None)
        while True:
            for key, _events in self.selector.select():
                if key.fileobj is self.control:
                    if not self._forked():
                        self._kill_all()
                        return
                elif key.fileobj is self.woken:
                    with contextlib.suppress(BlockingIOError):
                        self.woken.recv(4096)
                else:
                    self._kill(key.data)
            self._reap()

    def _forked(self) -> bool:
        """One more child; False when nobody is left who could ask for one."""
        try:
            said, files, _flags, _address = socket.recv_fds(self.control, 1, 2)
        except ConnectionError:
            return False
        if not said:
            return False
        job, leash = (socket.socket(fileno=file) for file in files)
        pid = os.fork()
        if not pid:
            for end in (self.control, self.woken, self.waking, leash, *self.children.values()):
                end.close()
            self.selector.close()
            _child(job)
        job.close()
        self.children[pid] = leash
        self.selector.register(leash, selectors.EVENT_READ, pid)
        return True

    def _kill(self, pid: int) -> None:
        """Its leash is closed, so nobody waits for it."""
        if pid in self.children:
            self.selector.unregister(self.children[pid])
            os.kill(pid, signal.SIGKILL)  # not reaped yet, so this is its number

    def _kill_all(self) -> None:
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        for pid, leash in list(self.children.items()):
            gone, status = os.waitpid(pid, os.WNOHANG)
            if gone:
                with contextlib.suppress(KeyError):
                    self.selector.unregister(leash)
                with leash, contextlib.suppress(OSError):
                    leash.send(STATUS.pack(status))
                del self.children[pid]


def _child(job: socket.socket) -> NoReturn:
    """One call: read it, do it within its limits, answer, end."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGCHLD, signal.SIGXCPU):
            signal.signal(name, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):  # what libraries complain of is told in our own words
            os.dup2(nowhere, stream)
        job.sendall(b"b")
        seconds, memory, output, call, files = _received(job)
        _bind(seconds, memory, output)
        job.sendall(_answer(call, files))
        code = 0
    finally:
        os._exit(code)


def _received(job: socket.socket) -> tuple[float, int, int, bytes, list[int]]:
    head, files, _flags, _address = socket.recv_fds(job, LIMITS.size + wire.HEAD.size, wire.MOST_FILES)
    while len(head) < LIMITS.size + wire.HEAD.size:
        head += job.recv(LIMITS.size + wire.HEAD.size - len(head)) or sys.exit(1)
    seconds, memory, output = LIMITS.unpack(head[: LIMITS.size])
    length, _count = wire.HEAD.unpack(head[LIMITS.size :])
    call = bytearray(length)
    view = memoryview(call)
    while view:
        view = view[job.recv_into(view) or sys.exit(1) :]
    return seconds, memory, output, bytes(call), list(files)


def _bind(seconds: float, memory: int, output: int) -> None:
    """Limits that hold even where nobody is left to end this process."""
    os.nice(NICE)
    whole = max(1, round(seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output, output))
    with contextlib.suppress(OSError, ValueError):  # macOS knows no limit of address space
        pages = int(SHARES.read_text().split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)


def _answer(call: bytes, files: list[int]) -> bytes:
    """What the task gave or raised."""
    try:
        name, given = wire.unpack_call(call, files)
        importlib.import_module(name.partition(":")[0])
        return wire.result(TASKS[name].run(given))
    except StemmaError as error:
        return wire.failure(error)
    except MemoryError:
        return wire.trouble("memory")
    except OSError as error:
        return _refused(error)
    except Exception:  # noqa: BLE001 (told to who asked)
        return wire.trouble("fault", traceback.format_exc())


def _refused(error: OSError) -> bytes:
    """What the system refused; a file over its limit is too much, as memory is. Libraries raise OSErrors of their own."""
    if error.errno is None:
        return wire.trouble("fault", "".join(traceback.format_exception(error)))
    if error.errno == errno.EFBIG:
        return wire.trouble("memory")
    return wire.trouble("system", (error.errno, error.strerror, str(error.filename or "")))


def main(modules: list[str]) -> None:
    """Import, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Task.inside = True
    for module in modules:
        importlib.import_module(module)
    for library in sorted({library for task in TASKS.values() for library in task.needs}):
        with contextlib.suppress(ImportError, OSError):  # one that is missing is told by the task that needs it
            importlib.import_module(library)
    gc.collect()
    gc.freeze()  # children share these objects, as long as nobody touches them
    Helper().run()


if __name__ == "__main__":
    main(sys.argv[1:])
