"""Drafts: the working state of a work for one artist; autosaved, versioned, never overwritten unseen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, defer, mapped_column, object_session, relationship

from app.brief import Brief
from app.diff.authorship import By, Spans, carried, check, spans_of, stored, whole
from app.errors import InvalidError, NotFoundError, StaleDraftError, _
from app.media.medium import traits
from app.models.mask import Mask
from app.models.shapes import BRIEF, COUNT, FORM, ORIGINS, PARAMS, SEED
from app.models.work import Work, searchable
from app.storage.columns import Whole, Words
from app.storage.db import Base, now, uuid7

if TYPE_CHECKING:
    from app.models.artist import Artist
    from app.models.revision import Revision

APART = timedelta(seconds=30)  # earlier saves lie at least so far apart, unless something big replaced them
EXCERPT = 160  # code points of a save's text that a list shows
STATE = ("brief_data", "engine", "params", "base_id", "mask_id", "text", "origins", "form", "seed", "count")


class State:
    """The columns that a draft and its earlier saves share."""

    brief_data: Mapped[dict[str, Any]] = mapped_column("brief", BRIEF, default=dict)
    engine: Mapped[str | None] = mapped_column(Words(40))
    params: Mapped[dict[str, Any]] = mapped_column(PARAMS, default=dict)
    mask_id: Mapped[UUID | None]  # painted over the base
    text: Mapped[str | None] = mapped_column(Words())
    origins: Mapped[list[list[Any]] | None] = mapped_column(ORIGINS)  # [[start, end, by], …], app.diff.authorship
    form: Mapped[dict[str, Any] | None] = mapped_column(FORM)  # {preset, …}, app.media.text.prosody.asked
    seed: Mapped[int | None] = mapped_column(SEED)  # locked seed; None: a new one each time
    count: Mapped[int] = mapped_column(COUNT, default=4)
    version: Mapped[int] = mapped_column(Whole(1), default=1)

    @property
    def brief(self) -> Brief:
        """What the artist asks, so far."""
        return Brief.model_validate(self.brief_data)


class Draft(State, Base):
    """What an artist has on the bench for a work."""

    __tablename__ = "drafts"
    __table_args__ = (sa.UniqueConstraint("work_id", "artist_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    work_id: Mapped[UUID] = mapped_column(sa.ForeignKey("works.id"))
    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    base_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("revisions.id"))
    updated_at: Mapped[datetime] = mapped_column(default=now)
    words: Mapped[str] = mapped_column(Words(), default="")  # what its artist finds the work by, besides the work's own words

    work: Mapped[Work] = relationship()
    base: Mapped[Revision | None] = relationship(lazy="joined")
    mask: Mapped[Mask | None] = relationship(primaryjoin=lambda: sa.orm.foreign(Draft.mask_id) == Mask.id, viewonly=True)

    def save(self, version: int, *, keep: bool = False, **state: Any) -> None:
        """Replace fields of the state (names of STATE) by `state`, if `version` is still the present one.

        The replaced state is kept when the last kept one is older than APART, or when `keep` asks for it.
        Raises StaleDraftError when another window saved in between; the bump of the version is one statement, so two
        windows that save in the same instant cannot both win.
        """
        session = _session(self)
        bump = sa.update(Draft).where(Draft.id == self.id, Draft.version == version)
        won = session.execute(bump.values(version=version + 1).execution_options(synchronize_session=False))
        if won.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
            session.refresh(self)
            raise StaleDraftError
        if any(getattr(self, name) != value for name, value in state.items()):
            self._keep(session, always=keep)
        for name, value in state.items():
            setattr(self, name, value)
        if state.keys() & {"brief_data", "text"}:
            self.words = searchable(self.work.medium, self.brief_data, self.text)
            self.work.touched_at = now()
        self.updated_at = now()
        session.flush()
        session.refresh(self)

    def go_on_from(self, revision: Revision) -> None:
        """Make `revision` the base; what its state replaces is kept. Raises InvalidError for a revision of another medium."""
        self.replace(self.state_from(revision))

    def replace(self, state: dict[str, Any]) -> None:
        """Put `state` (see `state_from`, `state_of_save`) in the place of the present one, which is kept as a save."""
        self.save(self.version, keep=True, **state)

    def state_from(self, revision: Revision) -> dict[str, Any]:
        """The state with `revision` as the base: its brief, engine and parameters, and a text with who wrote it and its form.

        Raises InvalidError for a revision of another medium.
        """
        state = self.placed(revision)
        painted = revision.painted
        if painted.engine:  # an import has none of these, so the artist's own stay
            state |= {"brief_data": revision.brief_data, "engine": painted.engine, "params": dict(painted.params)}
        if revision.text is not None and revision.generation is not None:
            state["form"] = revision.generation.form
        return state

    def placed(self, revision: Revision | None) -> dict[str, Any]:
        """What of the state changes when `revision` (or nothing) lies on the stage: the base and its text, not the brief.

        Raises InvalidError for a revision of another medium.
        """
        if revision is not None and revision.work.medium != self.work.medium:
            raise InvalidError("revision", _("another medium can only inspire"))
        state: dict[str, Any] = {"base_id": revision.id if revision else None, "mask_id": None, "text": None, "origins": None}
        if revision is not None and revision.text is not None:  # a recording takes the place of the notes
            worded = traits(self.work.medium).worded
            state["text"] = revision.text
            state["origins"] = revision.origins or stored(whole(revision.text, By.HAND)) if worded else None
        return state

    def write(self, text: str | None, origins: Spans | None = None) -> dict[str, Any]:
        """The state that putting `text` in the place of the draft's makes. Without `origins` what stayed keeps its own.

        A tune keeps none. Raises InvalidError when `origins` do not cover the text.
        """
        if text is None:
            return {"text": None, "origins": None}
        if not traits(self.work.medium).worded:  # who wrote a tune is told by its lineage, not letter by letter
            return {"text": text, "origins": None}
        if origins is not None:
            return {"text": text, "origins": stored(check(origins, len(text)))}
        was = self.text or ""
        return {"text": text, "origins": stored(carried(was, spans_of(was, self.origins), text))}

    def saves(self) -> list[DraftSave]:
        """Earlier states, the latest first."""
        session = object_session(self)
        if session is None:  # never written, so never saved
            return []
        query = sa.select(DraftSave).where(DraftSave.draft_id == self.id).order_by(DraftSave.id.desc())
        return list(session.scalars(query.options(defer(DraftSave.text), defer(DraftSave.origins))))  # long, and seldom read

    def excerpts(self) -> dict[UUID, tuple[str, int]]:
        """How the text of each earlier save begins, and how many code points it has; those without text are left out."""
        session = object_session(self)
        if session is None:
            return {}
        query = sa.select(DraftSave.id, sa.func.substr(DraftSave.text, 1, EXCERPT), sa.func.length(DraftSave.text))
        rows = session.execute(query.where(DraftSave.draft_id == self.id, DraftSave.text.is_not(None))).all()
        return {id: (head, length) for id, head, length in rows}

    def state_of_save(self, save_id: UUID) -> dict[str, Any]:
        """The state that an earlier save kept. Raises NotFoundError."""
        session = object_session(self)
        save = session.get(DraftSave, save_id) if session else None
        if save is None or save.draft_id != self.id:
            raise NotFoundError
        return {name: getattr(save, name) for name in STATE}

    def _keep(self, session: Session, *, always: bool) -> None:
        last = session.scalar(sa.select(sa.func.max(DraftSave.saved_at)).where(DraftSave.draft_id == self.id))
        if always or last is None or now() - _aware(last) >= APART:
            state = {name: getattr(self, name) for name in STATE}
            session.add(DraftSave(draft_id=self.id, version=self.version, saved_at=now(), written_at=self.updated_at, **state))
            session.flush()
            thin(session, self)


class DraftSave(State, Base):
    """An earlier state of a draft. `written_at` is when the artist wrote it, `saved_at` when it was replaced."""

    __tablename__ = "draft_saves"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    draft_id: Mapped[UUID] = mapped_column(sa.ForeignKey("drafts.id"), index=True)
    base_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("revisions.id"))
    written_at: Mapped[datetime] = mapped_column(default=now)
    saved_at: Mapped[datetime] = mapped_column(default=now)


def thin(session: Session, draft: Draft) -> None:
    """Keep every save of the last hour, one in ten minutes of the last day, one a day before that."""
    held: set[tuple[str, int]] = set()
    for save in draft.saves():
        age, stamp = now() - save.saved_at, save.saved_at.timestamp()
        if age < timedelta(hours=1):
            continue
        slot = ("tens", int(stamp // 600)) if age < timedelta(days=1) else ("days", int(stamp // 86_400))
        if slot in held:
            session.delete(save)
        held.add(slot)


def draft_of(session: Session, work: Work, artist: Artist, *, write: bool = False) -> Draft:
    """The artist's draft of this work. Where there is none, an empty one: kept if `write`, so that reading stays reading."""
    query = sa.select(Draft).where(Draft.work_id == work.id, Draft.artist_id == artist.id)
    draft = session.scalar(query)
    if draft is None:
        draft = Draft(
            work=work, artist_id=artist.id, brief_data=Brief().model_dump(), params={}, version=1, count=4, updated_at=now()
        )
        if write:
            try:
                with session.begin_nested():
                    session.add(draft)
            except IntegrityError:  # another window made it in the same instant
                draft = session.scalars(query).one()
    base = draft.base
    if base is not None and base.work_id != work.id and not artist.revisions.has(base.id):  # seen once, and no longer
        for name in ("base", "base_id"):
            sa.orm.attributes.set_committed_value(draft, name, None)
    return draft


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=now().tzinfo)


def _session(thing: object) -> Session:
    session = object_session(thing)
    if session is None:
        raise RuntimeError("this draft belongs to no session")
    return session
