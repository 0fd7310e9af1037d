"""Named forms, Chinese and English, and the tone patterns of regulated verse (近体诗)."""

from __future__ import annotations

from functools import cache

from app.errors import NotFoundError, _
from app.media.text.prosody.chinese import Book
from app.media.text.prosody.form import Breaks, Form, Freedom, Language, Pattern, Rhyming

# The four kinds of line in five-character verse (王力《诗词格律》): named by how they end, capitals end on a level tone.
_KINDS = {"a": "仄仄平平仄", "A": "仄仄仄平平", "b": "平平平仄仄", "B": "平平仄仄平"}
# The four opening couplets and the couplet that follows each; the rest alternates, which is what 对 and 粘 come to.
_OPENINGS = {"aB": "bA", "AB": "bA", "bA": "aB", "BA": "aB"}
_PATTERN_TITLES = {
    ("仄", False): _("Oblique start, first line unrhymed"),
    ("仄", True): _("Oblique start, first line rhymed"),
    ("平", False): _("Level start, first line unrhymed"),
    ("平", True): _("Level start, first line rhymed"),
}
TITLES = {
    "wujue": _("Five-character quatrain"),
    "qijue": _("Seven-character quatrain"),
    "wulv": _("Five-character regulated verse"),
    "qilv": _("Seven-character regulated verse"),
    "liujue": _("Six-character quatrain"),
    "wupai": _("Five-character long regulated verse"),
    "huanxisha": _("Song to the tune Huan Xi Sha"),
    "zhegutian": _("Song to the tune Zhe Gu Tian"),
    "hanpai": _("Chinese haiku"),
    "haiku": _("Haiku"),
    "limerick": _("Limerick"),
    "couplet": _("Couplet"),
    "sonnet": _("Shakespearean sonnet"),
    "free": _("Free verse"),
}


def _kind(letter: str, characters: int) -> str:
    """The tones of a line; in seven-character verse two opposite ones stand before."""
    tones = _KINDS[letter]
    before = "平平" if tones[0] == "仄" else "仄仄"
    return before + tones if characters == 7 else tones  # noqa: PLR2004 (characters a line)


@cache
def patterns(characters: int, lines: int) -> tuple[Pattern, ...]:
    """The four standard patterns of regulated verse: 5 or 7 characters a line, 4 or 8 lines (or longer by couplets)."""
    found = []
    for opening, second in _OPENINGS.items():
        unrhymed = opening[0].lower() + opening[1]
        couplets = [opening] + [second if i % 2 else unrhymed for i in range(1, lines // 2)]
        tones = tuple(_kind(letter, characters) for couplet in couplets for letter in couplet)
        rhymed = opening[0].isupper()
        title = _PATTERN_TITLES[tones[0][1], rhymed]
        rhyme = ("A" if rhymed else "x") + "A" + "xA" * (lines // 2 - 1)
        found.append(Pattern(title=title, rhyme=rhyme, tones=tones))
    return tuple(found)


def regulated(
    characters: int,
    lines: int,
    *,
    start: str | None = None,
    first_rhymed: bool | None = None,
    freedom: Freedom = Freedom.ODD,
    book: Book = Book.NEW,
) -> Form:
    """Regulated verse of 5 or 7 characters and 4 or 8 lines, or of 5 and 12.

    `start` is the tone of the first line's second character (平起 or 仄起); None leaves it open, as does `first_rhymed`.
    """
    kept = tuple(
        pattern
        for pattern in patterns(characters, lines)
        if start in {None, pattern.tones[0][1]} and first_rhymed in {None, pattern.rhyme[0] == "A"}
    )
    name = {(5, 4): "wujue", (7, 4): "qijue", (5, 8): "wulv", (7, 8): "qilv", (5, 12): "wupai"}[characters, lines]
    return Form(
        name=name,
        language=Language.CHINESE,
        lines=lines,
        measure=((characters, characters),),
        breaks=Breaks.CLAUSE,
        patterns=kept,
        freedom=freedom,
        book=book,
    )


def _song(name: str, marks: str, rhyme: str, *tones: str) -> Form:
    """A song (词) to a tune whose lines are those of regulated verse; tones after 龙榆生《唐宋词格律》, the usual pattern."""
    return Form(
        name=name,
        language=Language.CHINESE,
        lines=len(tones),
        measure=tuple((len(line), len(line)) for line in tones),
        breaks=Breaks.CLAUSE,
        marks=marks,
        patterns=(Pattern(rhyme=rhyme, tones=tones),),
    )


def _english(name: str, lines: int, measure: tuple[tuple[int, int], ...], rhyme: str = "", metre: str = "") -> Form:
    return Form(name=name, language=Language.ENGLISH, lines=lines, measure=measure, rhyme=rhyme, metre=metre)


@cache
def presets() -> dict[str, Form]:
    """The named forms, in the order in which they are offered; `TITLES` says what they are called."""
    zh = Language.CHINESE
    forms = (
        regulated(5, 4),
        regulated(7, 4),
        regulated(5, 8),
        regulated(7, 8),
        Form(name="liujue", language=zh, lines=4, measure=((6, 6),), breaks=Breaks.CLAUSE, rhyme="xAxA"),
        regulated(5, 12),
        _song("huanxisha", "，。。，。。", "AAAxAA", *(_kind(letter, 7) for letter in "BAAbAA")),
        _song(
            "zhegutian",
            "，。，。，，。，。",
            "AAxAxAAxA",
            *(_kind(c, 7) for c in "BAaB"),
            "平仄仄",
            "仄平平",
            *(_kind(c, 7) for c in "AaB"),
        ),
        Form(name="hanpai", language=zh, lines=3, measure=((5, 5), (7, 7), (5, 5)), breaks=Breaks.CLAUSE),
        _english("haiku", 3, ((5, 5), (7, 7), (5, 5))),
        _english("limerick", 5, ((7, 10), (7, 10), (5, 7), (5, 7), (7, 10)), "AABBA"),
        Form(name="couplet", language=Language.ENGLISH, lines=2, rhyme="AA", rhyming=Rhyming.SLANT),
        _english("sonnet", 14, ((10, 11),), "ABAB CDCD EFEF GG", "x/" * 5),
        Form(name="free"),
    )
    return {form.name: form for form in forms}


def preset(name: str) -> Form:
    """The form called `name`. Raises NotFoundError."""
    if name not in presets():
        raise NotFoundError
    return presets()[name]
