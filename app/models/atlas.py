"""Atlases: many thumbnails in one picture, so that a lineage of thousands asks for a few files."""

from __future__ import annotations

import hashlib
import io

import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session

from app.errors import NotFoundError
from app.models.asset import Asset
from app.models.revision import Revision
from app.models.work import Work
from app.store import Store

SIDE, ROW = 64, 16  # pixels of a tile; tiles in a row
TILES = ROW * ROW


def page_assets(session: Session, work: Work, page: int) -> list[str | None]:
    """The pictures of revisions `page` × 256 + 1 and following, None where there is no picture.

    Raises NotFoundError when the work has no such revision.
    """
    start = page * TILES + 1
    pixels = sa.func.coalesce(Asset.raster, Asset.sha256).label("pixels")
    query = sa.select(Revision.number, pixels).where(Revision.work_id == work.id, Revision.number >= start)
    query = query.where(Revision.number < start + TILES).outerjoin(
        Asset, sa.and_(Asset.sha256 == Revision.asset_id, Asset.media_type.startswith("image/"))
    )
    found = {row.number: row.pixels for row in session.execute(query)}
    if not found:
        raise NotFoundError
    return [found.get(start + at) for at in range(max(found) - start + 1)]


def atlas(store: Store, assets: list[str | None]) -> bytes:
    """The thumbnails of `assets` in rows of 16, as WebP; made once, then kept with what is derived."""
    name = hashlib.sha256("\n".join(asset or "" for asset in assets).encode()).hexdigest()
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


def tile_of(store: Store, sha256: str) -> Image.Image:
    """A picture of at most 64 × 64 pixels in its own proportions; grey when its file is gone or cannot be read."""
    path = store.derived(sha256, "64.webp")
    try:
        with Image.open(path if path.exists() else store.path(sha256)) as picture:
            picture.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG is decoded at a fraction of its size
            picture.thumbnail((SIDE, SIDE), reducing_gap=2.0)
            return picture.convert("RGBA")
    except OSError:
        return Image.new("RGBA", (SIDE, SIDE), "#808080")
