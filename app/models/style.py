"""Styles that artists taught to the house picture model: from which pictures, by whose consent, and every checkpoint of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import ConflictError, InvalidError, NotFoundError, _
from app.models.act import ActKind
from app.models.asset import Asset
from app.models.kept import Kept, KeptScope
from app.models.revision import Revision
from app.models.shapes import FAULTS, STOPPED
from app.models.work import Work, Works
from app.storage.columns import Figure, Whole, Word, Words
from app.storage.db import Base, now, uuid7

if TYPE_CHECKING:
    from app.models.artist import Artist
    from app.models.project import Project

LEAST, MOST = 10, 40  # pictures that teach a style
CONSENT = _("These pictures are my own, or whoever made them lets me teach a style with them.")


class Learning(StrEnum):
    """How far a style is."""

    WAITING = "waiting"
    LEARNING = "learning"
    STOPPED = "stopped"
    READY = "ready"
    FAILED = "failed"
    FORGOTTEN = "forgotten"  # its weights are gone


UNDER_WAY = (Learning.WAITING, Learning.LEARNING)


class Style(Kept):
    """A style of one's own. Its row stays when it is forgotten: what was made with it names it."""

    __tablename__ = "styles"
    __table_args__ = (sa.UniqueConstraint("project_id", "key"),)

    taught_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    consent: Mapped[str] = mapped_column(Words(400))  # the words that were agreed to
    consented_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[Learning] = mapped_column(Word(Learning, Learning.FAILED, 10), default=Learning.WAITING)
    progress: Mapped[float] = mapped_column(Figure(0, 1), default=0.0)
    attempt: Mapped[int] = mapped_column(Whole(0), default=0)  # how often a worker began, or went on after another died
    base: Mapped[str | None] = mapped_column(Words(64))  # the digest of the weights that it changes
    error: Mapped[dict[str, Any] | None] = mapped_column(FAULTS)  # {code, title, details}
    chosen_id: Mapped[UUID | None]  # the checkpoint that benches offer

    taught_by: Mapped[Artist] = relationship()
    pictures: Mapped[list[StylePicture]] = relationship(order_by=lambda: StylePicture.position, lazy="selectin")
    checkpoints: Mapped[list[Checkpoint]] = relationship(
        order_by=lambda: Checkpoint.step, lazy="selectin", cascade="all, delete-orphan", back_populates="style"
    )

    @property
    def under_way(self) -> bool:
        """Whether it waits to be learned, or is."""
        return self.state in UNDER_WAY

    @property
    def chosen(self) -> Checkpoint | None:
        """The checkpoint that benches offer; None as long as there is none."""
        return next((one for one in self.checkpoints if one.id == self.chosen_id), None)


class StylePicture(Base):
    """A picture that taught a style."""

    __tablename__ = "style_pictures"

    style_id: Mapped[UUID] = mapped_column(sa.ForeignKey("styles.id"), primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Whole(0))

    revision: Mapped[Revision] = relationship()


class Checkpoint(Base):
    """What was learned of a style at one step: a version of it to choose."""

    __tablename__ = "style_checkpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    style_id: Mapped[UUID] = mapped_column(sa.ForeignKey("styles.id"), index=True)
    step: Mapped[int] = mapped_column(Whole(0))
    spent: Mapped[float] = mapped_column(Figure(0, 1e9))  # seconds of a core
    sha256: Mapped[str] = mapped_column(Words(64))  # of the weights
    weights: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    sheet: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)  # WebP: samples side by side
    repeats: Mapped[list[int]] = mapped_column(STOPPED)  # pictures (from 0) that a sample comes too near to
    made_at: Mapped[datetime] = mapped_column(default=now)

    style: Mapped[Style] = relationship(back_populates="checkpoints")


class Styles(KeptScope[Style]):
    """The styles in projects that an artist may see."""

    model = Style
    most = 100
    too_many = _("a project has at most %(most)d styles")
    taken = _("this project has a style of that name already")
    kept, trashed, restored = ActKind.STYLE_KEPT, ActKind.STYLE_TRASHED, ActKind.STYLE_RESTORED

    def teach(self, project: Project, name: str, pictures: Sequence[UUID]) -> Style:
        """A new one that waits for a worker; the artist has agreed to CONSENT.

        Raises InvalidError (the name is taken, too few or too many pictures, one that is none), NotFoundError, ConflictError.
        """
        self._check(project, name, None)
        made = Style(project=project, taught_by=self.artist, consent=CONSENT, state=Learning.WAITING)
        made.pictures = [StylePicture(revision=one, position=at) for at, one in enumerate(self._fit(project, pictures))]
        self._write(made, None, name)
        self._record(made, ActKind.STYLE_TAUGHT, count=len(made.pictures))
        return made

    def rename(self, found: Style, version: int, name: str) -> Style:
        """Give it another name, if `version` is its present one. Raises InvalidError, ConflictError."""
        self._check(found.project, name, found)
        self.session.refresh(found)
        self._write(found, version, name)
        self._record(found, self.kept)
        return found

    def choose(self, found: Style, checkpoint: UUID) -> None:
        """Let benches offer this checkpoint. Raises NotFoundError, InvalidError (another style's), ConflictError."""
        found.insist_on_place()
        if self.checkpoint(checkpoint).style_id != found.id:
            raise InvalidError("checkpoint", _("is of another style"))
        if found.chosen_id != checkpoint:
            found.chosen_id = checkpoint
            self._record(found, self.kept)

    def stop(self, found: Style) -> None:
        """End learning where it is; what was learned stays, and it can be gone on with. Twice is once."""
        if found.under_way:
            found.state = Learning.STOPPED
            self._record(found, ActKind.STYLE_STOPPED)

    def go_on(self, found: Style) -> None:
        """Let it wait for a worker again, after it was stopped or failed. Raises ConflictError otherwise."""
        found.insist_on_place()
        found.project.insist_on_place()
        if found.under_way:
            return
        if found.state not in {Learning.STOPPED, Learning.FAILED}:
            raise ConflictError(_("There is nothing to go on with: this style is ready, or forgotten."))
        found.state, found.error, found.attempt = Learning.WAITING, None, 0
        self._record(found, self.kept)

    def forget(self, found: Style) -> None:
        """Delete what was learned, for good; the row stays for what was made with it. Twice is once."""
        if found.state != Learning.FORGOTTEN:
            found.checkpoints.clear()
            found.state, found.chosen_id, found.error = Learning.FORGOTTEN, None, None
            found.key = str(found.id)  # its name is free
            self._record(found, ActKind.STYLE_FORGOTTEN)

    def restore(self, found: Style) -> None:
        if found.state == Learning.FORGOTTEN:
            raise ConflictError(_("This style was forgotten: there is nothing to restore."))
        super().restore(found)

    def checkpoint(self, id: UUID) -> Checkpoint:
        """A checkpoint of a style that the artist may see. Raises NotFoundError."""
        found = self.session.get(Checkpoint, id)
        if found is None or not self.has(found.style_id):
            raise NotFoundError
        return found

    def offered(self, project_id: UUID) -> list[Style]:
        """The project's styles that benches offer: those with a checkpoint, by name."""
        return [one for one in self.of(project_id) if one.chosen is not None]

    def used(self, found: Style) -> list[Work]:
        """The works, of those that the artist may see, in which something was made with it."""
        named = Revision.facts_data["own_style_id"].as_string() == str(found.id)
        made = sa.exists().where(Revision.work_id == Work.id, named).correlate(Work)
        works = Works(self.session, self.artist).query().where(made).order_by(Work.touched_at.desc())
        return list(self.session.scalars(works).unique())

    def pictures(self, project: Project, most: int) -> list[Revision]:
        """Pictures of the project to choose from, the newest first: in works that are not in the trash."""
        there = sa.exists().where(Work.id == Revision.work_id, Work.project_id == project.id, Work.trashed_at.is_(None))
        query = (
            sa.select(Revision)
            .where(there, Revision.asset.has(Asset.media_type.startswith("image/")))
            .order_by(Revision.id.desc())
        )
        return list(self.session.scalars(query.limit(most)).unique())

    def _fit(self, project: Project, pictures: Sequence[UUID]) -> list[Revision]:
        """The pictures, which must be of the project, there, and LEAST to MOST. Raises InvalidError, NotFoundError."""
        ids = list(dict.fromkeys(pictures))
        if not LEAST <= len(ids) <= MOST:
            raise InvalidError(
                "pictures",
                _("choose %(least)d to %(most)d pictures; these are %(count)d"),
                least=LEAST,
                most=MOST,
                count=len(ids),
            )
        revisions = self.artist.revisions
        found = [revisions.get(id) for id in ids]
        for one in found:
            if one.work.project_id != project.id:
                raise InvalidError("pictures", _("a picture is of another project"))
            if one.work.trashed:
                raise InvalidError("pictures", _("a picture is in the trash: restore it first"))
            if one.asset is None or not one.asset.media_type.startswith("image/"):
                raise InvalidError("pictures", _("one of them is no picture"))
        return found
