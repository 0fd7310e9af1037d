"""`stemma studio`: web and a worker as children, started again when one dies."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time

from app.settings import settings
from app.web.observe import set_up_logging

log = logging.getLogger(__name__)
QUICK = 10.0  # seconds; a child that lives shorter is started again more slowly each time
SLOWEST = 15.0  # seconds


def _die_with_parent() -> None:
    """Let the kernel end this child when the supervisor dies, even by SIGKILL (prctl PR_SET_PDEATHSIG, Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Child:
    """A process that should run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.deaths = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.began = self.due = 0.0

    def tend(self) -> None:
        """Start it when it does not run and its pause is over."""
        if self.process is None:
            if time.monotonic() >= self.due:
                self._start()
            return
        code = self.process.poll()
        if code is None:
            return
        lived = time.monotonic() - self.began
        self.deaths = self.deaths + 1 if lived < QUICK else 0
        pause = min(SLOWEST, 0.5 * 2 ** (self.deaths - 1)) if self.deaths else 0.0
        log.warning("%s ended (%s) after %.0f s; starting it again in %.1f s", self.name, code, lived, pause)
        self.process, self.due = None, time.monotonic() + pause

    def _start(self) -> None:
        self.began = time.monotonic()
        # preexec_fn is safe here: the supervisor starts its children from its only thread.
        self.process = subprocess.Popen([sys.executable, "-m", "app.cli", self.name], preexec_fn=_die_with_parent)  # noqa: S603, PLW1509 (our own command; see above)

    def end(self, seconds: float) -> None:
        """Ask it to end, and after `seconds` insist."""
        if self.process is None or self.process.poll() is not None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()


def run() -> int:
    """Run the studio until SIGINT or SIGTERM; the exit code."""
    from app.commands.prepare import prepare
    from app.commands.serve import check_exposure
    from app.integrity.startup import patiently

    config = settings()
    set_up_logging(config)
    check_exposure(config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_args: stop.set())
    patiently(lambda: prepare(config), stop)
    if stop.is_set():
        return 0
    children = [Child("serve"), Child("worker")]
    where = f"http://{config.host}:{config.port}"
    sys.stderr.write(f"\n  Stemma: {where}   (works in {config.data}; Ctrl+C ends)\n\n")
    sys.stderr.flush()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    while not stop.is_set():
        for child in children:
            child.tend()
        stop.wait(0.2)
    for child in children:
        child.ask_to_end()
    for child in children:
        child.end(config.grace + 5)
    return 0
