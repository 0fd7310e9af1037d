"""Masks: what of a revision's picture is to change. They never change, and stay as long as what was made with them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.asset import Asset
from app.models.scope import Scope
from app.models.work import Work, Works
from app.storage.columns import Figure, Words
from app.storage.db import Base, now, uuid7

if TYPE_CHECKING:
    from app.models.project import Project
    from app.models.revision import Revision


class Mask(Base):
    """A picture in 8-bit grey, of its revision's size: white is to change, black stays, grey changes in part."""

    __tablename__ = "masks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    work_id: Mapped[UUID] = mapped_column(sa.ForeignKey("works.id"))
    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"))
    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"))
    asset_id: Mapped[str] = mapped_column(Words(64), sa.ForeignKey("assets.sha256"))
    share: Mapped[float] = mapped_column(Figure(0, 1))  # of the picture's pixels, grey ones counted in part
    created_at: Mapped[datetime] = mapped_column(default=now)

    asset: Mapped[Asset] = relationship(lazy="joined", innerjoin=True)


class Masks(Scope[Mask]):
    """The masks in works that an artist may see."""

    model = Mask

    def query(self) -> sa.Select[Mask]:
        visible = Works(self.session, self.artist).query().where(Work.id == Mask.work_id)
        return sa.select(Mask).where(visible.correlate(Mask).exists())

    def project_of(self, found: Mask) -> Project:
        return self.session.get_one(Work, found.work_id).project

    def add(self, revision: Revision, asset: Asset, share: float) -> Mask:
        """A new one for the picture of `revision`; `asset` has its row already."""
        mask = Mask(
            work_id=revision.work_id, revision_id=revision.id, artist_id=self.artist.id, asset_id=asset.sha256, share=share
        )
        self.session.add(mask)
        self.session.flush()
        return mask
