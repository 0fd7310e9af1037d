"""Syllables, metre and rhymes of English lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.errors import _
from app.media.text.prosody.english import Rhyme, pronounce, rhyme, stresses, syllables
from app.media.text.prosody.form import Form, Pattern, Rhyming, rhyme_letter
from app.media.text.prosody.lines import Line, PlacedWord
from app.media.text.prosody.report import Finding, Kind, excerpt
from app.media.text.prosody.verse_chinese import Sound

_MOST_SCANNED = 60  # syllables of a line whose metre is looked at
_BEFORE = 8  # earlier lines of a letter that a line is compared with
# Of a line's words so far: stresses against the metre, the marks of all syllables, the places of the words that are against it.
_Scansion = tuple[int, str, tuple[tuple[int, int], ...]]
_MESSAGES = {
    Rhyme.PERFECT: _("%(word)s rhymes with %(other)s (%(letter)s)."),
    Rhyme.SLANT: _("%(word)s rhymes with %(other)s by a slant (%(letter)s)."),
    Rhyme.SAME: _("%(word)s repeats the sound of %(other)s (%(letter)s)."),
    Rhyme.NONE: _("%(word)s does not rhyme with %(other)s (%(letter)s)."),
    None: _("Nobody can tell how %(word)s and %(other)s rhyme (%(letter)s)."),
}


def metre_length(line: Line, span: tuple[int, int] | None) -> tuple[bool, int]:
    """Whether some reading of the line's words has a length within `span`, and that length; else the likeliest one."""
    words = [pronounce(word.text).counts for word in line.words()]
    likeliest = sum(counts[0] for counts in words)
    if span is None:
        return True, likeliest
    least, most = span
    sums = 1  # bit n: the words so far can have n syllables
    for counts in words:
        sums = sum_bits(sums, counts) & ((2 << most) - 1)
        if not sums:
            return False, likeliest
    fitting = [n for n in range(least, most + 1) if sums >> n & 1]
    return bool(fitting), min(fitting, key=lambda n: abs(n - likeliest)) if fitting else likeliest


def sum_bits(sums: int, counts: Sequence[int]) -> int:
    """The set of numbers `sums` (bit n for n) after adding any one of `counts`."""
    found = 0
    for count in counts:
        found |= sums << count
    return found


def judge_lines(form: Form, way: Pattern, lines: Sequence[Line]) -> list[Sound]:
    """The metre and rhymes of `lines`."""
    words = [line.words() for line in lines]
    sounds = [Sound() for _line in lines]
    for i, (line, spoken) in enumerate(zip(lines, words, strict=True)):
        if form.metre:
            sounds[i].findings.append(_metre(form.metre, line, spoken, i + 1))
            sounds[i].tones = sounds[i].findings[-1].found
    letters: dict[str, list[PlacedWord]] = {}
    for i, spoken in enumerate(words):
        letter = rhyme_letter(way.rhyme, i)
        if letter and spoken and (form.total is None or i < form.total):
            before = letters.setdefault(letter, [])
            sounds[i].rhyme = excerpt(before[0].text if before else spoken[-1].text)
            if before:
                sounds[i].findings.append(_rhymed(form, before[-_BEFORE:], spoken[-1], letter[0], i + 1))
            before.append(spoken[-1])
    return sounds


def _rhymed(form: Form, before: Sequence[PlacedWord], word: PlacedWord, letter: str, line: int) -> Finding:
    """The best rhyme of a line's last word with the lines of its letter before it."""
    order = (Rhyme.PERFECT, Rhyme.SLANT, Rhyme.SAME, Rhyme.NONE, None)
    graded = [(rhyme(other.text, word.text), other) for other in before]
    if not form.repeat and any(grade is Rhyme.SAME for grade, _other in graded):
        graded = [pair for pair in graded if pair[0] is Rhyme.SAME]
    grade, other = min(graded, key=lambda pair: order.index(pair[0]))
    good = (
        {Rhyme.PERFECT} | ({Rhyme.SLANT} if form.rhyming is Rhyming.SLANT else set()) | ({Rhyme.SAME} if form.repeat else set())
    )
    return Finding(
        kind=Kind.RHYME,
        holds=None if grade is None else grade in good,
        message=_MESSAGES[grade],
        details={"word": excerpt(word.text), "other": excerpt(other.text), "letter": letter},
        line=line,
        spans=((word.start, word.end), (other.start, other.end)),
        expected=form.rhyming.value,
        found=grade.value if grade else "",
    )


def _metre(metre: str, line: Line, words: Sequence[PlacedWord], number: int) -> Finding:
    """Whether no word of two or more syllables has its main stress where the metre has none.

    Words of one syllable go either way, and a foot may be turned round at the beginning of a line or after a pause
    (Attridge, The Rhythms of English Poetry, 1982, on demotion, promotion and initial inversion). One syllable more
    than the metre has, unstressed, may end the line.
    """
    best: dict[int, _Scansion] = {0: (0, "", ())}
    end = line.start
    for word in words:
        pause = end == line.start or bool(re.search(r"[,.;:!?—–]", line.text[end - line.start : word.start - line.start]))
        end = word.end
        best = _scanned_on(metre, best, word, pause=pause)
        if not best:
            break
    full = [best[n] for n in (len(metre), len(metre) + 1) if n in best]
    if not full:
        message = _("Its metre cannot be held against %(expected)s: the line has another length.")
        return Finding(kind=Kind.METRE, holds=False, message=message, details={"expected": metre}, line=number, expected=metre)
    wrong, marks, spans = min(full, key=lambda state: state[0])
    words_said = ", ".join(excerpt(line.text[a - line.start : b - line.start]) for a, b in spans)
    return Finding(
        kind=Kind.METRE,
        holds=not wrong,
        message=_("The metre %(expected)s does not hold at %(words)s.") if wrong else _("The metre %(expected)s holds."),
        details={"expected": metre, "words": words_said},
        line=number,
        spans=spans,
        expected=metre,
        found=marks,
    )


def _scanned_on(metre: str, before: dict[int, _Scansion], word: PlacedWord, *, pause: bool) -> dict[int, _Scansion]:
    """The best scansion by number of syllables of a line's words up to `word`, from that of the words before it; `pause`:
    one stands before it.
    """
    said = pronounce(word.text)
    spoken = [stresses(phones) for phones in said.readings if syllables(phones) in said.counts]
    after: dict[int, _Scansion] = {}
    for at, (wrong, marks, spans) in before.items():
        for stress in spoken or ["?" * count for count in said.counts]:
            misses = offbeat(metre, at, stress, pause=pause)
            state = (wrong + misses, marks + stress, (*spans, (word.start, word.end)) if misses else spans)
            length = at + len(stress)
            if length <= _MOST_SCANNED and (length not in after or state[0] < after[length][0]):
                after[length] = state
    return after


def offbeat(metre: str, at: int, said: str, *, pause: bool) -> int:
    """How many main stresses of a word, beginning at syllable `at`, fall where `metre` has none."""
    if len(said) < 2:  # noqa: PLR2004 (syllables)
        return 0
    beats = ((at + i, mark) for i, mark in enumerate(said))
    return sum(
        mark == "1" and (place >= len(metre) or metre[place] == "x") and not (pause and place == at) for place, mark in beats
    )
