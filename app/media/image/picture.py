"""Pictures in and out of engines: fitting a parent, PNG for the result, WebP for a preview."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable

from PIL import Image, ImageOps, UnidentifiedImageError

from app.errors import EngineError, _

WHITE = (255, 255, 255, 255)


def given(data: bytes | None) -> bytes:
    """`data`, which an engine starts from. Raises EngineError where there is none."""
    if not data:
        raise EngineError(_("There is no picture to start from."))
    return data


def kept(data: bytes) -> Image.Image:
    """`data` decoded, as RGB or RGBA: with its transparency, and as it lies there."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image if image.mode in {"RGB", "RGBA"} else image.convert("RGBA" if image.has_transparency_data else "RGB")


def opened(data: bytes | None) -> Image.Image:
    """`data` decoded, upright, on white where it is transparent, as RGB. Raises EngineError."""
    try:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(given(data)))).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EngineError(_("The picture to start from cannot be read.")) from error
    ground = Image.new("RGBA", image.size, WHITE)
    ground.alpha_composite(image)
    return ground.convert("RGB")


def nearest(image: Image.Image, sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The one of `sizes` (width, height in pixels) whose ratio is nearest to the picture's."""
    ratio = math.log(image.width / image.height)
    return min(sizes, key=lambda size: abs(math.log(size[0] / size[1]) - ratio))


def covered(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """`image` scaled to cover `size` (pixels), what sticks out cut off evenly."""
    return image if image.size == size else ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def png(image: Image.Image) -> bytes:
    """`image` as PNG."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def webp(image: Image.Image) -> bytes:
    """`image` as a small lossy WebP, encoded the quickest way."""
    out = io.BytesIO()
    image.save(out, "WEBP", quality=70, method=0)
    return out.getvalue()
