"""What stands at a tune's head: its key, its metre and how many bars it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from app.errors import _
from app.music.abc import read
from app.music.pitch import Mode
from app.music.tune import Tune

MODES = {
    Mode.MAJOR: _("{k} major"),
    Mode.MINOR: _("{k} minor"),
    Mode.DORIAN: _("{k} dorian"),
    Mode.MIXOLYDIAN: _("{k} mixolydian"),
    Mode.PHRYGIAN: _("{k} phrygian"),
    Mode.LYDIAN: _("{k} lydian"),
    Mode.LOCRIAN: _("{k} locrian"),
}  # {k} is the tonic; static/js/music/tonality.js fills the same words
LONG = re.compile(r"(?:[^\n]*\n){400}")  # so many lines are no longer counted


@dataclass(frozen=True, slots=True)
class Heading:
    """`key` is the tonic ("B♭"), `mode` a message id with {k} in its place, `bars` how many there are (0: not counted)."""

    key: str
    mode: str
    metre: str
    bars: int


@lru_cache(maxsize=512)
def _beginning(text: str) -> Tune:
    return read(text[: found.end()] if (found := LONG.match(text)) else text)


def heading(text: str) -> Heading:
    """Of a tune in ABC notation."""
    tune = _beginning(text)
    tonic = tune.key.tonic.replace("#", "♯").replace("b", "♭")
    bars = 0 if len(tune.source) < len(text) or not tune.bars else tune.bars[-1].number
    return Heading(tonic, MODES[tune.key.mode], str(tune.metre or ""), bars)


def span_of(text: str, first: int, last: int) -> tuple[int, int] | None:
    """Where bars `first` to `last` stand in a tune's text (code points); None where it has none of them."""
    places = [bar.source for bar in _beginning(text).bars if first <= bar.number <= last]
    return (places[0][0], places[-1][1]) if places else None
