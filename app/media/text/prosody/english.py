"""How English words sound: syllables, stress and rhyme, by the CMU Pronouncing Dictionary and, past it, by spelling.

Phones are ARPABET: a vowel carries its stress as a digit (1 primary, 2 secondary, 0 none), consonants carry none.
Data: data/english.txt.xz, made by `recipe.py`; it is searched as it lies in memory (4 MB), not unfolded into objects.
"""

from __future__ import annotations

import lzma
import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

_DATA = Path(__file__).parent / "data" / "english.txt.xz"
Phones = tuple[str, ...]
# A word, with the apostrophes of contractions; digits one by one.
WORD = re.compile(r"['’]?[^\W\d_]+(?:['’][^\W\d_]+)*['’]?|\d")
_LONGEST = 40  # letters; no word of the dictionary is longer
_CONTRACTIONS = {"o'er": "AO1 R", "e'er": "EH1 R", "ne'er": "N EH1 R", "e'en": "IY1 N", "ta'en": "T EY1 N"}
_DIGITS = (
    "Z IH1 R OW0",
    "W AH1 N",
    "T UW1",
    "TH R IY1",
    "F AO1 R",
    "F AY1 V",
    "S IH1 K S",
    "S EH1 V AH0 N",
    "EY1 T",
    "N AY1 N",
)
_VOICELESS = {"P", "T", "K", "F", "TH"}
_SIBILANT = {"S", "Z", "SH", "ZH", "CH", "JH"}


class Rhyme(StrEnum):
    """How well two words rhyme."""

    PERFECT = "perfect"  # alike from the last stressed vowel on
    SLANT = "slant"  # the last syllables alike but for stress, or alike in the consonants that close them
    SAME = "same"  # the same sound altogether: a repetition
    NONE = "none"


class Word(NamedTuple):
    """A word as it sounds: `readings` (empty when only the spelling is known) and `counts` of syllables, likeliest first."""

    readings: tuple[Phones, ...]
    counts: tuple[int, ...]
    listed: bool  # in the dictionary as it stands, or as a form of a word that is


@cache
def _book() -> bytes:
    return b"\n" + lzma.decompress(_DATA.read_bytes())


def _listed(word: str) -> tuple[Phones, ...]:
    """The dictionary's pronunciations, by bisecting its sorted lines."""
    book, wanted = _book(), word.encode("utf-8", "replace")
    low, high = 0, len(book) - 1
    while low < high:
        start = book.rfind(b"\n", 0, (low + high) // 2 + 1)
        end = book.find(b"\n", start + 1)
        entry, _, said = book[start + 1 : end].partition(b"\t")
        if entry == wanted:
            return tuple(tuple(phones.split()) for phones in said.decode("ascii").split("\t"))
        if entry < wanted:
            low = end
        else:
            high = start
    return ()


def _stems(word: str) -> Iterator[tuple[str, str]]:
    """Listed words that `word` may be a form of, each with what its ending adds."""
    if word.endswith("'d"):
        yield from ((word[:-2] + end, "") for end in ("ed", "d"))
        yield word[:-2], "D"
    if word.endswith("'st"):
        yield from ((word[:-3] + end, "S T") for end in ("", "e"))
    if word.endswith("in'"):
        yield word[:-1] + "g", ""
    for ending, added in (("eth", "AH0 TH"), ("est", "AH0 S T"), ("ed", "D"), ("'s", "Z"), ("s", "Z"), ("ly", "L IY0")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            yield word[: -len(ending)] + "e", added
            yield word[: -len(ending)], added
    if word.startswith("un") and len(word) > 4:  # noqa: PLR2004 (un- and a word)
        yield word[2:], "un"


def _with_ending(phones: Phones, added: str) -> Phones:
    """`phones` with an ending, as English says it: walked, ended; cats, roses."""
    last = phones[-1]
    if added == "un":
        return ("AH0", "N", *phones)
    if added == "D" and last in {"T", "D"}:
        return (*phones, "AH0", "D")
    if added == "Z" and last in _SIBILANT:
        return (*phones, "AH0", "Z")
    if added in {"D", "Z"} and last in _VOICELESS | _SIBILANT:
        return (*phones, "T" if added == "D" else "S")
    return (*phones, *added.split())


def _readings(word: str, deep: int = 2) -> tuple[Phones, ...]:
    """The dictionary's pronunciations, or those of a word with up to `deep` endings taken off."""
    if word.isascii() and word.isdigit():
        return (tuple(_DIGITS[int(word)].split()),)
    if word in _CONTRACTIONS:
        return (tuple(_CONTRACTIONS[word].split()),)
    for form in (word, word.strip("'")):
        if found := _listed(form):
            return found
    for stem, added in _stems(word) if deep else ():
        if found := _readings(stem, deep - 1):
            return tuple(_with_ending(phones, added) for phones in found)
    return ()


# A vowel letter too many: e that is silent at the end or before an ending, in -ed and in -es.
_SILENT = re.compile(
    r"[^aeiouy]e(?:ly|ments?|ful|less|ness)?$(?<![^aeiouylr]le)|[^aeioutdy]ed$(?<![^aeiouylr]led)"
    r"|(?<![sxzcg])(?<!sh)(?<!ch)(?<![aeiouy])es$(?<![^aeiouylr]les)"
)
# Two vowels in one run of letters: li-on, cre-ate, du-al, be-ing, juic-i-er.
_HIATUS = re.compile(r"i[aou](?!us$)|[^q]ua|eo|[aeo]ing$|i?y?er$(?<=[iy]er)|iest$|sms?$")


def _spelled(word: str) -> int:
    """Syllables by spelling, for words that no dictionary has: right for nine in ten of those that it has."""
    letters = re.sub(r"[^a-z]", "", word[:_LONGEST])
    runs = len(re.findall(r"[aeiouy]+", letters)) - bool(_SILENT.search(letters))
    return max(runs + len(_HIATUS.findall(re.sub(r"(?<=[tcsg])i(?=[ao])|eous?$", "", letters))), 1)


@lru_cache(maxsize=20_000)
def _word(word: str) -> Word:
    readings = _readings(word)
    if readings:
        return Word(readings, tuple(dict.fromkeys(map(syllables, readings))), listed=True)
    # How an unknown word ends may still be known: "moonglade" rhymes as "glade" does.
    endings = (_listed(word[at:]) for at in range(1, len(word) - 2))
    ending = next(filter(None, endings), ())
    return Word(ending, (_spelled(word),), listed=False)


def pronounce(word: str) -> Word:
    """How `word` sounds, in any case and with either apostrophe. Never fails: what has no letters has one syllable."""
    key = word.replace("’", "'").lower()
    if not key.isascii():  # as listed: without accents
        key = "".join(char for char in unicodedata.normalize("NFKD", key) if not unicodedata.combining(char))
    return _word(key) if len(key) <= _LONGEST else Word((), (_spelled(key),), listed=False)


def syllables(phones: Phones) -> int:
    """How many vowels."""
    return sum(phone[-1].isdigit() for phone in phones)


def stresses(phones: Phones) -> str:
    """The stress of each syllable: 0, 1 or 2."""
    return "".join(phone[-1] for phone in phones if phone[-1].isdigit())


def rhyming_part(phones: Phones) -> Phones:
    """From the last stressed vowel on, without its digit: what a perfect rhyme shares."""
    vowels = [i for i, phone in enumerate(phones) if phone[-1].isdigit()]
    at = next((i for i in reversed(vowels) if phones[i][-1] in "12"), vowels[0] if vowels else 0)
    return tuple(phone.rstrip("012") for phone in phones[at:])


def _last_syllable(phones: Phones) -> Phones:
    at = max((i for i, phone in enumerate(phones) if phone[-1].isdigit()), default=0)
    return tuple(phone.rstrip("012") for phone in phones[at:])


def rhyme(one: str, other: str) -> Rhyme | None:
    """How well two words rhyme, by the readings that rhyme best; None when the dictionary knows too little."""
    if one.casefold().strip("'’") == other.casefold().strip("'’"):
        return Rhyme.SAME
    first, second = pronounce(one), pronounce(other)
    if not first.readings or not second.readings:
        return None
    grades = {_grade(p, q) for p in first.readings for q in second.readings}
    if not (first.listed and second.listed):
        grades = {Rhyme.PERFECT if g is Rhyme.SAME else g for g in grades}  # only an ending of it was looked up
    return next(g for g in (Rhyme.PERFECT, Rhyme.SLANT, Rhyme.SAME, Rhyme.NONE) if g in grades)


def _grade(p: Phones, q: Phones) -> Rhyme:
    if p == q:
        return Rhyme.SAME
    if rhyming_part(p) == rhyming_part(q):
        return Rhyme.PERFECT
    a, b = _last_syllable(p), _last_syllable(q)
    return Rhyme.SLANT if a == b or (a[1:] and a[1:] == b[1:]) else Rhyme.NONE
