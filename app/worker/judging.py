"""Judging: a judge looks at what was made, brought in or asked for, in a thread of its own. Nothing waits for it.

What is left to judge is read from the rows: a revision with a picture and without a verdict of these very weights. So
nothing is queued, nothing can be forgotten, and other weights begin anew by themselves. The sweeper's worker looks after
everybody's pictures, every other one after those it made.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from PIL import Image
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.brief import Brief
from app.judging.judge import Judge
from app.judging.vectors import pack_vector, unpack_vector
from app.models import Asset, Embedding, Generation, JudgeVersion, Probe, Revision, Verdict
from app.models.query_image import LIFE
from app.storage.db import Database, now, uuid7
from app.storage.store import Store
from app.worker.model_lock import Turns
from app.worker.pace import NET, Pace

if TYPE_CHECKING:
    from app.judging.judge import Vectors

log = logging.getLogger(__name__)
LOOK_EVERY = 0.5  # seconds at least between looks for imports and probes
READY_EVERY = 30.0  # seconds between looks whether a judge that was not ready is ready now
SETTLING = 60.0  # seconds in which a row may still appear below one that was seen
BATCH = 16  # pictures judged in one go
STRIDE = 500  # revisions looked through in one go for those that were never judged
LAST = UUID(int=2**128 - 1)


class Judging:
    """One judge on one device. `leads` says whether this worker looks after everybody's pictures, `idle` whether it has
    time for those of long ago.
    """

    def __init__(
        self, judge: Judge, database: Database, store: Store, leads: Callable[[], bool], idle: Callable[[], bool]
    ) -> None:
        self.judge, self.database, self.store, self.leads, self.idle = judge, database, store, leads, idle
        self.id: UUID | None = None  # of the row of these weights, once they are loaded
        self.turns = Turns()  # a worker's own
        self._made: deque[UUID] = deque()
        self._given_up: set[UUID] = set()  # what these weights cannot look at, until the worker starts again
        self._since = _moment(time.time() - SETTLING)
        self._below: UUID | None = LAST
        self.pace = Pace(LOOK_EVERY)
        self._ask_again = 0.0

    def made(self, generation: UUID) -> None:
        """Look at the variants of `generation` as soon as possible."""
        self._made.append(generation)
        self.pace.hurry()

    def run(self, stop: threading.Event, device: Callable[[], str]) -> None:
        """Judge on `device` until told to stop. Whatever goes wrong is told to the log, and tried again."""
        while not stop.is_set():
            more, most = False, NET
            try:
                more = self.ready(device) and self.once()
            except Exception:  # a judge, a library or the database; the studio goes on without a judge
                log.exception("judging failed and will be tried again")
                most = LOOK_EVERY
            if not more:
                self.pace.wait(most)

    def ready(self, device: Callable[[], str]) -> bool:
        """Load the weights when they are there, and say in the database that these judge from now on."""
        if self.id is not None:
            return True
        if time.monotonic() < self._ask_again:
            return False
        self._ask_again = time.monotonic() + READY_EVERY
        if reason := self.judge.unready():
            log.info("the judge is not ready: %s", reason)
            return False
        with self.turns.loading():
            self.judge.load(device())
        known = {"name": self.judge.name, "version": self.judge.version}
        told = {"title": self.judge.title[:300], "dimensions": self.judge.dimensions, "seen_at": now()}
        with self.database.writing() as session:
            _insert(session, JudgeVersion, [{"id": uuid7(), **known, **told}])
            row = session.scalars(sa.select(JudgeVersion).filter_by(**known)).one()
            row.seen_at = now()
            self.id = row.id
        log.info("the judge %s is ready", self.judge.title)
        return True

    def once(self) -> bool:
        """A whole pass; True when there is more to do at once."""
        while self._made:
            self._judge(Revision.generation_id == self._made.popleft())
        if not self.leads():
            return False
        self._look_at_probes()
        began = time.time()
        fresh = self._judge(Revision.id > self._since)
        if fresh < BATCH:
            self._since = _moment(began - SETTLING)
        return fresh == BATCH or (self.idle() and self._go_back())

    def _go_back(self) -> bool:
        """Judge a few of long ago, the newest first; False when there are no more."""
        if self._below is None:
            return False
        with self.database.reading() as session:
            ids = sa.select(Revision.id).where(Revision.id < self._below).order_by(Revision.id.desc())
            first = session.scalar(ids.offset(STRIDE - 1).limit(1)) or UUID(int=0)
        if self._judge(Revision.id >= first, Revision.id < self._below) < BATCH:
            self._below = first if first.int else None
        return True

    def _judge(self, *which: sa.ColumnElement[bool]) -> int:
        """Judge at most BATCH of `which`; how many there were."""
        seen = sa.exists().where(Verdict.revision_id == Revision.id, Verdict.judge_id == self.id)
        columns = (Revision.id, Revision.generation_id, Revision.brief_data, Revision.asset_id)
        pixels = sa.func.coalesce(Asset.raster, Asset.sha256).label("pixels")
        pictured = sa.and_(Asset.sha256 == Revision.asset_id, Asset.media_type.startswith("image/"))  # texts and tunes are not
        query = sa.select(*columns, pixels).join(Asset, pictured).where(~seen, *which)
        with self.database.reading() as session:
            rows = session.execute(query.order_by(Revision.id.desc()).limit(BATCH + len(self._given_up))).all()
        rows = [row for row in rows if row.id not in self._given_up][:BATCH]
        if rows:
            self._keep(rows, *self._found(rows))
        return len(rows)

    def _found(self, rows: Sequence[Any]) -> tuple[dict[str, Vectors], dict[UUID, list[float | None]]]:
        """The vectors of the rows' pictures, by asset, and how well each row keeps to its brief and its criteria."""
        with self.database.reading() as session:
            known = sa.select(Embedding.asset_id, Embedding.vector).where(Embedding.judge_id == self.id)
            known = known.where(Embedding.asset_id.in_({row.asset_id for row in rows}))
            vectors = {asset: unpack_vector(vector) for asset, vector in session.execute(known)}
        missing = {row.asset_id: row for row in rows if row.asset_id not in vectors}
        vectors |= self._embedded(list(missing.values()))
        found: dict[UUID, list[float | None]] = {}
        for row in rows:
            if row.asset_id not in vectors:
                self._given_up.add(row.id)
                continue
            try:
                found[row.id] = self._kept(vectors[row.asset_id], Brief.model_validate(row.brief_data))
            except Exception:  # whatever a model or a library raises for these words
                log.warning("the judge cannot read the brief of revision %s", row.id, exc_info=True)
                self._given_up.add(row.id)
        return vectors, found

    def _embedded(self, rows: Sequence[Any]) -> dict[str, Vectors]:
        """The vector of each row's picture, by asset; what cannot be looked at is given up, one by one."""
        try:
            pictures = [Image.open(io.BytesIO(self.store.get(row.pixels))) for row in rows]
            if not rows:
                return {}
            with self.turns.using():
                return dict(zip([row.asset_id for row in rows], self.judge.embed_pictures(pictures), strict=True))
        except Exception:  # whatever a model or a library raises for this picture
            if len(rows) > 1:
                return {asset: vector for row in rows for asset, vector in self._embedded([row]).items()}
            log.warning("the judge cannot look at revision %s", rows[0].id, exc_info=True)
            return {}

    def _kept(self, vector: Vectors, brief: Brief) -> list[float | None]:
        """How well the picture keeps to the brief as a whole, then to each of its criteria; None where nothing is asked
        that the judge knows.
        """
        with self.turns.using():
            texts = self.judge.embed_texts([brief.prompt().positive, *brief.criteria])
        return [float(self.judge.adherence(vector[None], text)[0]) if text.any() else None for text in texts]

    def _keep(self, rows: Sequence[Any], vectors: dict[str, Vectors], found: dict[UUID, list[float | None]]) -> None:
        moment = now()
        shared = {"judge_id": self.id}
        embeddings = [shared | {"id": uuid7(), "asset_id": asset, "vector": pack_vector(one)} for asset, one in vectors.items()]
        verdicts = [
            shared | {"revision_id": id, "adherence": whole, "criteria": lines, "judged_at": moment}
            for id, (whole, *lines) in found.items()
        ]
        with self.database.writing() as session:
            _insert(session, Embedding, embeddings)
            _insert(session, Verdict, verdicts)
            judged = Generation.id.in_({row.generation_id for row in rows if row.id in found and row.generation_id})
            session.execute(sa.update(Generation).where(judged).values(judged_at=moment))

    def _look_at_probes(self) -> None:
        """Put a vector beside each picture that somebody brought to search by; forget those of yesterday."""
        with self.database.reading() as session:
            old = session.scalar(sa.select(sa.exists().where(Probe.created_at < now() - LIFE)))
            unseen = sa.or_(Probe.judge_id.is_(None), Probe.judge_id != self.id)
            query = sa.select(Probe.id, Probe.picture).where(unseen).order_by(Probe.id.desc())
            rows = session.execute(query.limit(BATCH)).all()
        rows = [row for row in rows if row.id not in self._given_up]
        if not rows and not old:
            return
        found: dict[UUID, bytes] = {}
        for row in rows:
            try:
                with self.turns.using():
                    found[row.id] = pack_vector(self.judge.embed_pictures([Image.open(io.BytesIO(row.picture))])[0])
            except Exception:
                log.warning("the judge cannot look at probe %s", row.id, exc_info=True)
                self._given_up.add(row.id)
        with self.database.writing() as session:
            session.execute(sa.delete(Probe).where(Probe.created_at < now() - LIFE))
            for id, vector in found.items():
                session.execute(sa.update(Probe).where(Probe.id == id).values(judge_id=self.id, vector=vector))


def _moment(seconds: float) -> UUID:
    """Below every id (UUIDv7) that is made from `seconds` (since 1970) on."""
    return UUID(int=int(seconds * 1000) << 80)


def _insert(session: Session, table: type[Any], rows: Iterable[dict[str, Any]]) -> None:
    """Insert what is not there yet: another worker may have been quicker."""
    kind = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    if rows := list(rows):
        session.execute(kind(table).values(rows).on_conflict_do_nothing())
