"""What an ear would say of a tune as it grows: drafts of a phrase are held against one another by it.

Its terms and their sizes follow what the 1,797 tunes of sixteen bars in two parts do in the books the model learned from:
bars 5 and 6 take up bars 1 and 2 in two parts of three, parts end alike in 58 of 100 tunes, 83 parts of 100 close on the
tonic, the second part lies a third higher, a bar comes twice in a row once in ten tunes, the range is rarely above a twelfth.
By this score 38 tunes of sixteen bars that were held out had 1.9, tunes of one draft a phrase 0.1, and of four drafts 3.4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise, takewhile
from statistics import fmean

from app.media.music.grammar.tokens import NOTES, REST, TokenBar, sounds, split

PHRASE, PART = 4, 8  # bars
VARIETY = 5  # different bars of a part at least
SECTIONS = frozenset({":|", "::", "||", "|:"})
STILL, OFTEN, WIDE, FAR = 3, 3, 12, 7  # equal notes in a row, equal bars in a tune, degrees of a tune, degrees of a leap
LIFT = 0.3  # degrees that a second part lies higher at least
LOW, HIGH = -3, 13  # letters from middle C: a fiddle's low G to the B two octaves up
NARROW = 3  # degrees that a phrase spans at least
LEAP = 3  # letters of a fourth: so far real tunes leap into their last note four times in a hundred
OFTENEST = 0.34  # of a phrase's notes one degree may have, its octaves counted with it
KINDS = 0.38  # kinds of rhythm a bar, in real tunes
DULL, WILD = -0.3, -1.1  # mean log-probability of a token: real tunes lie between
TONIC, OPEN_DEGREES = 0, frozenset({1, 4})  # where parts close, and where they may stay open


@dataclass(frozen=True, slots=True)
class Part:
    """A section's bars without its pickup. `closed`: its last bar line is there."""

    bars: tuple[TokenBar, ...]
    closed: bool


def parts_of(tokens: Sequence[str], whole: Fraction) -> list[Part]:
    """A tune, or its beginning, in sections."""
    found: list[list[TokenBar]] = [[]]
    for bar in split(tokens):
        if SECTIONS.intersection(bar.opening) and found[-1]:
            found.append([])
        if bar.body and (found[-1] or sum(_rhythm(bar.body)) > whole / 2):  # no pickups
            found[-1].append(bar)
    return [Part(tuple(bars), closed=at + 1 < len(found)) for at, bars in enumerate(found) if bars]


def score(tokens: Sequence[str], whole: Fraction, likelihood: float, home: int = 0) -> float:
    """The more the better.

    `whole` is a bar in eighths, `likelihood` the mean log-probability of the tokens that are in question, `home` the
    letters from middle C to the tonic.
    """
    parts = parts_of(tokens, whole)
    bars = [bar for part in parts for bar in part.bars]
    if not bars:
        return 0.0
    dull = 2 * max(0.0, likelihood - DULL) + 2 * max(0.0, WILD - likelihood)
    return (
        _form(parts)
        + sum(_cadences(part) for part in parts)
        + _bars(bars)
        + _melodic_line(bars, home)
        - 0.3 * tokens.count(REST)
        - dull
    )


def _form(parts: Sequence[Part]) -> float:
    """Phrases that answer one another, parts that differ and yet end alike."""
    total, first = 0.0, parts[0].bars
    for number, part in enumerate(parts):
        bars = part.bars
        for size in (PHRASE, PART):
            if len(bars) >= 2 * size:
                alike = _same_opening(bars[:size], bars[size : 2 * size])
                total += 1.0 if 0 < alike < size else -0.8 if alike == size else 0.0
        total -= 1.5 if len(bars) >= PART and not part.closed else 0
        total -= 0.5 * max(0, VARIETY - len({bar.body for bar in bars[:PART]})) if len(bars) >= PART else 0
        if not number:
            continue
        total -= 0.8 * sum(one.body == other.body for one, other in zip(first, bars[:PHRASE], strict=False))
        if part.closed:
            ends = _same_opening(first[::-1], bars[::-1])
            total += 0.8 if 0 < ends <= PHRASE else -1.0 if ends > PHRASE else 0.0
        lift = _height(bars) - _height(first)
        total += 0.3 if number == 1 and LIFT < lift < PHRASE else 0
    return total


def _same_opening(one: Sequence[TokenBar], other: Sequence[TokenBar]) -> int:
    """How many bars are the same from the beginning."""
    return sum(1 for _pair in takewhile(lambda pair: pair[0].body == pair[1].body, zip(one, other, strict=False)))


def _height(bars: Sequence[TokenBar]) -> float:
    degrees = _degrees(bars)
    return fmean(degrees) if degrees else 0.0


def _degrees(bars: Sequence[TokenBar]) -> list[int]:
    return [NOTES[token][0] for bar in bars for token in bar.body if token in NOTES]


def _cadences(part: Part) -> float:
    """Cadences: a part closes on the tonic and rests there, its first phrase rather does not."""
    total = 0.0
    if part.closed:
        *_before, (token, lasting) = sounds(part.bars[-1].body)
        degree = NOTES[token][0] % 7 if token in NOTES else -1
        total += 0.8 if degree == TONIC else 0.1 if degree in OPEN_DEGREES else -0.5
        total += 0.3 if lasting >= 2 else -0.3 if lasting < 1 else 0.0  # noqa: PLR2004 (a quarter)
        last = _degrees(part.bars[-2:])[-2:]
        total -= 1.5 if len(last) > 1 and abs(last[1] - last[0]) >= LEAP else 0.0
    if len(part.bars) >= PHRASE:
        middle = _degrees(part.bars[PHRASE - 1 : PHRASE])[-1:]
        total += 0.2 if middle and middle[0] % 7 != TONIC else 0.0
    return total


def _bars(bars: Sequence[TokenBar]) -> float:
    """Bars that go round in circles, rhythms that nothing takes up again or that are crooked."""
    total = -1.2 * sum(one.body == other.body for one, other in pairwise(bars))
    total -= 0.5 * sum(max(0, count - OFTEN) for count in Counter(bar.body for bar in bars).values())
    rhythms = Counter(_rhythm(bar.body) for bar in bars)
    total -= 0.1 * sum(1 for count in rhythms.values() if count == 1)
    total -= 5 * max(0.0, KINDS - len(rhythms) / len(bars)) if len(bars) >= PHRASE else 0.0
    total -= 0.3 * sum(any(length.denominator > 2 for length in rhythm) for rhythm in rhythms)  # noqa: PLR2004 (crooked ones)
    return total


@lru_cache(maxsize=4096)
def _rhythm(body: tuple[str, ...]) -> tuple[Fraction, ...]:
    return tuple(length for _token, length in sounds(body))


def _circling(phrase: Sequence[int]) -> float:
    """What a phrase loses that comes back to one note again and again, as slow tunes of few notes easily do."""
    if len(phrase) < 2 * PHRASE:
        return 0.0
    most = max(Counter(degree % 7 for degree in phrase).values()) / len(phrase)
    returns = sum(one == other for one, other in zip(phrase, phrase[2:], strict=False)) / len(phrase)
    return 6 * max(0.0, most - OFTENEST) + 2 * max(0.0, returns - OFTENEST)


def _melodic_line(bars: Sequence[TokenBar], home: int) -> float:
    """Notes that stay where they are, leaps, range, notes from outside the key."""
    degrees = _degrees(bars)
    still, total = 1, 0.0
    for one, other in pairwise(degrees):
        still = still + 1 if one == other else 1
        total -= 0.3 if still > STILL else 0
        total -= 0.3 if abs(one - other) > FAR else 0
    total -= 0.4 * max(0, max(degrees, default=0) - min(degrees, default=0) - WIDE)
    total -= 0.4 * sum(not LOW <= degree + home <= HIGH for degree in degrees)
    for start in range(0, len(bars), PHRASE):
        phrase = _degrees(bars[start : start + PHRASE])
        total -= 0.6 if phrase and max(phrase) - min(phrase) < NARROW else 0
        total -= _circling(phrase)
    altered = sum(1 for bar in bars for token in bar.body if token in NOTES and NOTES[token][1])
    return total - 0.3 * max(0, altered - len(bars) // PART)
