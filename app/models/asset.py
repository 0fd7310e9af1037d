"""Assets: content-addressed bytes in the store, known by their SHA-256."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, Session, mapped_column

from app.gate import INT8
from app.models.shapes import COLOURS, MEDIA_TYPES
from app.storage.columns import Figure, Whole, Words
from app.storage.db import Base, now


class Asset(Base):
    """What is known of bytes in the store; pictures have a size in pixels, sounds a duration in seconds."""

    __tablename__ = "assets"

    sha256: Mapped[str] = mapped_column(Words(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(MEDIA_TYPES)
    bytes: Mapped[int] = mapped_column(Whole(0, INT8))
    width: Mapped[int | None] = mapped_column(Whole(1))
    height: Mapped[int | None] = mapped_column(Whole(1))
    duration: Mapped[float | None] = mapped_column(Figure(0, 1e6))
    colour: Mapped[str] = mapped_column(COLOURS, default="#808080")  # mean colour, where no thumbnail is drawn
    raster: Mapped[str | None] = mapped_column(Words(64))  # of a drawing (SVG): the asset that shows it in pixels
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def pixels(self) -> str:
        """The SHA-256 of bytes that hold the picture in pixels: its own, or those of its raster."""
        return self.raster or self.sha256


def keep_asset(session: Session, asset: Asset) -> Asset:
    """The row for these bytes: the one that is there, or `asset`, now added."""
    known = session.get(Asset, asset.sha256)
    if known is None:
        session.add(asset)
        session.flush()
    return known or asset
