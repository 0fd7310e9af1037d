"""Tracing in a process of its own: a picture in, a drawing and what it looks like out, within a time that is known.

vtracer is compiled code that neither yields nor can be stopped, and noise costs it minutes. In a child it can be killed,
and neither the web's threads nor a worker's queue wait for it.

`python -m app.engines.image.tracing '{"colours": 12, …}' < picture > result` is the child.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import math
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from tempfile import TemporaryFile
from typing import Any

from PIL import Image, ImageOps

from app.engines.image.posterise import posterise
from app.engines.image.svg import MOST, compose
from app.errors import EngineError, _
from app.settings import ROOT

WORK = 30  # seconds of processor time
LIMIT = 120.0  # seconds by the clock: a busy machine is no fault of the picture
MEMORY = 2 * 1024**3  # bytes of address space
SIDE = 1024  # pixels of the longer side that is traced: edges smooth at any size, most pictures in about a second
UNREADABLE = 3  # what the child says when it was given no picture
LOOKS = 0.1  # seconds between looks at the child


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


def trace(data: bytes, how: How) -> Traced:
    """Posterise a picture, then trace its outlines. Takes as long as it takes: call it in a child (see `traced`)."""
    import vtracer

    with Image.open(io.BytesIO(data)) as opened:
        picture = ImageOps.exif_transpose(opened)
        detail = DETAILS[how.detail]
        flat = posterise(picture, how.colours, detail.apart, detail.clean, SIDE)
    raster = io.BytesIO()
    flat.picture.save(raster, "PNG", optimize=True)
    # vtracer leaves transparent pixels out only when it meets many of them: a border makes sure that it does.
    border = int(flat.picture.getchannel("A").getextrema() != (255, 255))
    framed = io.BytesIO()
    ImageOps.expand(flat.picture, border, (0, 0, 0, 0)).save(framed, "PNG", compress_level=1)
    drawn = vtracer.convert_raw_image_to_svg(
        framed.getvalue(),
        img_format="png",
        colormode="color",
        hierarchical="stacked",  # a shape lies upon the one around it: no gaps where they meet
        mode="spline" if how.smooth else "polygon",
        filter_speckle=detail.speck,
        color_precision=8,
        layer_difference=0,
        corner_threshold=60,
        length_threshold=4.0,
        max_iterations=10,
        splice_threshold=45,
        path_precision=1,
    )
    svg, paths = compose(_exact(drawn, flat.palette), (border, border, *flat.picture.size), picture.size)
    facts = {
        "model": "vtracer",
        "paths": paths,
        "palette": [_hex(colour) for colour in flat.palette if _hex(colour).encode() in svg],
        "traced_of": "{} × {}".format(*flat.of),
        "libraries": {name: version(name) for name in ("vtracer", "pillow")},
    }
    return Traced(svg, raster.getvalue(), *picture.size, facts)


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02X}{:02X}{:02X}".format(*colour)


def _exact(drawn: str, palette: tuple[tuple[int, int, int], ...]) -> str:
    """The drawing in the palette's own colours: a speck that a shape swallowed has moved its mean a little."""

    @cache
    def nearest(said: str) -> str:
        seen = bytes.fromhex(said)
        return _hex(min(palette, key=lambda colour: math.dist(colour, seen)))

    return re.sub(r'(?<=fill=")#([0-9A-Fa-f]{6})(?=")', lambda found: nearest(found[1]), drawn)


def traced(data: bytes, how: How, limit: float = LIMIT) -> Iterator[Traced | None]:
    """`trace` in a child: None every LOOKS seconds while it works, at last the result. Closing the iterator ends it.

    Raises EngineError when it takes longer than `limit` seconds, when the result is too large, or when it fails.
    """
    line = [sys.executable, "-m", __name__, json.dumps(asdict(how))]
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as said:  # pipes fill up while nobody reads
        given.write(data)
        given.seek(0)
        child = subprocess.Popen(line, cwd=ROOT, stdin=given, stdout=out, stderr=said)  # noqa: S603 (our own module)
        try:
            yield from _until_ended(child, limit)
        finally:
            child.kill()
            child.wait()
        for file in (out, said):
            file.seek(0)
        found = out.read(MOST * 8)
        reason = said.read().decode(errors="replace").strip().rpartition("\n")[2]
    if child.returncode < 0:  # by its own limits
        raise EngineError(_TOO_MUCH)
    if child.returncode == UNREADABLE:
        raise EngineError(_("The picture to start from cannot be read."))
    if child.returncode:
        raise EngineError(_("The picture could not be traced: %(reason)s"), reason=reason[:200])
    yield _read(found)


def _until_ended(child: subprocess.Popen[bytes], limit: float) -> Iterator[None]:
    """None every LOOKS seconds; raises EngineError after `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        try:
            child.wait(LOOKS)
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                raise EngineError(_TOO_MUCH) from None
            yield None
        else:
            return


def _read(out: bytes) -> Traced:
    """What the child wrote. Raises EngineError when the drawing is too large to be handed on."""
    found = json.loads(out)
    svg, raster = found["svg"].encode(), base64.b64decode(found["raster"])
    if len(svg) > MOST:
        raise EngineError(_TOO_MUCH)
    return Traced(svg, raster, found["width"], found["height"], dict(found["facts"]))


_TOO_MUCH = _("This picture has too much in it to be drawn as flat shapes. Try fewer colours or less detail.")


def main(how: str) -> None:
    """The child: gentle to whoever else wants the processor, and bounded even if nobody is left to kill it."""
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_CPU, (WORK, WORK))
    with contextlib.suppress(OSError, ValueError):  # macOS knows no limit of address space
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        made = trace(sys.stdin.buffer.read(), How(**json.loads(how)))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        sys.exit(UNREADABLE)
    out = asdict(made) | {"svg": made.svg.decode(), "raster": base64.b64encode(made.raster).decode()}
    sys.stdout.write(json.dumps(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
