"""Tracing, in a process of its own: a picture in, a drawing and what it looks like out, within a time that is known.

vtracer is compiled code that neither yields nor can be stopped, and noise costs it minutes. In a child it can be killed,
and neither the web's threads nor a worker's queue wait for it.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from PIL import Image, ImageOps

from app.bounded import MB, SLOW, Data, bounded, content
from app.errors import EngineError, TooLargeError, _
from app.media.image.posterise import posterise
from app.media.image.svg import MOST, compose

WORK = 30  # seconds of processor time
MEMORY = 2048 * MB
SIDE = 1024  # pixels of the longer side that is traced: edges smooth at any size, most pictures in about a second
TOO_MUCH = _("This picture has too much in it to be drawn as flat shapes. Try fewer colours or less detail.")


@dataclass(frozen=True, slots=True)
class Detail:
    """What one step of the slider means: see `posterise` for `apart` and `clean`; `speck` is a side in traced pixels."""

    apart: float
    clean: float
    speck: int


DETAILS = {
    1: Detail(0.09, 2.0, 40),
    2: Detail(0.07, 1.5, 24),
    3: Detail(0.05, 1.0, 14),
    4: Detail(0.04, 0.7, 8),
    5: Detail(0.03, 0.4, 4),
}


@dataclass(frozen=True, slots=True)
class How:
    """The settings of a tracing."""

    colours: int = 12
    detail: int = 3
    smooth: bool = True

    @property
    def name(self) -> str:
        """A file name for what is derived with these settings by this version, in a cache."""
        return f"{self.colours}-{self.detail}-{'curves' if self.smooth else 'corners'}-{version('vtracer')}.svg"

    @property
    def by(self) -> str:
        """What traces, for a recipe."""
        return f"vtracer {version('vtracer')}"


@dataclass(frozen=True, slots=True)
class Traced:
    """A drawing (SVG), the flat picture that it was traced from (PNG), its natural size in pixels, and how it went."""

    svg: bytes
    raster: bytes
    width: int
    height: int
    facts: dict[str, Any]


@bounded(WORK, MEMORY, TOO_MUCH, lane=SLOW, needs=("vtracer",))
def trace(data: Data, how: How) -> Traced:
    """Posterise a picture, then trace its outlines.

    Raises EngineError when it cannot be read, TooLargeError when the drawing is too large to be handed on.
    """
    detail = DETAILS[how.detail]
    try:
        with Image.open(io.BytesIO(content(data))) as opened:
            picture = ImageOps.exif_transpose(opened)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EngineError(_("The picture to start from cannot be read.")) from error
    flat = posterise(picture, how.colours, detail.apart, detail.clean, SIDE)
    raster = io.BytesIO()
    flat.picture.save(raster, "PNG", optimize=True)
    # vtracer leaves transparent pixels out only when it meets many of them: a border makes sure that it does.
    border = int(flat.picture.getchannel("A").getextrema() != (255, 255))
    framed = io.BytesIO()
    ImageOps.expand(flat.picture, border, (0, 0, 0, 0)).save(framed, "PNG", compress_level=1)
    drawn = _outlined(framed.getvalue(), how)
    svg, paths = compose(_exact(drawn, flat.palette), (border, border, *flat.picture.size), picture.size)
    facts = {
        "model": "vtracer",
        "paths": paths,
        "palette": [_hex(colour) for colour in flat.palette if _hex(colour).encode() in svg],
        "traced_of": "{} × {}".format(*flat.of),
        "libraries": {name: version(name) for name in ("vtracer", "pillow")},
    }
    if len(svg) > MOST:
        raise TooLargeError(TOO_MUCH)
    return Traced(svg, raster.getvalue(), *picture.size, facts)


def _outlined(png: bytes, how: How) -> str:
    """The shapes of a flat picture (PNG) as an SVG."""
    import vtracer

    drawn: str = vtracer.convert_raw_image_to_svg(
        png,
        img_format="png",
        colormode="color",
        hierarchical="stacked",  # a shape lies upon the one around it: no gaps where they meet
        mode="spline" if how.smooth else "polygon",
        filter_speckle=DETAILS[how.detail].speck,
        color_precision=8,
        layer_difference=0,
        corner_threshold=60,
        length_threshold=4.0,
        max_iterations=10,
        splice_threshold=45,
        path_precision=1,
    )
    return drawn


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02X}{:02X}{:02X}".format(*colour)


def _exact(drawn: str, palette: tuple[tuple[int, int, int], ...]) -> str:
    """The drawing in the palette's own colours: a speck that a shape swallowed has moved its mean a little."""

    @cache
    def nearest(said: str) -> str:
        seen = bytes.fromhex(said)
        return _hex(min(palette, key=lambda colour: math.dist(colour, seen)))

    return re.sub(r'(?<=fill=")#([0-9A-Fa-f]{6})(?=")', lambda found: nearest(found[1]), drawn)
