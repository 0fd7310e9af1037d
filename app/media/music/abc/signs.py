"""The signs of ABC's music code, one regular expression, and what their numbers mean (standard 2.1, section 4).

A sign that is opened and never closed must not cost a look at the whole line for each one that is opened: what stands
between its ends excludes what opens it, so that every look ends where the next one begins.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from app.media.music.notation.pitch import LETTERS, Pitch

ACCIDENTALS = {"^": 1, "_": -1, "=": 0, "^^": 2, "__": -2}
PITCH = r"(?:\^{1,2}|_{1,2}|=)?[A-Ga-g][,']{0,6}"
ONE_PITCH = re.compile(r"(?P<accidental>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)")
SIGN = re.compile(
    rf"""
      (?P<comment>%.*)
    | (?P<symbol>"[^"\n]*")
    | (?P<field>\[[A-Za-z]:[^\[\]\n]*\])
    | (?P<volta>\[\s*"?\d[\d,\-]*"?)
    | (?P<bar>(?::+\|*\]?:*|\|\]|\[\||\|+\]?:*)(?P<ending>\d[\d,\-]*)?)
    | (?P<tuplet>\((?P<p>\d)(?::(?P<q>\d*))?(?::(?P<r>\d*))?)
    | (?P<note>{PITCH}|[zxZX])(?P<length>\d*(?:/+\d*)?)(?P<tie>-?)
    | (?P<chord>\[(?:{PITCH}(?:\d*(?:/+\d*)?)-?|\s){{1,200}}\])(?P<chord_length>\d*(?:/+\d*)?)(?P<chord_tie>-?)
    | (?P<broken><+|>+)
    | (?P<grace>\{{/?[^{{}}\n]*\}})
    | (?P<decoration>![^!\n|]*!|\+[^+\n|]*\+|[~.HLMOPSTuvJRk])
    | (?P<quiet>[()\-`\\$*!]|y\d*|\s+)
    | (?P<overlay>&)
    | (?P<other>.)
    """,
    re.VERBOSE,
)
LENGTH = re.compile(r"(\d*)(/*)(\d*)")
LONGEST = 24  # signs of a length
DIGITS = 4  # of a number in a length: no music has longer ones
DEFAULT_TUPLETS = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # the others go in the time of two, or three in a compound metre


def length_of(text: str, unit: Fraction = Fraction(1)) -> Fraction | None:
    """A note's length ("", "3", "/", "3/2", "//") in `unit`s; None for one that no notation has."""
    return _length_of(text, unit) if len(text) <= LONGEST else None


@lru_cache(maxsize=1024)
def _length_of(text: str, unit: Fraction) -> Fraction | None:
    found = LENGTH.fullmatch(text)
    if not found or max(len(part) for part in found.groups()) > DIGITS:
        return None
    above, slashes, below = found.groups()
    count, divisor = int(above or 1), int(below) if below else 2 ** len(slashes)
    if not count or not divisor or divisor & (divisor - 1) or max(count, divisor) > 256:  # noqa: PLR2004 (256th notes and 32 whole ones)
        return None
    return Fraction(count, divisor) * unit


def tuplet_of(p: str, q: str | None, r: str | None, compound: bool) -> tuple[Fraction, int] | None:
    """What the lengths of a tuplet's notes are multiplied by, and how many notes it has."""
    count = int(p)
    if max(len(q or ""), len(r or "")) > DIGITS:
        return None
    time = int(q) if q else DEFAULT_TUPLETS.get(count, 3 if compound else 2)
    notes = int(r) if r else count
    if count < 2 or not 0 < time <= 9 or not 0 < notes <= 32:  # noqa: PLR2004 (what the standard knows, generously)
        return None
    return Fraction(time, count), notes


@lru_cache(maxsize=4096)
def plain_pitch(text: str) -> tuple[str | None, int]:
    """The accidental written before a note, and its step."""
    found = ONE_PITCH.match(text)
    if not found:
        raise ValueError(text)
    letter, marks = found["letter"], found["octave"]
    step = LETTERS.index(letter.upper()) + 7 * (letter.islower() + marks.count("'") - marks.count(","))
    return found["accidental"], step


def pitch_text(pitch: Pitch, accidental: str) -> str:
    """A pitch in ABC's letters with `accidental` (which may be empty) before it."""
    octave = pitch.step // 7
    letter = pitch.letter if octave <= 0 else pitch.letter.lower()
    return f"{accidental}{letter}{',' * -octave}{chr(39) * (octave - 1)}"


def length_text(length: Fraction) -> str:
    """A length in units as ABC writes it."""
    if length.denominator == 1:
        return "" if length == 1 else str(length.numerator)
    above = "" if length.numerator == 1 else str(length.numerator)
    return f"{above}/{'' if length.denominator == 2 else length.denominator}"  # noqa: PLR2004 (a slash alone halves)
