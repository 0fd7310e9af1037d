"""Atlases: many thumbnails in one picture, so that a lineage of thousands asks for a few files."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session

from app.brief import Medium
from app.errors import NotFoundError, UnsupportedError
from app.models import thumbnails
from app.models.asset import Asset
from app.models.revision import Revision
from app.models.work import Work
from app.music import picture
from app.store import Store

SIDE, ROW = 64, 16  # pixels of a tile; tiles in a row
TILES = ROW * ROW


@dataclass(frozen=True, slots=True)
class Shown:
    """What a tile shows: bytes in the store, or a tune's beginning."""

    sha256: str | None
    sound: bool = False  # they are a recording
    tune: str | None = None

    @property
    def name(self) -> str:
        """The same for what looks the same."""
        if self.tune is not None:
            return f"tune{picture.VERSION} {hashlib.sha256(self.tune.encode()).hexdigest()}"
        return f"wave{picture.VERSION} {self.sha256}" if self.sound else self.sha256 or ""


def page_assets(session: Session, work: Work, page: int) -> list[Shown | None]:
    """What shows revisions `page` × 256 + 1 and following, None where there is no picture.

    Raises NotFoundError when the work has no such revision.
    """
    start = page * TILES + 1
    pixels = sa.func.coalesce(Asset.raster, Asset.sha256).label("pixels")
    music = work.medium == Medium.MUSIC
    tune = (sa.func.substr(Revision.text, 1, picture.START) if music else sa.null()).label("tune")
    query = sa.select(Revision.number, pixels, Asset.media_type.startswith("audio/").label("sound"), tune)
    query = query.where(Revision.work_id == work.id, Revision.number >= start, Revision.number < start + TILES)
    seen = sa.or_(Asset.media_type.startswith("image/"), Asset.media_type.startswith("audio/"))
    query = query.outerjoin(Asset, sa.and_(Asset.sha256 == Revision.asset_id, seen))
    found = {row.number: Shown(row.pixels, bool(row.sound), row.tune) for row in session.execute(query)}
    if not found:
        raise NotFoundError
    there = {number: shown for number, shown in found.items() if shown.sha256 or shown.tune is not None}
    return [there.get(start + at) for at in range(max(found) - start + 1)]


def atlas(store: Store, assets: list[Shown | None]) -> bytes:
    """The thumbnails of `assets` in rows of 16, as WebP; made once, then kept with what is derived."""
    name = hashlib.sha256("\n".join(asset.name if asset else "" for asset in assets).encode()).hexdigest()
    path = store.derived(name, "atlas.webp")
    if path.exists():
        return path.read_bytes()
    sheet = Image.new("RGBA", (SIDE * min(ROW, len(assets)), SIDE * -(-len(assets) // ROW)))
    for at, asset in enumerate(assets):
        if asset is not None:
            tile = tile_of(store, asset)
            corner = (at % ROW * SIDE + (SIDE - tile.width) // 2, at // ROW * SIDE + (SIDE - tile.height) // 2)
            sheet.paste(tile, corner)
    data = io.BytesIO()
    sheet.save(data, "WEBP", quality=82, method=1)
    store.keep_derived(path, data.getvalue())
    return data.getvalue()


def tile_of(store: Store, shown: Shown) -> Image.Image:
    """A picture of at most 64 × 64 pixels in its own proportions; grey when its file is gone or cannot be read."""
    try:
        with Image.open(_small(store, shown)) as found:
            found.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG is decoded at a fraction of its size
            found.thumbnail((SIDE, SIDE), reducing_gap=2.0)
            return found.convert("RGBA")
    except (OSError, NotFoundError, UnsupportedError):
        return Image.new("RGBA", (SIDE, SIDE), "#808080")


def _small(store: Store, shown: Shown) -> io.BytesIO | str:
    """A file with the picture, as small as there is."""
    if shown.tune is not None:
        return io.BytesIO(thumbnails.of_tune(store, shown.tune, SIDE))
    sha256 = shown.sha256 or ""
    if shown.sound:
        return io.BytesIO(thumbnails.of_recording(store, sha256, SIDE))
    path = store.derived(sha256, "64.webp")
    return str(path if path.exists() else store.path(sha256))
