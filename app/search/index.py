"""The vectors of a judge in memory, and how near each of them is to one.

They lie there as bytes with a scale a row: a quarter of what floats take, and twice as fast to go through (200,000 of 256
numbers: 10 ms and 51 MB on one core). Whoever wants the exact cosine reads the few that came out nearest from the table.
numpy is imported when somebody searches for the first time.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import EngineError
from app.judging.judge import Judge
from app.judging.vectors import KIND
from app.models import Embedding, JudgeVersion
from app.models.judgement import present_judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.judging.judge import Vectors

log = logging.getLogger(__name__)
STEP = 2048  # rows compared at a time: their floats stay in the processor's cache
PIECE = 10_000  # rows read from the table at a time
SETTLING = 20_000  # milliseconds in which a row may still appear below one that was read
LIKELY = 0.5  # the adherence from which on a picture rather belongs to the words than not


class Index:
    """The vectors of the present judge, brought up to date whenever somebody asks."""

    def __init__(self, judge: Judge | None) -> None:
        self.judge = judge
        self._lock = threading.Lock()
        self._clear(None)

    def _clear(self, version: JudgeVersion | None) -> None:
        self.version, self.count = version, 0
        self._ids: Any = None  # [room] 16 bytes each
        self._rows: Any = None  # [room, dimensions] int8
        self._scales: Any = None  # [room] float32
        self._recent: set[UUID] = set()
        self._newest = 0  # milliseconds since 1970 of the newest id

    def present(self, session: Session) -> JudgeVersion | None:
        """The judge whose vectors there are; None when this studio has none, or it never judged."""
        return present_judge(session, self.judge.name) if self.judge else None

    def words(self, text: str, version: JudgeVersion) -> Vectors | None:
        """`text` as a vector of `version`; None when this process cannot read words for it (a judge that needs torch,
        weights that a worker has not begun to use yet). Zero: no word of it is known.
        """
        if self.judge is None or not self.judge.light:
            return None
        # One thread for numpy, unless somebody said otherwise: a search is short, and the cores belong to the worker.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        try:
            return self.judge.embed_texts([text])[0] if self.judge.version == version.version else None
        except (EngineError, ImportError) as error:
            log.warning("words cannot be compared with pictures: %s", error)
            return None

    def likely(self, vector: Vectors, text: Vectors) -> bool:
        """True when a picture rather belongs to the words than not."""
        return self.judge is not None and float(self.judge.adherence(vector[None], text)[0]) >= LIKELY

    def scores(self, session: Session, version: JudgeVersion, vector: Vectors) -> tuple[NDArray[Any], Vectors]:
        """Ids of embeddings [n] and their cosine to `vector` [n], good to 0.01."""
        import numpy as np

        with self._lock:
            self._catch_up(session, version)
            ids, rows, scales, count = self._ids, self._rows, self._scales, self.count
        found, room = np.empty(count, np.float32), np.empty((STEP, version.dimensions), np.float32)
        for at in range(0, count, STEP):
            some = room[: min(STEP, count - at)]
            np.copyto(some, rows[at : at + len(some)])
            np.dot(some, vector, out=found[at : at + len(some)])
        return ids[:count], found * scales[:count]

    def _catch_up(self, session: Session, version: JudgeVersion) -> None:
        """Read what was embedded since the last time."""
        import numpy as np

        if self.version is None or self.version.id != version.id:
            self._clear(version)
            self._make_room(1, version.dimensions)
        its = sa.and_(Embedding.judge_id == version.id, version.its_vectors)
        since = UUID(int=max(0, self._newest - SETTLING) << 80)
        present = session.scalars(sa.select(Embedding.id).where(its, Embedding.id > since).order_by(Embedding.id))
        unread = [id for id in present if id not in self._recent]
        for at in range(0, len(unread), PIECE):
            span = Embedding.id.between(unread[at], unread[min(at + PIECE, len(unread)) - 1])
            rows = session.execute(sa.select(Embedding.id, Embedding.vector).where(its, span).order_by(Embedding.id))
            new = [(id, vector) for id, vector in rows if id not in self._recent]
            vectors = np.frombuffer(b"".join(vector for _id, vector in new), KIND).reshape(len(new), version.dimensions)
            vectors = vectors.astype(np.float32)
            scales = np.maximum(np.abs(vectors).max(1), np.float32(1e-9)) / 127
            self._make_room(self.count + len(new), version.dimensions)
            place = slice(self.count, self.count + len(new))
            self._ids[place] = np.frombuffer(b"".join(id.bytes for id, _vector in new), "V16")
            self._rows[place] = np.rint(vectors / scales[:, None])
            self._scales[place] = scales
            self.count += len(new)
            self._newest = max(self._newest, new[-1][0].int >> 80)
            self._recent |= {id for id, _vector in new}
        self._recent = {id for id in self._recent if id.int >> 80 >= self._newest - SETTLING}

    def _make_room(self, count: int, dimensions: int) -> None:
        """Arrays of at least `count` rows; whoever still reads the old ones keeps them."""
        import numpy as np

        room = 0 if self._ids is None else len(self._ids)
        if count <= room:
            return
        more = max(1024, count * 5 // 4)
        kinds: dict[str, tuple[tuple[int, ...], Any]] = {
            "_ids": ((more,), "V16"),
            "_rows": ((more, dimensions), np.int8),
            "_scales": ((more,), np.float32),
        }
        for name, (shape, kind) in kinds.items():
            grown, old = np.empty(shape, kind), getattr(self, name)
            if old is not None:
                grown[: self.count] = old[: self.count]
            setattr(self, name, grown)
