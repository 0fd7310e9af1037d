"""Revisions: immutable nodes of a work's lineage."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.brief import Brief
from app.diff.authorship import By, stored, whole
from app.errors import NotFoundError
from app.media.facts import Facts
from app.media.medium import traits
from app.models.act import ActKind, record
from app.models.asset import Asset
from app.models.edge import Parent, Role
from app.models.judgement import Verdict
from app.models.pick import Pick
from app.models.scope import FOLLOWS, Scope
from app.models.shapes import BRIEF, FACTS, ORIGINS, PARAMS, SEED, STRENGTH, VERB
from app.models.work import Work, Works
from app.storage.columns import Whole, Word, Words
from app.storage.db import Base, now, uuid7
from app.verbs.verb import rule_of

if TYPE_CHECKING:
    from app.models.artist import Artist
    from app.models.generation import Generation
    from app.models.project import Project


DEEPEST = 20  # pictures that were traced or enlarged one after another


class Origin(StrEnum):
    """Who made a revision."""

    ENGINE = "engine"
    HAND = "hand"
    IMPORT = "import"


class Revision(Base):
    """An immutable node in a work's lineage: content, and how it came about."""

    __tablename__ = "revisions"
    __table_args__ = (
        sa.UniqueConstraint("work_id", "number"),
        # Done twice, a generation's result is one result.
        sa.UniqueConstraint("generation_id", "index"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    work_id: Mapped[UUID] = mapped_column(sa.ForeignKey("works.id"))
    number: Mapped[int] = mapped_column(Whole(1))
    origin: Mapped[Origin] = mapped_column(Word(Origin, Origin.IMPORT, 8))
    verb: Mapped[str | None] = mapped_column(VERB)
    strength: Mapped[str | None] = mapped_column(STRENGTH)
    brief_data: Mapped[dict[str, Any]] = mapped_column("brief", BRIEF, default=dict)
    engine: Mapped[str | None] = mapped_column(Words(40))
    params: Mapped[dict[str, Any]] = mapped_column(PARAMS, default=dict)
    seed: Mapped[int | None] = mapped_column(SEED)
    facts_data: Mapped[dict[str, Any]] = mapped_column("facts", FACTS, default=dict)
    asset_id: Mapped[str | None] = mapped_column(Words(64), sa.ForeignKey("assets.sha256"), index=True)
    text: Mapped[str | None] = mapped_column(Words())
    mask_id: Mapped[UUID | None]  # of a picture that changed in one place of its parent
    origins: Mapped[list[list[Any]] | None] = mapped_column(ORIGINS)  # of a text: [[start, end, by], …] (origins.py)
    generation_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("generations.id"))
    index: Mapped[int | None] = mapped_column(Whole(0))  # within its generation, from 0
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))

    work: Mapped[Work] = relationship(foreign_keys=[work_id])
    asset: Mapped[Asset | None] = relationship(lazy="joined")
    generation: Mapped[Generation | None] = relationship(back_populates="variants")
    created_by: Mapped[Artist] = relationship()
    parents: Mapped[list[Parent]] = relationship(
        foreign_keys=[Parent.child_id], back_populates="child", order_by=Parent.position, lazy="selectin"
    )
    picks: Mapped[list[Pick]] = relationship(lazy="selectin", order_by=Pick.created_at, cascade="all, delete-orphan")

    verdicts: Mapped[list[Verdict]] = relationship(lazy="selectin", order_by=Verdict.judged_at, viewonly=True)

    @property
    def verdict(self) -> Verdict | None:
        """What a judge found of it last."""
        return self.verdicts[-1] if self.verdicts else None

    @property
    def damaged(self) -> list[str]:
        """What of it, its edges, its file and its verdict does not fit its column."""
        parts = [self.asset, self.verdict, *self.parents]
        return [*super().damaged, *dict.fromkeys(name for part in parts if part is not None for name in part.damaged)]

    @property
    def brief(self) -> Brief:
        """What was asked (of an import: nothing)."""
        return Brief.model_validate(self.brief_data)

    @property
    def facts(self) -> Facts:
        """How it was made: compiled prompt, likelihood, checks; of an import its file's name."""
        return Facts.of(self.facts_data)

    @property
    def sketch(self) -> bool:
        """True when its engine took few steps, to be quick."""
        return self.params.get("pace") == "sketch"

    @property
    def picked(self) -> bool:
        """True when somebody chose it."""
        return bool(self.picks)

    @property
    def painted(self) -> Revision:
        """The revision whose engine can go on from here: this one or, where a verb with an engine of its own made it (a
        drawing that was traced, a picture that was enlarged), the one that it was made from.
        """
        found = self
        for _step in range(DEEPEST):
            made_from = (edge.parent for edge in found.parents if rule_of(edge.role).own_engine)
            parent = next(made_from, None)
            if parent is None:
                break
            found = parent
        return found

    def pick(self, by: Artist) -> None:
        """Record that `by` chose this revision; choosing twice is choosing once."""
        if all(pick.artist_id != by.id for pick in self.picks):
            self.picks.append(Pick(revision_id=self.id, artist_id=by.id, created_at=now()))
            self.work.cover_id, self.work.touched_at = self.id, now()
            record(_session(self), ActKind.PICKED, by, self.work.place, self.id, number=self.number)

    def unpick(self, by: Artist) -> None:
        """Take `by`'s choice back; what was never chosen stays so."""
        if all(pick.artist_id != by.id for pick in self.picks):
            return
        self.picks[:] = [pick for pick in self.picks if pick.artist_id != by.id]
        session = _session(self)
        session.flush()
        record(session, ActKind.UNPICKED, by, self.work.place, self.id, number=self.number)
        choose_cover(session, self.work)
        self.work.touched_at = now()

    def children(self) -> list[Revision]:
        """What came from it, in any work, oldest first."""
        query = sa.select(Revision).join(Parent, Parent.child_id == Revision.id).where(Parent.parent_id == self.id)
        return list(_session(self).scalars(query.order_by(Revision.id), execution_options=FOLLOWS).unique())

    def path(self) -> list[Revision]:
        """The way from the root to here along first parents, both ends included."""
        step = sa.select(Parent.parent_id, sa.literal(1).label("depth")).where(Parent.child_id == self.id, Parent.position == 0)
        up = step.cte("up", recursive=True)
        nearer = sa.select(Parent.parent_id, up.c.depth + 1).where(Parent.child_id == up.c.parent_id, Parent.position == 0)
        up = up.union_all(nearer)
        query = sa.select(Revision).join(up, up.c.parent_id == Revision.id).order_by(up.c.depth.desc())
        return [*_session(self).scalars(query, execution_options=FOLLOWS).unique(), self]


def _session(thing: object) -> Session:
    session = object_session(thing)
    if session is None:
        raise RuntimeError("this revision belongs to no session")
    return session


def choose_cover(session: Session, work: Work) -> None:
    """Set the work's cover: the latest pick, else the latest revision made by hand, else the latest."""
    mine = sa.select(Revision.id).where(Revision.work_id == work.id)
    picked = mine.join(Pick).order_by(Pick.created_at.desc(), Revision.number.desc()).limit(1)
    by_hand_first = sa.case((Revision.origin == Origin.HAND, 1), else_=0).desc()
    work.cover_id = session.scalar(picked) or session.scalar(mine.order_by(by_hand_first, Revision.number.desc()).limit(1))


class Revisions(Scope[Revision]):
    """The revisions of works an artist may see."""

    model = Revision

    def query(self) -> sa.Select[Revision]:
        # Correlated: one look at one work. As a list, SQLite would gather every visible work before it looks.
        visible = Works(self.session, self.artist).query().where(Work.id == Revision.work_id)
        return sa.select(Revision).where(visible.correlate(Revision).exists())

    def project_of(self, found: Revision) -> Project:
        return found.work.project

    def of(self, work: Work, cursor: int | None = None, limit: int = 100) -> list[Revision]:
        """The revisions of `work`, latest number first, below number `cursor`."""
        query = sa.select(Revision).where(Revision.work_id == work.id)
        if cursor is not None:
            query = query.where(Revision.number < cursor)
        return list(self.session.scalars(query.order_by(Revision.number.desc()).limit(limit)).unique())

    def asset(self, id: UUID) -> Asset | None:
        """The asset of revision `id`, if it has one, and nothing else of it: a wall asks for a hundred at once.

        Raises NotFoundError when there is no such revision, or when it is another's.
        """
        mine = self.query().where(Revision.id == id).with_only_columns(Revision.id, Asset)
        found = self.session.execute(mine.outerjoin(Asset, Asset.sha256 == Revision.asset_id)).first()
        if found is None:
            raise NotFoundError
        return found[1]

    def add_import(self, work: Work, asset: Asset | None, facts: dict[str, Any], text: str | None = None) -> Revision:
        """A root of the lineage from outside: an uploaded picture or text."""
        about = {"text": text, "origins": stored(whole(text, By.IMPORT))} if text is not None else {"asset": asset}
        revision = Revision(
            work=work, number=work.numbers(1)[0], origin=Origin.IMPORT, facts_data=facts, created_by=self.artist, **about
        )
        self.session.add(revision)
        if text is not None and traits(work.medium).notes:
            work.index({}, text)
        self.session.flush()
        choose_cover(self.session, work)
        record(self.session, ActKind.IMPORTED, self.artist, work.place, revision.id, number=revision.number)
        return revision

    def add_by_hand(self, work: Work, parent: Revision | None, **holds: Any) -> Revision:
        """A revision that the artist made by hand in `work` out of `parent`, or out of nothing.

        `holds` are its columns: brief_data, facts_data, and a text with its origins or an asset.
        """
        made = Revision(
            work=work,
            number=work.numbers(1)[0],
            origin=Origin.HAND,
            verb=str(Role.EDIT) if parent else None,
            created_by=self.artist,
            parents=edges([(parent.id, Role.EDIT)] if parent else []),
            **holds,
        )
        self.session.add(made)
        work.index(made.brief_data, made.text)
        self.session.flush()
        if work.cover is None or not work.cover.picked:
            choose_cover(self.session, work)
        return made


def edges(parents: list[tuple[UUID, Role]]) -> list[Parent]:
    """The rows for a child's parents, in their order."""
    return [Parent(parent_id=id, role=role, position=at) for at, (id, role) in enumerate(parents)]
