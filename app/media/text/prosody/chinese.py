"""How Chinese characters sound: tones, and rhymes by the new book and the old one.

New: 中华新韵（十四韵）, published by the Chinese poetry society (中华诗词学会, 2005), over today's standard pronunciation.
Old: 平水韵, the 106 rhymes of regulated verse since the thirteenth century, which Tang poems keep.
Data: data/chinese.txt.xz, made by `recipe.py`.
"""

from __future__ import annotations

import lzma
import unicodedata
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from app.media.text.scripts import is_han

LEVEL, OBLIQUE = "平", "仄"
BOTH = frozenset({LEVEL, OBLIQUE})
_DATA = Path(__file__).parent / "data" / "chinese.txt.xz"

# The fourteen rhymes: a letter for the data, the name, the finals (v is ü, -i the vowel of zhi and zi).
GROUPS: dict[str, tuple[str, frozenset[str]]] = {
    letter: (name, frozenset(finals.split()))
    for letter, name, finals in (
        ("a", "麻", "a ia ua"),
        ("b", "波", "o e uo io"),
        ("c", "皆", "ie ve ê"),
        ("d", "开", "ai uai"),
        ("e", "微", "ei ui uei"),
        ("f", "豪", "ao iao"),
        ("g", "尤", "ou iu iou"),
        ("h", "寒", "an ian uan van"),
        ("i", "文", "en in un uen vn"),
        ("j", "唐", "ang iang uang"),
        ("k", "庚", "eng ing ong iong ueng"),
        ("l", "齐", "i er v"),
        ("m", "支", "-i"),
        ("n", "姑", "u"),
    )
}
# The heads of the 106 rhymes in the book's order: 30 level, then rising, departing and entering.
OLD_NAMES = (
    "东冬江支微鱼虞齐佳灰真文元寒删先萧肴豪歌麻阳庚青蒸尤侵覃盐咸"
    "董肿讲纸尾语麌荠蟹贿轸吻阮旱潸铣筱巧皓哿马养梗迥有寝感俭豏"
    "送宋绛寘未御遇霁泰卦队震问愿翰谏霰啸效号个祃漾敬径宥沁勘艳陷"
    "屋沃觉质物月曷黠屑药陌锡职缉合叶洽"
)
_OLD_LEVEL = 30  # rhymes up to this number are level


class Book(StrEnum):
    """Which book says what rhymes and which tones are level."""

    NEW = "new"
    OLD = "old"


class Reading(NamedTuple):
    """One way to read a character. `tones` is both for the neutral tone, which fits wherever it stands."""

    tones: frozenset[str]
    group: str | None  # the rhyme's name; None where the book has none


class _Entry(NamedTuple):
    new: tuple[Reading, ...]
    old: tuple[Reading, ...]
    plain: str


@cache
def _new(sound: str) -> Reading:
    tones = {"1": LEVEL, "2": LEVEL, "3": OBLIQUE, "4": OBLIQUE}.get(sound[1])
    return Reading(frozenset({tones}) if tones else BOTH, GROUPS[sound[0]][0] if sound[0] in GROUPS else None)


@cache
def _old(number: int) -> Reading:
    return Reading(frozenset({LEVEL if number <= _OLD_LEVEL else OBLIQUE}), OLD_NAMES[number - 1])


@cache
def _book() -> dict[str, _Entry]:
    """Both books, by character. A simplified character has the old rhymes of all characters that became it."""
    found: dict[str, _Entry] = {}
    became: dict[str, list[Reading]] = {}
    for line in lzma.decompress(_DATA.read_bytes()).decode("utf-8").splitlines():
        char, new, old, plain = (*line.split("\t"), "", "", "")[:4]
        new_readings = tuple(map(_new, new.split(","))) if new else ()
        old_readings = tuple(_old(int(n)) for n in old.split(",")) if old else ()
        found[char] = _Entry(new_readings, old_readings, plain)
        if plain:
            became.setdefault(plain, []).extend(old_readings)
    for plain, readings in became.items():
        entry = found.get(plain, _Entry((), (), ""))
        found[plain] = entry._replace(old=tuple(dict.fromkeys([*entry.old, *readings])))
    return found


@cache
def _plainer() -> dict[int, str]:
    return {ord(char): entry.plain for char, entry in _book().items() if entry.plain}


def simplified(text: str) -> str:
    """`text` with every traditional character as its simplified one, code point by code point (the length stays)."""
    return text.translate(_plainer())


@cache
def _readings(char: str, book: Book) -> tuple[Reading, ...]:
    entry = _book().get(char) or _book().get(unicodedata.normalize("NFC", char))  # compatibility ideographs
    if entry is None:
        return ()
    if book is Book.NEW:  # a traditional character counts as its simplified one does
        return tuple(dict.fromkeys((*entry.new, *(_book()[entry.plain].new if entry.plain in _book() else ()))))
    # The old book lacks some thousand characters; today's tone stands in for theirs, and they rhyme with nothing.
    return entry.old or tuple(dict.fromkeys(Reading(r.tones, None) for r in entry.new))


def readings(char: str, book: Book = Book.NEW) -> tuple[Reading, ...]:
    """The ways to read one character, the commonest first; empty for what is no Chinese character or unknown."""
    return _readings(char, book) if is_han(char) else ()


def tones(char: str, book: Book = Book.NEW) -> frozenset[str]:
    """平, 仄 or both, over all readings; both for an unknown character, which nobody can hold against a line."""
    found = [r.tones for r in readings(char, book)]
    return frozenset().union(*found) if found else BOTH


def groups(char: str, book: Book = Book.NEW, tone: str | None = None) -> frozenset[str]:
    """The rhymes that a character may have, with `tone` only those of its readings in that tone."""
    return frozenset(r.group for r in readings(char, book) if r.group and (tone is None or tone in r.tones))
