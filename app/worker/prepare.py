"""What must be done once before an engine can load is done aside; what the artist will use first is kept in memory."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from app.engines.catalog import HOUSE
from app.engines.engine import Engine
from app.errors import StemmaError
from app.worker.model_lock import Turns
from app.worker.pace import Pace

log = logging.getLogger(__name__)
AGAIN = 60.0  # seconds after a failure, a full disk say
ROOM = 1_500_000_000  # bytes of memory that must be free before an engine is loaded that nobody has asked for


class Preparing:
    """One thread of the worker. Engines are prepared when somebody asks for them; the house's (`eager`) at once, and loaded:
    all of them together take about 0.6 GB of a worker.
    """

    def __init__(self, engines: Mapping[str, Engine], load: Callable[[Engine], None], turns: Turns, eager: bool) -> None:
        self.engines, self.load, self.turns = engines, load, turns
        self._wanted = [name for name in HOUSE if name in engines] if eager else []
        self._done: set[str] = set()
        self._after: dict[str, float] = {}
        self._pace = Pace(0.0)

    def want(self, engine: Engine) -> None:
        """Somebody asks for it: prepare it now."""
        self._done.discard(engine.name)
        if engine.name not in self._wanted:
            self._wanted.append(engine.name)
        self._pace.wake()

    def run(self, stop: threading.Event) -> None:
        """Prepare until told to stop."""
        while not stop.is_set():
            self.once()
            self._pace.wait()

    def once(self) -> None:
        """Whatever is wanted and can be done now."""
        for name in list(self._wanted):
            if name in self._done or time.monotonic() < self._after.get(name, 0):
                continue
            try:
                self._prepare(self.engines[name])
                self._done.add(name)
            except StemmaError as error:
                log.warning("%s cannot be prepared: %s", name, error)
                self._after[name] = time.monotonic() + AGAIN
            except Exception:
                log.exception("%s cannot be prepared", name)
                self._after[name] = time.monotonic() + AGAIN

    def _prepare(self, engine: Engine) -> None:
        engine.prepare()
        if engine.unready() is None and free() > ROOM:
            self.load(engine)
            with self.turns.using():
                engine.warm()


def free() -> float:
    """Bytes of memory that a process may still take, as the kernel estimates them; where it does not say, any."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return float("inf")
