"""A small picture of a tune, its first bars engraved, or of a recording, its waveform: dark ink on paper, with Pillow."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from app.media.music.abc.abc import read_tune
from app.media.music.engraving.engraving import engrave
from app.media.music.engraving.glyphs import StaffPen

VERSION = 2  # goes up when the same tune is drawn otherwise
PAPER, INK = "#fbf7ee", "#231f1a"
FINER = 4  # drawn so many times as large, then reduced: smooth edges
# Pixels of a staff space by the picture's width: the smaller the picture, the larger the notes in it.
SPACES = {64: 3.5, 128: 5.0, 256: 6.6, 512: 10.0, 1024: 20.0}
CLOSER = (1.8, 1.5, 1.25, 1.0)  # so many times as large, where the whole tune then still goes on the page
START = 20_000  # code points of a tune that are looked at


def tune_picture(text: str, width: int) -> Image.Image:
    """The first bars of the tune in `text` (ABC) on a square page, `width` pixels wide."""
    tune = read_tune(text[:START])
    for closer in CLOSER:
        canvas = _canvas(width)
        if engrave(tune, StaffPen(ImageDraw.Draw(canvas), SPACES[width] * closer * FINER), canvas.width, canvas.height):
            break
    return _on_paper(canvas)


def wave_picture(peaks: Sequence[tuple[float, float]], width: int) -> Image.Image:
    """A recording's loudness: `peaks` are the lowest and highest samples (-1 to 1) of equal parts of it."""
    canvas = _canvas(width)
    draw = ImageDraw.Draw(canvas)
    bars = max(16, width // 6)
    step, middle, room = canvas.width * 0.9 / bars, canvas.height / 2, canvas.height * 0.36
    loudest = max((max(-low, high) for low, high in peaks), default=0) or 1.0
    for at in range(bars):
        part = peaks[at * len(peaks) // bars : max(at * len(peaks) // bars + 1, (at + 1) * len(peaks) // bars)]
        high = sum(max(-low, high) for low, high in part) / (len(part) or 1) / loudest * room
        left, half = canvas.width * 0.05 + at * step, max(high, step * 0.3)
        draw.rounded_rectangle((left, middle - half, left + step * 0.6, middle + half), step * 0.3, fill=255)
    return _on_paper(canvas)


def webp(picture: Image.Image) -> bytes:
    """As WebP."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=88, method=4)
    return out.getvalue()


def _canvas(width: int) -> Image.Image:
    return Image.new("L", (width * FINER, width * FINER))


def _on_paper(canvas: Image.Image) -> Image.Image:
    ink = canvas.reduce(FINER)
    picture = Image.new("RGB", ink.size, PAPER)
    picture.paste(INK, (0, 0), ink)
    return picture
