"""What an artist finds. Whose picture it is, is asked of the rows: every answer goes through the artist's own scope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from app.judging.vectors import unpack_vector
from app.media.medium import traits
from app.models import Artist, Embedding, Pick, Project, Revision, Work
from app.models.work import has
from app.search.index import Index
from app.search.passage import Passage, passages

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.judging.judge import Vectors

FIRST = 256  # candidates whose rows are read at first; four times as many in all each further time
ENOUGH = 20  # pictures from which on one can say how far from each other they usually are


@dataclass(frozen=True, slots=True)
class Hit:
    """A revision that was found. `nearness` is the cosine to what was asked; None: the words themselves are there."""

    revision: Revision
    nearness: float | None = None
    passage: Passage = ()  # of a text: where its words are, as (text, is one of the words)


class Only(NamedTuple):
    """What a search is narrowed to: a medium, picked revisions, those made since a moment."""

    medium: str | None = None
    picked: bool = False
    since: datetime | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """What a revision must be."""
        around = aliased(Work)
        its = sa.select(around.id).where(around.id == Revision.work_id, around.medium == self.medium)
        pick = sa.select(Pick.revision_id).where(Pick.revision_id == Revision.id)
        found: list[sa.ColumnElement[bool]] = []
        if self.medium:
            found.append(its.correlate(Revision).exists())
        if self.picked:
            found.append(pick.correlate(Revision).exists())
        if self.since:
            found.append(Revision.created_at >= self.since)
        return found


ALL = Only()


def by_run(hits: Iterable[Hit]) -> list[tuple[Hit, list[Hit]]]:
    """The best hit of each run, with the others of that run: variants of one request are much alike."""
    found: dict[UUID, tuple[Hit, list[Hit]]] = {}
    for hit in hits:
        first, others = found.setdefault(hit.revision.generation_id or hit.revision.id, (hit, []))
        if first is not hit:
            others.append(hit)
    return list(found.values())


class Candidate(NamedTuple):
    """A revision that the artist may see, as near as its picture is."""

    id: UUID
    nearness: float
    vector: Vectors


class Search:
    """What one artist finds: in all they may see outside the trash, or in one project of theirs."""

    def __init__(
        self, index: Index, session: Session, artist: Artist, project: Project | None = None, only: Only = ALL
    ) -> None:
        self.index, self.session, self.artist, self.project = index, session, artist, project
        self.only = only.conditions()
        self.version = index.present(session)

    def by_words(self, q: str, limit: int) -> tuple[list[Hit], str | None]:
        """Works that have every word of `q` in title, brief or text, the newest first; then pictures that look like it.

        Beside them why the words alone were compared: "no-judge" or "unknown-words"; None when pictures were, too.
        """
        covers = [work.cover for work in self._worded(q, limit) if work.cover]
        read = passages(self.session, [cover.id for cover in covers if traits(cover.work.medium).worded], q.split())
        hits = [Hit(cover, None, read.get(cover.id, ())) for cover in covers]
        text = self.index.words(q, self.version) if self.version else None
        if text is None:
            return hits, "no-judge"
        if not text.any():
            return hits, "unknown-words"
        there = {hit.revision.id for hit in hits}
        likely = takewhile(lambda one: self.index.likely(one.vector, text), self._nearest(text))
        new = (one for one in islice(likely, limit) if one.id not in there)
        return [*hits, *self._hits(islice(new, limit - len(hits)))], None

    def by_vector(self, vector: Vectors, limit: int, but: Revision | None = None) -> list[Hit]:
        """The pictures nearest to `vector`, without `but`."""
        return self._hits(islice((one for one in self._nearest(vector) if but is None or one.id != but.id), limit))

    def vector_of(self, revision: Revision) -> Vectors | None:
        """Where a revision's picture lies; None when it was not judged yet, or has none."""
        if self.version is None:
            return None
        its = (Embedding.judge_id == self.version.id, Embedding.asset_id == revision.asset_id, self.version.its_vectors)
        kept = self.session.scalar(sa.select(Embedding.vector).where(*its))
        return None if kept is None else unpack_vector(kept)

    def nearest_before(self, revision: Revision) -> tuple[Hit | None, float] | None:
        """The nearest picture that was made before `revision` and not in the same run, and how far it is: 0 is the same,
        1 as far as two pictures here usually are. None when it was not judged yet; no hit when it is the first.
        """
        import numpy as np

        vector = self.vector_of(revision)
        if vector is None or self.version is None:
            return None
        ids, scores = self.index.scores(self.session, self.version, vector)
        usual = float(np.median(scores)) if len(scores) >= ENOUGH else 0.0
        run = revision.generation_id
        apart = sa.true() if run is None else sa.or_(Revision.generation_id.is_(None), Revision.generation_id != run)
        earlier = self._through(ids, scores, vector, Revision.id < revision.id, apart)
        for hit in self._hits(islice(earlier, 1)):
            return hit, min(1.0, max(0.0, (1 - (hit.nearness or 0.0)) / max(1e-6, 1 - usual)))
        return None, 1.0

    def _worded(self, q: str, limit: int) -> list[Work]:
        query = self.artist.works.query().join(Project, Project.id == Work.project_id)
        query = query.where(Work.trashed_at.is_(None), Project.trashed_at.is_(None), Work.cover_id.is_not(None))
        if self.project:
            query = query.where(Work.project_id == self.project.id)
        if self.only:
            query = query.where(sa.select(Revision.id).where(Revision.id == Work.cover_id, *self.only).correlate(Work).exists())
        for word in q.split():
            query = query.where(has(word, self.artist))
        return self.artist.works.page(query.options(joinedload(Work.cover).joinedload(Revision.work)), None, limit)

    def _nearest(self, vector: Vectors) -> Iterator[Candidate]:
        if self.version:
            yield from self._through(*self.index.scores(self.session, self.version, vector), vector)

    def _through(
        self, ids: NDArray[Any], scores: Vectors, vector: Vectors, *also: sa.ColumnElement[bool]
    ) -> Iterator[Candidate]:
        """What the artist may see, the nearest first: some candidates at a time, for as long as somebody asks for more."""
        import numpy as np

        begin, end = 0, FIRST
        while begin < len(ids):
            best = np.argpartition(scores, -end)[-end:] if end < len(ids) else np.arange(len(ids))
            best = best[np.argsort(-scores[best], kind="stable")][begin:end]
            yield from self._visible([UUID(bytes=ids[at].tobytes()) for at in best], vector, also)
            begin, end = end, 4 * end

    def _visible(
        self, embeddings: Sequence[UUID], vector: Vectors, also: Sequence[sa.ColumnElement[bool]]
    ) -> Iterator[Candidate]:
        """The newest revision of each of these pictures that the artist may see, by the exact cosine."""
        newest = sa.func.row_number().over(partition_by=Embedding.id, order_by=Revision.id.desc()).label("newest")
        query = self.artist.revisions.query().with_only_columns(Revision.id, Embedding.vector, newest)
        query = query.join(Embedding, Embedding.asset_id == Revision.asset_id).where(
            Embedding.id.in_(embeddings), *also, *self.only
        )
        query = query.where(self.version.its_vectors) if self.version else query
        # One look at each one's work. Joined, SQLite would begin with all works outside the trash.
        there = sa.select(Work.id).join(Project).where(Work.id == Revision.work_id)
        there = there.where(Work.trashed_at.is_(None), Project.trashed_at.is_(None))
        if self.project:
            there = there.where(Work.project_id == self.project.id)
        query = query.where(there.correlate(Revision).exists())
        each = query.subquery()
        rows = self.session.execute(sa.select(each.c.id, each.c.vector).where(each.c.newest == 1)).all()
        found = [(id, unpack_vector(kept)) for id, kept in rows]
        yield from sorted((Candidate(id, float(kept @ vector), kept) for id, kept in found), key=lambda one: -one.nearness)

    def _hits(self, candidates: Iterable[Candidate]) -> list[Hit]:
        nearness = {one.id: one.nearness for one in candidates}
        query = sa.select(Revision).where(Revision.id.in_(nearness)).options(joinedload(Revision.work))
        known = {revision.id: revision for revision in self.session.scalars(query).unique()}
        return [Hit(known[id], near) for id, near in nearness.items()]
