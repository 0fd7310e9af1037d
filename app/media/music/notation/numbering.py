"""Numbers of bars: 1 is the first full one, a pickup is 0, and the parts of a bar that a repeat divides share a number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.media.music.notation.tune import Bar

REPEAT = re.compile(r":[|:\]]")
SECTION = ("|:", ":|", "::", "||", "|]", "[|", ":")


def ends_section(bar: Bar) -> bool:
    """Whether a repeat or a double line follows it."""
    return any(sign in bar.closing for sign in SECTION)


def repeats(bar: Bar) -> bool:
    """Whether it is followed by a sign to repeat."""
    return REPEAT.search(bar.closing) is not None


def numbered(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """`bars` with their numbers."""
    return tuple(replace(bar, number=number) for bar, number in zip(bars, _numbers(bars), strict=True))


def _numbers(bars: Sequence[Bar]) -> Iterator[int]:
    number, before = 0, None
    for bar in bars:
        whole = bar.metre.length if bar.metre else None
        if before is None:
            number = 0 if whole and bar.length < whole and len(bars) > 1 else 1
        elif not (whole and ends_section(before) and before.length < whole and before.length + bar.length <= whole and number):
            number += 1
        yield number
        before = bar
