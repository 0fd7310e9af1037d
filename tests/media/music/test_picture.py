"""Pictures of tunes look like music at every size: staves, notes where they belong, and never a fault."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from app.media.music.abc.abc import read_tune
from app.media.music.engraving.engraving import engrave
from app.media.music.engraving.glyphs import StaffPen
from app.media.music.engraving.picture import INK, PAPER, SPACES, tune_picture, wave_picture, webp

JIG = """X:1
M:6/8
L:1/8
K:G
d/c/ | "G"B/c/dB GBd | "D"e/g/fd e/f/ge | "G"dBG ABc |
(3abc d/e/ B2B |1 G3 G2 :|2 ^G3 G2 || g | fed cBA | G3 G2 |]
"""


def ink(picture: Image.Image) -> Any:
    """[height, width]: how dark, 0 paper to 1 ink."""
    grey = np.asarray(picture.convert("L"), float)
    paper, full = (np.asarray(Image.new("RGB", (1, 1), colour).convert("L"), float)[0, 0] for colour in (PAPER, INK))
    return np.clip((paper - grey) / (paper - full), 0, 1)


@pytest.mark.parametrize("width", SPACES)
def test_a_picture_has_staves_and_ink_on_paper(width: int) -> None:
    picture = tune_picture(JIG, width)
    assert picture.size == (width, width)
    dark = ink(picture)
    assert picture.getpixel((0, 0)) == (0xFB, 0xF7, 0xEE)
    assert 0.03 < dark.mean() < 0.35
    rows = dark[:, width // 2 :].mean(1)
    lines = [at for at in range(1, len(rows) - 1) if rows[at] > 0.2 and rows[at] >= rows[at - 1] and rows[at] > rows[at + 1]]
    assert len(lines) >= 4 + (width > 64) * 4  # a staff at least, two in all but the smallest
    opened = Image.open(io.BytesIO(webp(picture)))
    assert (opened.format, opened.size) == ("WEBP", picture.size)


def engraved(letter: str) -> Any:
    """[height, width] of a whole note on a staff, 20 pixels a space, and the row of the lowest line."""
    canvas = Image.new("L", (800, 600))
    pen = StaffPen(ImageDraw.Draw(canvas), 20.0)
    engrave(read_tune(f"M:none\nL:1/1\nK:C\n{letter}|"), pen, *canvas.size)
    return np.asarray(canvas) > 127, pen.base


@pytest.mark.parametrize(
    ("letter", "height"), [("E", 0), ("F", 0.5), ("G", 1), ("B", 2), ("d", 3), ("f", 4), ("a", 5), ("C", -1)]
)
def test_notes_stand_where_they_belong(letter: str, height: float) -> None:
    """What is drawn there and not with a note far away is the head, and its ledger line."""
    here, base = engraved(letter)
    there, other = engraved("C" if height > 2 else "a")
    assert base == other
    rows = np.flatnonzero((here & ~there).any(1))
    assert (base - (rows[0] + rows[-1]) / 2) / 20 == pytest.approx(height, abs=0.06)


def test_another_tune_is_another_picture_and_the_same_the_same() -> None:
    assert tune_picture(JIG, 256).tobytes() == tune_picture(JIG, 256).tobytes()
    assert tune_picture(JIG, 256).tobytes() != tune_picture(JIG.replace("K:G", "K:Eb"), 256).tobytes()


def test_a_tune_without_notes_is_an_empty_staff_and_one_of_ten_thousand_bars_is_quick() -> None:
    assert 0.01 < ink(tune_picture("", 256)).mean() < 0.1
    assert 0.02 < ink(tune_picture("X:1\nK:C\n" + "CDEF|" * 10_000, 256)).mean() < 0.35
    assert 0.01 < ink(tune_picture("X:1\nK:C\n" + "C" * 100_000, 256)).mean() < 0.4
    assert ink(tune_picture("T:" + "x" * 50_000 + "\nX:1\nK:C\nCDEF|", 64)).mean() > 0


def test_low_and_high_tunes_stay_on_the_paper() -> None:
    for letter in ("C,,,,,", "c'''''"):
        dark = ink(tune_picture(f"L:1/4\nK:C\n{letter * 4}|", 256))
        assert dark[:, 60:].mean() > 0.006
        assert dark[0].max() == dark[-1].max() == 0


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ABCdefgz,'^_=/2348<>|:[](){}-\"~!%KML\n &", max_size=120), st.sampled_from([64, 256]))
def test_whatever_is_written_there_is_a_picture(text: str, width: int) -> None:
    assert tune_picture("X:1\nK:C\n" + text, width).width == width


def test_a_waveform_is_as_high_as_the_recording_is_loud() -> None:
    peaks = [(-0.1, 0.1)] * 50 + [(-0.8, 0.8)] * 50
    dark = ink(wave_picture(peaks, 256))
    quiet, loud = dark[:, 20:110].mean(), dark[:, 146:236].mean()
    assert 4 < loud / quiet < 12
    assert wave_picture([], 64).size == (64, 64)
    assert wave_picture([(0.0, 0.0)], 64).size == (64, 64)
