"""A tune's head, as a page tells it, and where some of its bars stand."""

from __future__ import annotations

import pytest

from app.media.music.notation.heading import heading, span_of

TUNE = "X:1\nT:A tune\nM:3/4\nL:1/8\nK:{key}\nAB|c2d2e2|f2e2d2|[1c6:|[2c4||\n"


@pytest.mark.parametrize(
    ("key", "tonic", "mode"), [("Bb", "B♭", "{k} major"), ("F#m", "F♯", "{k} minor"), ("Ador", "A", "{k} dorian")]
)
def test_key_metre_and_bars_are_told(key: str, tonic: str, mode: str) -> None:
    told = heading(TUNE.format(key=key))
    assert (told.key, told.mode, told.metre) == (tonic, mode, "3/4")
    assert told.bars == 4


def test_an_endless_tune_is_not_counted() -> None:
    assert heading(TUNE.format(key="G") + "G6|A6|\n" * 1_000).bars == 0


def test_some_bars_are_found_in_the_text() -> None:
    text = TUNE.format(key="G")
    start, end = span_of(text, 1, 2) or (0, 0)
    assert text[start:end] == "c2d2e2|f2e2d2"
    assert span_of(text, 0, 0) == (text.index("AB|"), text.index("AB|") + 2)
    assert span_of(text, 40, 41) is None
