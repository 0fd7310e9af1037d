"""What stands at a tune's head: its key, its metre and how many bars it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from app.errors import _
from app.media.music.abc.abc import read_tune
from app.media.music.notation.pitch import Key, Mode

MODES = {
    Mode.MAJOR: _("{k} major"),
    Mode.MINOR: _("{k} minor"),
    Mode.DORIAN: _("{k} dorian"),
    Mode.MIXOLYDIAN: _("{k} mixolydian"),
    Mode.PHRYGIAN: _("{k} phrygian"),
    Mode.LYDIAN: _("{k} lydian"),
    Mode.LOCRIAN: _("{k} locrian"),
}  # {k} is the tonic; static/js/music/tonality.js fills the same words
LOOKED = 6_000  # code points in which bars are counted
LONG = re.compile(r"(?:[^\n]*\n){400}")  # so many lines are no longer counted


@dataclass(frozen=True, slots=True)
class Heading:
    """`key` is the tonic ("B♭"), `mode` a message id with {k} in its place, `bars` how many there are (0: not counted)."""

    key: str
    mode: str
    metre: str
    bars: int


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What is kept of a tune's beginning: a few numbers for each bar, since many tunes are kept."""

    length: int  # code points that were read
    key: Key
    metre: str
    bars: tuple[tuple[int, int, int], ...]  # number, and where its notes begin and end


def _beginning(text: str) -> _Beginning:
    beginning = text[:LOOKED]
    return _read_heading(beginning[: found.end()] if (found := LONG.match(beginning)) else beginning)


@lru_cache(maxsize=512)
def _read_heading(text: str) -> _Beginning:
    tune = read_tune(text)
    bars = tuple((bar.number, *bar.source) for bar in tune.bars)
    return _Beginning(len(text), tune.key, str(tune.metre or ""), bars)


def heading(text: str) -> Heading:
    """Of a tune in ABC notation."""
    tune = _beginning(text)
    tonic = tune.key.tonic.replace("#", "♯").replace("b", "♭")
    bars = 0 if tune.length < len(text) or not tune.bars else tune.bars[-1][0]
    return Heading(tonic, MODES[tune.key.mode], tune.metre, bars)


def span_of(text: str, first: int, last: int) -> tuple[int, int] | None:
    """Where bars `first` to `last` stand in a tune's text (code points); None where it has none of them."""
    places = [(start, end) for number, start, end in _beginning(text).bars if first <= number <= last]
    return (places[0][0], places[-1][1]) if places else None
