"""What is told of every tune, whoever wrote it: whether it reads, what is new about it, how its line runs."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from app.music import books
from app.music.abc import read
from app.music.checks import checks, contour, ends_at_home
from app.music.novelty import Known, Shared
from app.music.pitch import Key
from app.music.tune import Metre, Tune

MOST_NOTES = 4_000  # of a tune that are compared with others: about twenty minutes


def told(text: str, *, key: Key | None = None, metre: Metre | None = None) -> dict[str, Any]:
    """The facts of a tune in ABC, as a revision keeps them (JSON): `checks` {parses, bars_complete, key, metre},
    `ends_at_home`, `contour` (48 heights, 0 to 1) and `novelty` {notes, bars, title, start} against the house model's tunes.

    `key` and `metre` are what was asked for, if anything was. Raises InvalidError for more than a million code points.
    """
    return told_of(read(text), key=key, metre=metre)


def told_of(tune: Tune, *, key: Key | None = None, metre: Metre | None = None) -> dict[str, Any]:
    """The same of a tune that was read already."""
    book = books.house()
    facts: dict[str, Any] = {"checks": asdict(checks(tune, key, metre)), "ends_at_home": ends_at_home(tune)}
    facts |= {"contour": [round(height, 3) for height in contour(tune)]}
    return facts | {"novelty": asdict(shared(tune, book) if book else Shared())}


def shared(tune: Tune, known: Known) -> Shared:
    """The longest run of notes that the beginning of `tune` (MOST_NOTES, in whole bars) shares with `known` ones."""
    count, bars = 0, []
    for bar in tune.bars:
        count += len(bar.notes)
        if count > MOST_NOTES:
            break
        bars.append(bar)
    return known.longest(replace(tune, bars=tuple(bars)))
