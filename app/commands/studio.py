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

from app.commands.listening import AddressError, insist_on_a_free_address
from app.errors import _
from app.settings import Settings, settings
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
        self.stood = False  # ran for a while, at least once
        self.process: subprocess.Popen[bytes] | None = None
        self.began = self.due = 0.0

    def tend(self) -> None:
        """Start it when it does not run and its pause is over. A web that never stood and cannot listen
        ends the studio: the address is another's. One that stood is tried again: artists wait for it.
        """
        if self.process is None:
            if time.monotonic() >= self.due:
                self._start()
            return
        code = self.process.poll()
        if code is None:
            return
        if code == AddressError.exit_status and not self.stood:
            sys.exit(code)  # it said why
        lived = time.monotonic() - self.began
        self.stood = self.stood or lived >= QUICK
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


def _tell_where(config: Settings) -> None:
    """Say at the terminal where the studio is and, while nobody has an account in one that has them, how the first comes in."""
    from app.commands.keeper import first_link

    sys.stderr.write(f"\n  Stemma: http://{config.host}:{config.port}   (works in {config.data}; Ctrl+C ends)\n\n")
    if first := first_link(config):
        sys.stderr.write(f"  The first keeper comes in here: {first}\n\n")
    sys.stderr.flush()


def run() -> int:
    """Run the studio until SIGINT or SIGTERM; the exit code. Raises AddressError, and what prepare raises but what may pass."""
    from app.commands.prepare import prepare
    from app.commands.serve import check_exposure
    from app.integrity.startup import patiently
    from app.storage.faults import ReadOnlyError

    config = settings()
    set_up_logging(config)
    check_exposure(config)
    insist_on_a_free_address(config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_args: stop.set())
    try:
        patiently(lambda: prepare(config), stop, (ReadOnlyError,))  # the person at the terminal can mend it now
    except ReadOnlyError as error:
        raise ReadOnlyError(
            _("Nothing can be written in %(folder)s: the folder or its disk is read-only. Nothing was started."),
            folder=str(config.data),
        ) from error
    if stop.is_set():
        return 0
    insist_on_a_free_address(config)  # making the example took a while
    children = [Child("serve"), Child("worker")]
    _tell_where(config)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        while not stop.is_set():
            for child in children:
                child.tend()
            stop.wait(0.2)
    finally:
        for child in children:
            child.ask_to_end()
        for child in children:
            child.end(config.grace + 5)
    return 0
