"""The worker process: loads engines, takes generations from the queue, and says that it lives."""

from __future__ import annotations

import logging
import os
import platform
import secrets
import signal
import threading
import time
from uuid import UUID

import sqlalchemy as sa
from dbos import DBOS

from app.engines.catalog import catalog
from app.engines.engine import Engine
from app.engines.image.house import House
from app.errors import EngineError, StemmaError, _
from app.judging.catalog import make_judge
from app.lanes import Lane
from app.models import Generation, Worker
from app.requests.engine_request import request_for
from app.requests.one_by_one import run_each
from app.requests.own_style import style_of
from app.settings import Settings
from app.storage.db import Database, now
from app.storage.queue import PROGRESS, Queue
from app.storage.store import Store
from app.worker.judging import Judging
from app.worker.likelihoods import Reading
from app.worker.liveness import Liveness
from app.worker.model_lock import Turns
from app.worker.pace import NET, Pace
from app.worker.pasting import pasted_back
from app.worker.prepare import Preparing
from app.worker.progress import Progress
from app.worker.run import begin, fail, patiently, perform, release, unforeseen, waiting_for
from app.worker.save_results import Lost, finish
from app.worker.stops import Stopped
from app.worker.sweep import Sweep
from app.worker.taking import Taking
from app.worker.teaching import Teaching

log = logging.getLogger(__name__)
HEARTBEAT = 1.0  # seconds between sweeps while anything is open; half of it from a change to the sweep
TOLD_EVERY = 10.0  # seconds between two writes of the worker's row; it is also written when its state changes
DISK_PATIENCE = 20.0  # seconds a result waits for room on a full disk before the generation fails


def pick_device(wanted: str) -> str:
    """The device for `wanted` ("auto" takes a GPU when torch sees one)."""
    if wanted != "auto":
        return wanted
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


class WorkerProcess:
    """One device, one run of each lane at a time: they take turns at it, step by step."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.id = f"{platform.node()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"  # new at every start: DBOS wants it unique
        self.database = Database(settings)
        self.queue = Queue(settings)
        self.store = Store(settings.data, self.id)
        self.liveness = Liveness(settings)
        self.sweep = Sweep(self.id, self.database, self.queue, self.store, self.liveness)
        self.engines: dict[str, Engine] = catalog(settings)
        chosen = make_judge(settings)
        self.judging = chosen and Judging(chosen, self.database, self.store, lambda: self.sweep.leads, lambda: not self.running)
        self.turns = Turns()
        self.preparing = Preparing(self.engines, self.load, self.turns, settings.preload)
        self.reading = Reading(self.database, self.engines, self.load, self.turns, lambda: self.sweep.leads)
        house = self.engines.get("house")
        taught = house if isinstance(house, House) else None
        busy = lambda: bool(self.running)  # noqa: E731 (what is made comes first)
        self.teaching = Teaching(self.database, self.store, taught, self.turns, lambda: self.sweep.leads, busy)
        self.device = ""
        self.warm: list[str] = []
        if self.judging:
            self.judging.turns = self.turns
        self.running: dict[UUID, Generation] = {}  # the oldest first
        self.places = {lane: threading.BoundedSemaphore(lane.at_once) for lane in Lane}
        self.state = "starting"
        self.pace = Pace(HEARTBEAT / 2)
        others = [self.pace, self.reading.pace, self.teaching.pace, *([self.judging.pace] if self.judging else [])]
        self.taking = Taking(settings, self.id, self.make, self.room, others)
        self.stop = threading.Event()

    def run(self) -> None:
        """Serve until told to stop (SIGTERM, SIGINT). A running generation gets `grace` seconds to end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_args: self.stop.set())
        if not self.liveness.hold(self.id):
            raise EngineError(reason=_("another worker runs under this name"))
        heart = threading.Thread(target=self._beat, daemon=True)
        heart.start()  # from the first moment: loading a large model takes longer than a page waits for a sign of life
        self._load()
        self.taking.start()
        if self.judging:
            judging = (self.stop, lambda: self.device or pick_device(self.settings.device))
            threading.Thread(target=self.judging.run, args=judging, daemon=True).start()
        for aside in (self.preparing, self.reading, self.teaching):
            threading.Thread(target=aside.run, args=(self.stop,), daemon=True).start()
        self.state = "idle"
        self._tell("idle")
        log.info("worker %s is ready on %s", self.id, self.device)
        self.stop.wait()
        for pace in self.taking.others:
            pace.hurry()
        heart.join(2 * HEARTBEAT)
        self._leave()

    def _load(self) -> None:
        """Bring the engines that are ready by themselves into memory, so that the first request is quick."""
        house = self.engines.get("house")
        if self.settings.preload and house is not None and house.unready() is None:
            try:
                self.load(house)
                house.warm()
            except EngineError as error:
                log.error("the house engine does not load: %s", error)  # noqa: TRY400 (the message says all)

    def load(self, engine: Engine) -> None:
        """Bring `engine` into memory, unless it is there. Raises EngineError."""
        if engine.name in self.warm:
            return
        with self.turns.loading():
            self.device = self.device or pick_device(self.settings.device)
            engine.load(self.device)
            if engine.name not in self.warm:
                self.warm.append(engine.name)

    def room(self, lane: Lane) -> bool:
        """Whether one more generation of `lane` may run now."""
        return sum(Lane.of(one.priority) is lane for one in self.running.values()) < lane.at_once

    def make(self, id: str) -> str:
        """Run one generation to its end; what became of it."""
        wanted = waiting_for(self.database, UUID(id))
        if wanted is None:
            return "nothing to do"
        engine, lane = self.engines.get(wanted[0]), wanted[1]
        if engine is not None and engine.preparing:
            self.preparing.want(engine)
            return "not yet"  # it stays queued, others pass it, and the sweep offers it again
        with self.places[lane]:  # the queue counts what it handed over a moment late, so two may come for one place
            return self._in_its_place(UUID(id))

    def _in_its_place(self, id: UUID) -> str:
        while self.stop.is_set():
            time.sleep(60)  # taken while leaving: it stays unbegun, and another worker takes it over
        generation = begin(self.database, id, self.id, self.settings.attempts)
        if generation is None:
            return "nothing to do"
        self.running[generation.id] = generation
        try:
            self._make(generation)
        except Lost:
            return "lost"
        except StemmaError as error:
            log.warning("generation %s failed: %s", id, error)
            reason = error
            patiently(lambda: fail(self.database, generation, reason))
            return "failed"
        except Exception as error:
            # Whatever a model or a library raised: it fails now, with its reason, and is not tried until it is given up.
            # The queue's own signals (cancelled, taken over) are BaseExceptions and pass.
            log.exception("generation %s failed", id)
            said = unforeseen(error)
            patiently(lambda: fail(self.database, generation, said))
            return "failed"
        finally:
            del self.running[generation.id]
            self.taking.freed()
            self.queue.ring()
        return "done"

    def _make(self, generation: Generation) -> None:
        engine = self.engines.get(generation.engine)
        writes = engine is not None and engine.writes
        progress = Progress(lambda word: DBOS.write_stream(PROGRESS, word), generation.attempt, lasting=writes)
        loading = engine is not None and engine.name not in self.warm
        progress.begin(generation.count, loading=loading)
        if engine is None:
            raise EngineError(reason=_("this worker does not have that engine"))
        stopped, lane = Stopped(self.database, generation.id, progress) if writes else None, Lane.of(generation.priority)
        with self.turns.open(lane):
            self.load(engine)
            if loading:
                progress.begin(generation.count)
            style = style_of(self.database, generation.params)
            request = request_for(generation, engine, self.store.get, stopped or (), style)
            contents = perform(run_each(engine, request, generation), progress, lambda steps: self.turns.steps(steps, lane))
        contents = pasted_back(request, contents)
        if progress.cancelled and stopped:
            stopped.look()
            if not stopped.cancelled:  # another worker has it: what was written here is not the artist's
                raise progress.cancelled
        patiently(lambda: finish(self.database, self.store, generation, contents), room=DISK_PATIENCE)
        log.info("generation %s: %d variants", generation.id, len(contents))
        if progress.cancelled:
            raise progress.cancelled
        if self.judging:
            self.judging.made(generation.id)

    def _beat(self) -> None:
        """Say that this worker lives, and sweep, until it stops."""
        told, last, swept, changed = -NET, "", -NET, True
        while not self.stop.is_set():
            try:
                state = "busy" if self.running else self.state
                if state != last or time.monotonic() - told >= TOLD_EVERY:
                    told, last = time.monotonic(), state
                    self._tell(state)
                self.liveness.hold(self.id)
                if changed or self.sweep.open or time.monotonic() - swept >= NET:
                    swept = time.monotonic()
                    self.sweep.once()
            except Exception:  # a locked or restarting database must not end the worker
                log.exception("the sweep failed and will be tried again")
            changed = self.pace.wait(HEARTBEAT if self.sweep.open else TOLD_EVERY)

    def _tell(self, state: str) -> None:
        current = next(iter(list(self.running.values())), None)
        with self.database.writing() as session:
            row = session.get(Worker, self.id) or Worker(id=self.id, name=platform.node(), device=self.device)
            row.state, row.seen_at, row.generation_id = state, now(), current.id if current else None
            row.facts = {"pid": os.getpid(), "threads": self.settings.worker_threads, "engines": list(self.warm)}
            session.add(row)

    def _leave(self) -> None:
        """Let the running generation end, or give it back; then go, without waiting for the queue's own threads."""
        end = time.monotonic() + self.settings.grace
        while self.running and time.monotonic() < end:
            time.sleep(0.05)
        try:
            for generation in list(self.running.values()):
                release(self.database, generation)
            if self.sweep.leads:
                self.teaching.release()
            self._tell("gone")
        except sa.exc.SQLAlchemyError:
            log.exception("could not say goodbye")
        logging.shutdown()
        os._exit(0)
