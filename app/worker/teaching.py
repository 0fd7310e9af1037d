"""Teach: styles are learned in a thread of the worker, one at a time, whenever nothing else is made.

What is to be learned is read from the rows, so nothing is queued and nothing can be forgotten: a style whose worker died is
gone on with from its last checkpoint, by whichever worker looks after everybody's.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import PurePath
from uuid import UUID

import sqlalchemy as sa

from app.engines.image.house import House
from app.errors import DiskFullError, EngineError, StemmaError, _
from app.media.image.picture import opened
from app.models.revision import Revision
from app.models.style import UNDER_WAY, Checkpoint, Learning, Style
from app.storage.db import Database
from app.storage.store import Store
from app.worker.model_lock import Turns
from app.worker.pace import Pace
from app.worker.run import patiently, unforeseen
from app.worker.taught import Lesson, Settings, Taught

log = logging.getLogger(__name__)
LETTERS = re.compile(r"[^\W\d_]+")
LOOK_EVERY = 1.0  # seconds between two looks at the row of what is being learned, and at the rows
PASSED_OVER = 20.0  # seconds that other work may keep a step waiting
ROOM = 20.0  # seconds that a checkpoint waits for room on a full disk before learning fails


class Left(Exception):  # noqa: N818 (not an error: it was stopped, or the worker stops, or another has it)
    """This style is no longer this worker's to learn."""


class Teaching:
    """`leads` says whether this worker looks after everybody's, `busy` whether something is being made that comes first."""

    def __init__(
        self,
        database: Database,
        store: Store,
        house: House | None,
        turns: Turns,
        leads: Callable[[], bool],
        busy: Callable[[], bool],
    ) -> None:
        self.database, self.store, self.house, self.turns, self.leads, self.busy = database, store, house, turns, leads, busy
        self.settings = Settings()
        self.pace = Pace(LOOK_EVERY)
        self._stop = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Let styles be learned until told to stop. Whatever goes wrong is told to the log, and tried again."""
        self._stop = stop
        while not stop.is_set():
            self.pace.wait()
            try:
                while self.leads() and not stop.is_set() and self.once():
                    pass
            except sa.exc.SQLAlchemyError:
                log.exception("teaching failed and will be tried again")
                stop.wait(10 * LOOK_EVERY)

    def once(self, attempts: int = 3) -> bool:
        """Let the oldest style that waits be learned to its end; False when none waits."""
        begun = self._begin(attempts)
        if begun is None:
            return False
        id, attempt = begun
        if attempt > attempts:
            said = _("A worker died %(attempts)d times while it learned this, so it was given up. What was learned is kept.")
            self._fail(id, EngineError(said, attempts=attempts))
            return True
        try:
            self._learn(id, attempt)
        except Left:
            log.info("style %s is left", id)
        except StemmaError as error:
            log.warning("style %s failed: %s", id, error)
            self._fail(id, error)
        except Exception as error:
            log.exception("style %s failed", id)
            full = isinstance(error, sa.exc.OperationalError) and "full" in str(error)
            self._fail(id, DiskFullError() if full else unforeseen(error))
        return True

    def _begin(self, attempts: int) -> tuple[UUID, int] | None:
        """Take the oldest, and count how often that was done."""
        waits = sa.select(Style).where(Style.state.in_(UNDER_WAY), Style.trashed_at.is_(None)).order_by(Style.id).limit(1)
        with self.database.reading() as session:
            if session.scalar(waits.with_only_columns(Style.id)) is None:
                return None
        with self.database.writing() as session:
            row = session.scalar(waits.with_for_update())
            if row is None:
                return None
            row.state, row.attempt = Learning.LEARNING, row.attempt + 1
            if row.attempt > attempts:
                row.state = Learning.FAILED
            return row.id, row.attempt

    def _learn(self, id: UUID, attempt: int) -> None:
        if self.house is None or (reason := self.house.unready()):
            raise EngineError(reason if self.house else _("this worker does not have that engine"))
        lesson = self._lesson(id)
        with self.turns.loading():
            taught = Taught(self.house, lesson, self.settings)
        told = looked = time.monotonic()
        for checkpoint in self._between(taught.steps()):
            moment = time.monotonic()
            if moment - looked >= LOOK_EVERY or checkpoint is not None:
                looked = moment
                self._look(id, attempt)
            if checkpoint is not None:
                patiently(lambda made=checkpoint: self._keep(id, attempt, made), room=ROOM)  # type: ignore[misc]
            elif moment - told >= 3 * LOOK_EVERY:
                told = moment
                self._tell(id, attempt, progress=taught.progress)
        self._tell(id, attempt, progress=1.0, state=Learning.READY)

    def _between(self, steps: Iterable[Checkpoint | None]) -> Iterable[Checkpoint | None]:
        """Go through `steps`, each in a turn at the models; before each, other work comes first. Raises Left on leaving."""
        steps = iter(steps)
        while True:
            since = time.monotonic()
            while self.busy() and time.monotonic() - since < PASSED_OVER and not self._stop.is_set():
                time.sleep(0.05)
            if self._stop.is_set():
                raise Left
            with self.turns.using():
                try:
                    made = next(steps)
                except StopIteration:
                    return
            yield made

    def _lesson(self, id: UUID) -> Lesson:
        """What is to be learned. Raises NotFoundError when a picture is gone from the store."""
        with self.database.reading() as session:
            row = session.get_one(Style, id)
            told = [(one.revision.asset, _words(one.revision)) for one in row.pictures]
            last = row.checkpoints[-1] if row.checkpoints else None
            pictures = [(asset.pixels, words) for asset, words in told if asset is not None]
            facts = {
                "name": row.name,
                "style": str(row.id),
                "taught_by": row.taught_by.name,
                "consent": f"{row.consented_at.isoformat()} {row.consent}",
                "pictures": " ".join(str(one.revision_id) for one in row.pictures),
                "licence": "of whoever taught it",
            }
            start = (last.weights, last.step, last.spent) if last is not None else None
            base = row.base if last is not None else None
        shown = [(opened(self.store.get(sha256)), words) for sha256, words in pictures]
        return Lesson(shown, facts, start, base)

    def _keep(self, id: UUID, attempt: int, made: Checkpoint) -> None:
        """Keep a checkpoint: the last that repeats no picture is the one that benches offer. Raises Left."""
        with self.database.writing() as session:
            row = session.get(Style, id, with_for_update=True)
            if row is None or row.state != Learning.LEARNING or row.attempt != attempt or row.trashed_at is not None:
                raise Left
            kept = Checkpoint(
                style_id=id,
                step=made.step,
                spent=made.spent,
                sha256=made.sha256,
                weights=made.weights,
                sheet=made.sheet,
                repeats=made.repeats,
            )
            session.add(kept)
            session.flush()
            row.base = self.house.base() if self.house else row.base
            if row.chosen is None or not made.repeats:
                row.chosen_id = kept.id

    def _look(self, id: UUID, attempt: int) -> None:
        """Raises Left when it was stopped, put into the trash, or taken by another worker."""
        query = sa.select(Style.id).where(*_mine(id, attempt))
        with self.database.reading() as session:
            if session.scalar(query) is None:
                raise Left

    def _tell(self, id: UUID, attempt: int, **columns: object) -> None:
        with self.database.writing() as session:
            session.execute(sa.update(Style).where(*_mine(id, attempt)).values(**columns))

    def _fail(self, id: UUID, error: StemmaError) -> None:
        told = {"code": error.code, "title": error.title, "details": error.details}
        ended = sa.update(Style).where(Style.id == id, Style.state.in_((*UNDER_WAY, Learning.FAILED)))
        with self.database.writing() as session:
            session.execute(ended.values(state=Learning.FAILED, error=told))

    def release(self) -> None:
        """The worker stops, and that is no fault of what it learned: that counts as no attempt."""
        taken = sa.update(Style).where(Style.state == Learning.LEARNING, Style.attempt > 0)
        with self.database.writing() as session:
            session.execute(taken.values(state=Learning.WAITING, attempt=Style.attempt - 1))


def _words(revision: Revision) -> str:
    """What a picture shows: its brief, or the letters in the name of the file that it came from."""
    return revision.brief.intent.strip() or " ".join(LETTERS.findall(PurePath(revision.facts.file or "").stem))


def _mine(id: UUID, attempt: int) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions that the style is still this attempt's."""
    return Style.id == id, Style.state == Learning.LEARNING, Style.attempt == attempt, Style.trashed_at.is_(None)
