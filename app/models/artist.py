"""Artists: who makes works. In a studio without accounts it is one, the local artist; every query is theirs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session

from app.models.acts import Acts
from app.models.comment import Comments
from app.models.generation import Generations
from app.models.likelihood import Readings
from app.models.mask import Masks
from app.models.preset import Presets
from app.models.project import Projects
from app.models.query_image import Probes
from app.models.revision import Revisions
from app.models.style import Styles
from app.models.word_list import WordLists
from app.models.work import Works
from app.storage.columns import Words
from app.storage.db import Base, now, uuid7

LOCAL = "local"


class Artist(Base):
    """Somebody who makes works here."""

    __tablename__ = "artists"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str] = mapped_column(Words(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def _session(self) -> Session:
        session = object_session(self)
        if session is None:
            raise RuntimeError("this artist belongs to no session")
        return session

    @property
    def projects(self) -> Projects:
        """The projects this artist may see."""
        return Projects(self._session, self)

    @property
    def works(self) -> Works:
        """The works this artist may see."""
        return Works(self._session, self)

    @property
    def revisions(self) -> Revisions:
        """The revisions this artist may see."""
        return Revisions(self._session, self)

    @property
    def comments(self) -> Comments:
        """What was said to revisions this artist may see."""
        return Comments(self._session, self)

    @property
    def acts(self) -> Acts:
        """What was done in projects this artist may see."""
        return Acts(self._session, self)

    @property
    def generations(self) -> Generations:
        """The generations in works this artist may see."""
        return Generations(self._session, self)

    @property
    def masks(self) -> Masks:
        """The masks in works this artist may see."""
        return Masks(self._session, self)

    @property
    def word_lists(self) -> WordLists:
        """The lists of words in projects this artist may see."""
        return WordLists(self._session, self)

    @property
    def presets(self) -> Presets:
        """The presets in projects this artist may see."""
        return Presets(self._session, self)

    @property
    def styles(self) -> Styles:
        """The styles that were taught in projects this artist may see."""
        return Styles(self._session, self)

    @property
    def probes(self) -> Probes:
        """The pictures this artist brought along to search by."""
        return Probes(self._session, self)

    @property
    def readings(self) -> Readings:
        """The readings of texts that this artist asked for."""
        return Readings(self._session, self)


def local_artist(session: Session) -> Artist:
    """The one artist of a studio without accounts; the migrations made the row, the first, whatever became of its name."""
    return session.scalars(sa.select(Artist).order_by(Artist.name != LOCAL, Artist.id).limit(1)).one()
