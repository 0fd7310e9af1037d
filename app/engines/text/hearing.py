"""What a brief of Chinese verse speaks of, in words that the model of classical verse knows.

Everyday words lead to words of verse by a lexicon (words/verse.txt). Words that the poems themselves have (words/poems.txt)
stand for themselves, and so does a single character of the things that verse speaks of. English words that the lexicon does
not list lead to what the sentence model finds nearest, worked out beforehand (words/english.txt; see
app/training/verse/words.py), and Chinese ones go by the image engine's glossary into English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import regex

from app.engines.shared import chinese_glossary as chinese
from app.media.text.prosody.chinese import simplified

FOLDER = Path(__file__).with_name("words")
# Characters that are a word of verse by themselves.
THEMES = frozenset(
    "春夏秋冬月山水花雪雨风云江夜柳酒梅竹松菊雁舟别思愁梦客归乡剑琴茶僧寺仙泉湖海草荷霜叶灯渔樵星烟桃"
    "莲燕莺蝉鹤马楼桥钟笛露溪林园村田路塞柴书老闲醉睡寒暖晚暮晨"
)
NOTHING = "-"  # in place of a row's words of verse: its words name nothing
SHORTEST = 2  # letters of what is left of an inflected word, and one more
PHRASE = 3  # words that an English entry has at most
_RUN = regex.compile(r"\p{Han}+|[A-Za-z][A-Za-z'’-]*(?:\s+[A-Za-z][A-Za-z'’-]*)*")
_ENDINGS = (("'s", ""), ("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"))
_DOUBLED = re.compile(r"([bdfglmnprt])\1(ing|ed)$")  # running
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of a brief and what verse calls it: a poem takes one of `words`. () names nothing; None is not understood."""

    said: str
    words: Words | None

    @property
    def bridged(self) -> bool:
        """Whether verse calls it something else."""
        return bool(self.words) and not any(
            word in simplified(self.said) or simplified(self.said) in word for word in self.words or ()
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the lexicon: words of verse, and the Chinese and English words that lead to them."""

    verse: Words
    chinese: Words
    english: Words


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words, and what verse calls them."""

    chinese: dict[str, Words]
    english: dict[str, Words]
    poems: frozenset[str]
    longest: int  # characters of a Chinese word


def rows() -> Iterator[Row]:
    """The lexicon as it was written by hand; an English entry of several words has hyphens."""
    for line in _lexicon_lines("verse.txt"):
        verse, everyday, english = (tuple(part.split()) for part in line.split("|"))
        yield Row(() if verse == (NOTHING,) else verse, everyday, english)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Read once."""
    everyday: dict[str, Words] = {}
    english: dict[str, Words] = {}
    for row in rows():
        everyday |= dict.fromkeys(row.chinese, row.verse)
        english |= dict.fromkeys(row.english, row.verse)
    for line in _lexicon_lines("english.txt"):
        known, _colon, near = line.partition(": ")
        english |= {word: english[known] for word in near.split() if word not in english}
    poems = frozenset(word for line in _lexicon_lines("poems.txt") for word in line.split())
    return Lexicon(everyday, english, poems, max(map(len, everyday)))


def _lexicon_lines(name: str) -> Iterator[str]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return (line for line in lines if line and not line.startswith("#"))


def heard_words(text: str) -> list[HeardWord]:
    """What `text` says, word by word in its order; words that stand in no lexicon are not understood."""
    return [word for run in _RUN.findall(text) for word in (_english(run) if run[0].isascii() else _chinese(run))]


def keywords(found: Iterable[HeardWord], most: int, seed: int | None = None) -> list[str]:
    """One word of verse for each thing that was heard, the first `most`; seeds in a row (`seed`) take each of several."""
    chosen = [word.words[0 if seed is None else (seed + at) % len(word.words)] for at, word in enumerate(found) if word.words]
    return list(dict.fromkeys(chosen))[:most]


def _chinese(run: str) -> Iterator[HeardWord]:
    """A run of Chinese characters, at every place the longest word that is known."""
    read, at, unknown = simplified(run), 0, ""
    while at < len(run):
        lengths = range(min(lexicon().longest, len(run) - at), 0, -1)
        size = next((length for length in lengths if _verse(read[at : at + length]) is not None), 0)
        if size and unknown:
            yield HeardWord(unknown, None)
            unknown = ""
        if size:
            yield HeardWord(run[at : at + size], _verse(read[at : at + size]))
        unknown += "" if size else run[at]
        at += size or 1
    if unknown:
        yield HeardWord(unknown, None)


@lru_cache(maxsize=4096)
def _verse(word: str) -> Words | None:
    """What verse calls a Chinese word."""
    book = lexicon()
    if word in book.chinese:
        return book.chinese[word]
    if word in book.poems or word in THEMES:
        return (word,)
    named = chinese.named(word) if len(word) > 1 else None
    return next((part.words for part in _english(named or "") if part.words), None)


def _english(run: str) -> Iterator[HeardWord]:
    """A run of English words, at every place the longest phrase that is known."""
    said, at = run.split(), 0
    while at < len(said):
        sizes = range(min(PHRASE, len(said) - at), 0, -1)
        size = next((size for size in sizes if _listed(said[at : at + size]) is not None), 1)
        yield HeardWord(" ".join(said[at : at + size]), _listed(said[at : at + size]))
        at += size


def _listed(said: Sequence[str]) -> Words | None:
    """What verse calls an English phrase, the last word of which may be inflected."""
    return next((lexicon().english[form] for form in stems("-".join(said)) if form in lexicon().english), None)


def stems(phrase: str) -> Iterator[str]:
    """`phrase` (words with hyphens between them) as a lexicon may have it: in small letters, its last word less inflected."""
    phrase = phrase.lower().replace("’", "'")
    yield phrase
    yield from (
        phrase[: -len(end)] + instead for end, instead in _ENDINGS if phrase.endswith(end) and len(phrase) > len(end) + SHORTEST
    )
    yield _DOUBLED.sub(r"\1", phrase)
