"""Taking generations from the queue: DBOS's dequeuing, one thread a lane, asleep until something waits there.

DBOS by itself asks every queue, its own included, many times a second, day and night. Its threads for that are ended
here, and its function that dequeues is run with an event that is also set when something waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer
from dbos._queue import queue_worker_thread  # not public: pyproject.toml pins the minor version

from app.lanes import Lane
from app.settings import Settings
from app.storage.changes import QUEUE, STUDIO, listening
from app.storage.queue import APPLICATION, NET, VERSION, WAITING, WORKFLOW, queue_engine, registered
from app.worker.pace import Pace

log = logging.getLogger(__name__)
SELDOM = 60.0  # seconds between looks at what Stemma does not use: notifications, schedules
SLOWEST = 1.0  # seconds between two calls to a lane that does not take what waits in it


class Call(threading.Event):
    """What a dequeuing thread sleeps on: set, it ends; rung, it looks at once."""

    def __init__(self) -> None:
        super().__init__()
        self._rung = threading.Event()

    def ring(self) -> None:
        """Let it look now."""
        self._rung.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until rung, or for `timeout` seconds; whether it is to end."""
        self._rung.wait(timeout)
        self._rung.clear()
        return self.is_set()


class Taking:
    """The lanes of one worker. `make` runs a generation, `room` says whether a lane has room for one more; `others` are
    woken when somebody writes to the studio's tables.
    """

    def __init__(
        self,
        settings: Settings,
        executor: str,
        make: Callable[[str], str],
        room: Callable[[Lane], bool],
        others: Sequence[Pace],
    ) -> None:
        self.settings, self.executor, self.make, self.room, self.others = settings, executor, make, room, others
        self.calls = {lane: Call() for lane in Lane}
        self._called = set[Lane]()  # those in which something waited at the last look
        self._pause = self._due = 0.0  # seconds between two calls; when the next is due
        self._freed = threading.Event()

    def start(self) -> None:
        """Connect to the queue; from here on generations arrive in DBOS's threads."""
        dbos = self._launched()
        for lane, call in self.calls.items():
            DBOS.register_queue(lane.queue, **registered(lane))
            queue = DBOS.retrieve_queue(lane.queue)
            asked = (call, dbos, queue)
            threading.Thread(target=queue_worker_thread, args=asked, name=f"lane {lane.queue}", daemon=True).start()
        threading.Thread(target=self._listen, name="listening", daemon=True).start()

    def freed(self) -> None:
        """A run has ended: what waits is to be taken. Of a cancelled one nothing is written to the queue that would tell."""
        self._freed.set()

    def _launched(self) -> DBOS:
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": self.settings.queue_url,
            "application_version": VERSION,
            "executor_id": self.executor,
            "log_level": "WARNING",
            "serializer": DBOSPortableJSONSerializer(),
            "notification_listener_polling_interval_sec": SELDOM,
            "notification_coalesce_sec": 1.0,
            "scheduler_polling_interval_sec": SELDOM,
        }
        engine = queue_engine(self.settings)
        if engine is not None:
            config["system_database_engine"] = engine
        dbos = DBOS(config=config)

        @DBOS.step(name="make")
        def make(id: str) -> str:
            return self.make(id)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=1_000)  # we count attempts ourselves: they say why
        def generate(id: str) -> str:
            return make(id)

        DBOS.listen_queues([])
        DBOS.launch()
        for ended in (*dbos.background_thread_stop_events, dbos._background_jobs_stop_event):
            ended.set()  # queues, schedules; delays and deadlines
        return dbos

    def _listen(self) -> None:
        """Hear of changes, and pass them on; a thread of the worker, for as long as it lives."""
        ear, heard = listening(self.settings, self._freed), {STUDIO, QUEUE}
        while True:
            try:
                if STUDIO in heard:
                    for other in self.others:
                        other.wake()
                if QUEUE in heard or self._called:
                    self._call({name for (name,) in ear.ask(WAITING)})
                heard = ear.hear(max(0.0, self._due - time.monotonic()) if self._called else NET)
            except Exception:  # without it the lanes would look by themselves alone, every NET seconds
                log.exception("changes are not heard; listening again")
                time.sleep(SLOWEST)

    def _call(self, names: set[str]) -> None:
        """Call the lanes that have room and in whose queues (`names`) something waits, until they have taken it."""
        waiting = {lane for lane in Lane if lane.queue in names and self.room(lane)}
        if waiting - self._called:
            self._pause, self._due = self.settings.poll, 0.0
        if time.monotonic() >= self._due:
            for lane in waiting:
                self.calls[lane].ring()
            self._due, self._pause = time.monotonic() + self._pause, min(2 * self._pause, SLOWEST)
        self._called = waiting
