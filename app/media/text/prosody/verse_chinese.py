"""Tones and rhymes of Chinese lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.errors import _
from app.media.text.prosody.chinese import BOTH, LEVEL, OBLIQUE, Book, groups, readings, simplified, tones
from app.media.text.prosody.form import EITHER, Form, Pattern, flaw, line_tones, rhyme_letter
from app.media.text.prosody.lines import PlacedWord
from app.media.text.prosody.report import Finding, Kind, excerpt


@dataclass
class Sound:
    """How a line sounds, and what is to be said about it."""

    tones: str = ""
    rhyme: str = ""
    findings: list[Finding] = field(default_factory=list)


def _tones(piece: PlacedWord, book: Book) -> frozenset[str]:
    return tones(piece.text, book) if len(piece.text) == 1 else BOTH


def _marks(pieces: Sequence[PlacedWord], book: Book) -> str:
    found = (_tones(piece, book) for piece in pieces)
    return "".join(EITHER if len(t) > 1 else next(iter(t)) for t in found)


def _rare(pieces: Sequence[PlacedWord], read: str, book: Book) -> str:
    """The characters that have the tone they are read with only in a reading that is not their commonest."""
    first = (
        (piece.text, tone, readings(piece.text, book)) for piece, tone in zip(pieces, read, strict=True) if len(piece.text) == 1
    )
    return "".join(dict.fromkeys(char for char, tone, ways in first if ways and tone not in ways[0].tones))


def _line_tones(form: Form, template: str, pieces: Sequence[PlacedWord], number: int) -> tuple[str, Finding]:
    """The tones of a line as they are best read, and whether they keep its template."""
    possible = [_tones(piece, form.book) for piece in pieces]
    if len(pieces) != len(template):
        message = _("Its tones cannot be held against %(expected)s: the line has another length.")
        marks = _marks(pieces, form.book)
        return marks, Finding(
            kind=Kind.TONES, holds=False, message=message, details={"expected": template}, line=number, expected=template
        )
    allowed = sorted(
        line_tones(template, form.freedom), key=lambda t: (sum(a != b for a, b in zip(t, template, strict=True)), t)
    )
    wrong, nearest = min(
        ((sum(tone not in p for tone, p in zip(t, possible, strict=True)), t) for t in allowed), key=lambda pair: pair[0]
    )
    misses = [i for i, tone in enumerate(nearest) if tone not in possible[i]]
    read = "".join((LEVEL if tone == OBLIQUE else OBLIQUE) if i in misses else tone for i, tone in enumerate(nearest))
    rare = "" if wrong else _rare(pieces, read, form.book)
    details: dict[str, str | int] = {"expected": template, "found": read}
    if wrong:
        details |= {"characters": excerpt("".join(pieces[i].text for i in misses))}
        message = _("The tones are %(found)s; %(expected)s is asked for. See %(characters)s.")
        if (named := flaw(read)) is not None:
            details |= {"flaw": named}
            message = _("The tones are %(found)s (%(flaw)s); %(expected)s is asked for. See %(characters)s.")
    elif rare:
        details |= {"characters": rare}
        message = _("The tones %(found)s hold; %(characters)s can be read otherwise too.")
    else:
        message = _("The tones %(found)s hold.")
    return read, Finding(
        kind=Kind.TONES,
        holds=not wrong,
        message=message,
        details=details,
        line=number,
        spans=tuple((pieces[i].start, pieces[i].end) for i in misses),
        expected=template,
        found=read,
    )


def _joins(form: Form, way: Pattern, lines: Sequence[Sequence[PlacedWord]]) -> list[tuple[int, str, tuple[int, int]]]:
    """Where couplets fall apart: (line, 失对 or 失粘, the lines concerned), by the tone of each line's second character."""
    seconds = [_tones(line[1], form.book) if len(line) > 1 else BOTH for line in lines[: len(way.tones)]]
    found = []
    for i in range(1, len(seconds)):
        same = seconds[i] == seconds[i - 1]
        if len(seconds[i]) == len(seconds[i - 1]) == 1 and same is (i % 2 == 1):
            found.append((i, "失对" if i % 2 else "失粘", (i, i + 1)))
    return found


def judge_lines(form: Form, way: Pattern, pieces: Sequence[Sequence[PlacedWord]]) -> list[Sound]:
    """The tones and rhymes of the lines with these characters, by one way of keeping the form."""
    sounds = [Sound(tones=_marks(p, form.book)) for p in pieces]
    for i, template in enumerate(way.tones[: len(pieces)]):
        sounds[i].tones, finding = _line_tones(form, template, pieces[i], i + 1)
        sounds[i].findings.append(finding)
    if any(f.holds is False for sound in sounds for f in sound.findings):
        for i, name, between in _joins(form, way, pieces):
            message = _("Lines %(before)d and %(line)d do not go together by their second characters (%(name)s).")
            details: dict[str, str | int] = {"before": between[0], "line": between[1], "name": name}
            spans = tuple((p[1].start, p[1].end) for p in (pieces[i - 1], pieces[i]))
            sounds[i].findings.append(
                Finding(kind=Kind.TONES, holds=None, message=message, details=details, line=i + 1, spans=spans)
            )
    _rhymes(form, way, pieces, sounds)
    return sounds


def _rhymes(form: Form, way: Pattern, lines: Sequence[Sequence[PlacedWord]], sounds: Sequence[Sound]) -> None:
    """Of each letter, the rhyme that most of its lines have; the others are told which one it is."""
    letters: dict[str, list[int]] = {}
    for i, line in enumerate(lines):
        letter = rhyme_letter(way.rhyme, i)
        if letter and line and (form.total is None or i < form.total):
            letters.setdefault(letter, []).append(i)
    for letter, members in letters.items():
        ends = {i: lines[i][-1] for i in members}
        of = {
            i: groups(end.text, form.book, _last(way, i)) if len(end.text) == 1 else frozenset[str]() for i, end in ends.items()
        }
        count = Counter(group for i in members for group in sorted(of[i]))
        rhyme = max(count, key=lambda g: count[g], default="")
        seen: set[str] = set()
        for i in members:
            end = ends[i]
            again = simplified(end.text) in seen and not form.repeat
            seen.add(simplified(end.text))
            known = bool(readings(end.text, form.book)) if len(end.text) == 1 else False
            holds = rhyme in of[i] and not again if known else None
            if known and not of[i]:
                holds = None if not groups(end.text, form.book) else False
            sounds[i].rhyme = rhyme
            sounds[i].findings.append(_rhymed(end, letter[0], rhyme, sorted(of[i]), i + 1, holds=holds, again=again))


def _last(way: Pattern, line: int) -> str | None:
    """The tone that a line has to end on, if its pattern says: a rhyme is looked for among readings in that tone."""
    tone = way.tones[line][-1] if line < len(way.tones) else EITHER
    return None if tone == EITHER else tone


def _rhymed(
    end: PlacedWord, letter: str, rhyme: str, found: list[str], line: int, *, holds: bool | None, again: bool
) -> Finding:
    details: dict[str, str | int] = {
        "character": excerpt(end.text),
        "rhyme": rhyme,
        "found": "、".join(found),
        "letter": letter,
    }
    if holds is None:
        message = _("Nobody can tell how %(character)s rhymes.")
    elif holds:
        message = _("%(character)s rhymes in %(rhyme)s (%(letter)s).")
    elif again:
        message = _("%(character)s was a rhyme before.")
    elif found:
        message = _("%(character)s belongs to %(found)s and does not rhyme with the others in %(rhyme)s (%(letter)s).")
    else:
        message = _("%(character)s does not rhyme with the others in %(rhyme)s (%(letter)s).")
    return Finding(
        kind=Kind.RHYME,
        holds=holds,
        message=message,
        details=details,
        line=line,
        spans=((end.start, end.end),),
        expected=rhyme,
        found="、".join(found),
    )
