"""Atlases: many thumbnails in one picture, so that a lineage of thousands asks for a few files."""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import dataclass

import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session

from app.errors import BusyError, NotFoundError, TooLargeError, UnsupportedError
from app.media.image.admit import thumbnail
from app.media.medium import traits
from app.media.music.engraving import picture
from app.models.asset import Asset
from app.models.revision import Revision
from app.models.work import Work
from app.storage.store import Store
from app.web.views import thumbnails

SIDE, ROW = 64, 16  # pixels of a tile; tiles in a row
SIDE_TRACED = 1024  # pixels of the longer side of a drawing's raster
PATIENCE = 10.0  # seconds in which new thumbnails are made for one atlas
GREY = "#808080"
TILES = ROW * ROW


@dataclass(frozen=True, slots=True)
class Shown:
    """What a tile shows: bytes in the store, or a tune's beginning."""

    sha256: str | None
    pixels: int = 0  # how many the picture has
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
    music = traits(work.medium).notes
    tune = (sa.func.substr(Revision.text, 1, picture.START) if music else sa.null()).label("tune")
    many = sa.case((Asset.raster.is_not(None), SIDE_TRACED**2), else_=Asset.width * Asset.height).label("many")
    query = sa.select(Revision.number, pixels, many, Asset.media_type.startswith("audio/").label("sound"), tune)
    query = query.where(Revision.work_id == work.id, Revision.number >= start, Revision.number < start + TILES)
    seen = sa.or_(Asset.media_type.startswith("image/"), Asset.media_type.startswith("audio/"))
    query = query.outerjoin(Asset, sa.and_(Asset.sha256 == Revision.asset_id, seen))
    found = {row.number: Shown(row.pixels, row.many or 0, bool(row.sound), row.tune) for row in session.execute(query)}
    if not found:
        raise NotFoundError
    there = {number: shown for number, shown in found.items() if shown.sha256 or shown.tune is not None}
    return [there.get(start + at) for at in range(max(found) - start + 1)]


def atlas(store: Store, assets: list[Shown | None]) -> tuple[bytes, bool]:
    """The thumbnails of `assets` in rows of 16, as WebP, and whether all of them are there: made once, then kept with what
    is derived. After PATIENCE seconds those that are not made yet stay grey, until somebody asks again.

    Raises LeftError when the client for whom it is made has left.
    """
    name = hashlib.sha256("\n".join(asset.name if asset else "" for asset in assets).encode()).hexdigest()
    path = store.derived(name, "atlas.webp")
    if path.exists():
        return path.read_bytes(), True
    end, whole = time.monotonic() + PATIENCE, True
    sheet = Image.new("RGBA", (SIDE * min(ROW, len(assets)), SIDE * -(-len(assets) // ROW)))
    for at, asset in enumerate(assets):
        if asset is not None:
            tile = tile_of(store, asset) if time.monotonic() < end or _known(store, asset) else None
            whole = whole and tile is not None
            tile = tile or Image.new("RGBA", (SIDE, SIDE), GREY)
            corner = (at % ROW * SIDE + (SIDE - tile.width) // 2, at // ROW * SIDE + (SIDE - tile.height) // 2)
            sheet.paste(tile, corner)
    data = io.BytesIO()
    sheet.save(data, "WEBP", quality=82, method=1)
    if whole:
        store.keep_derived(path, data.getvalue())
    return data.getvalue(), whole


def tile_of(store: Store, shown: Shown) -> Image.Image | None:
    """A picture of at most 64 × 64 pixels in its own proportions; grey when its file is gone or cannot be read; None when
    too much else is being made right now.
    """
    try:
        with Image.open(_small(store, shown)) as found:
            found.thumbnail((SIDE, SIDE), reducing_gap=2.0)
            return found.convert("RGBA")
    except BusyError:
        return None
    except (OSError, NotFoundError, UnsupportedError, TooLargeError):
        return Image.new("RGBA", (SIDE, SIDE), GREY)


def _known(store: Store, shown: Shown) -> bool:
    """Whether its thumbnail lies there already."""
    return not shown.sound and shown.tune is None and store.derived(shown.sha256 or "", f"{SIDE}.webp").exists()


def _small(store: Store, shown: Shown) -> io.BytesIO | str:
    """A file with the picture, small."""
    if shown.tune is not None:
        return io.BytesIO(thumbnails.of_tune(store, shown.tune, SIDE))
    sha256 = shown.sha256 or ""
    if shown.sound:
        return io.BytesIO(thumbnails.of_recording(store, sha256, SIDE))
    path = store.derived(sha256, f"{SIDE}.webp")
    if path.exists():
        return str(path)
    made = thumbnail(store.find(sha256), shown.pixels, SIDE)
    store.keep_derived(path, made)
    return io.BytesIO(made)
