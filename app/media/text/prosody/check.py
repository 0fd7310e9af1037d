"""Holds a text against a form, line by line. Linear in the text; any string will do, surrogates and NUL included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import islice

from app.bounded import MB, bounded
from app.errors import _
from app.media.text.prosody import verse_chinese, verse_english
from app.media.text.prosody.chinese import simplified
from app.media.text.prosody.form import Form, Language, Pattern, rhyme_letter
from app.media.text.prosody.lines import Line, split
from app.media.text.prosody.report import Finding, Kind, LineReport, Report, excerpt
from app.media.text.scripts import NO_SPACES

MAX_JUDGED = 1_000  # lines; what follows is counted, not judged
SMALL = 50_000  # code points that are looked at at once: at most some hundredths of a second
TOO_MUCH = _("This text needs too much time or memory to be held against a form. Try it with a part of the text.")
_MOST_SPANS = 20  # places of a word that are listed


@dataclass
class _Draft:
    """A line while it is judged."""

    line: Line
    units: int = 0
    tones: str = ""
    letter: str = ""
    rhyme: str = ""
    findings: list[Finding] = field(default_factory=list)

    def report(self) -> LineReport:
        return LineReport(
            start=self.line.start,
            end=self.line.end,
            stanza=self.line.stanza,
            units=self.units,
            tones=self.tones,
            letter=self.letter,
            rhyme=self.rhyme,
            findings=tuple(self.findings),
        )


@bounded(20, 400 * MB, TOO_MUCH, small=lambda _form, text: len(text) <= SMALL)
def held(form: Form, text: str) -> Report:
    """`check` of a text of any length."""
    return check_form(form, text)


def check_form(form: Form, text: str) -> Report:
    """What of `form` holds in `text`."""
    lines = list(split(text, form.breaks))
    drafts = [_Draft(line) for line in islice(lines, MAX_JUDGED)]
    whole = [*_line_counts(form, lines), *_missing(form, lines)]
    _lengths(form, drafts)
    pattern = _sounds(form, drafts)
    _acrostic(form, drafts, whole)
    _surplus(form, drafts)
    whole += _check_words(form, text)
    reports = tuple(draft.report() for draft in drafts)
    judged = [f.holds for part in reports for f in part.findings if f.holds is not None]
    judged += [f.holds for f in whole if f.holds is not None]
    return Report(
        form=form,
        pattern=pattern.title if pattern else "",
        holds=all(judged),
        share=sum(judged) / len(judged) if judged else 1.0,
        lines=reports,
        findings=tuple(whole),
    )


def _line_counts(form: Form, lines: list[Line]) -> Iterable[Finding]:
    """The number of lines, and of lines in each stanza."""
    if (total := form.total) is not None:
        found = len(lines)
        yield Finding(
            kind=Kind.LINES,
            holds=found == total,
            message=_("%(expected)d lines are asked for; there are %(found)d."),
            details={"expected": total, "found": found},
            expected=str(total),
            found=str(found),
            open=found < total,
        )
    if form.stanzas:
        sizes: dict[int, int] = {}
        for line in lines:
            sizes[line.stanza] = sizes.get(line.stanza, 0) + 1
        written = tuple(sizes.values())[:-1]  # the last stanza may go on
        expected, said = ("+".join(map(str, islice(n, _MOST_SPANS))) for n in (form.stanzas, sizes.values()))
        yield Finding(
            kind=Kind.STANZAS,
            holds=tuple(sizes.values()) == form.stanzas,
            message=_("Stanzas of %(expected)s lines are asked for; there are %(found)s."),
            details={"expected": expected, "found": said},
            expected=expected,
            found=said,
            open=len(lines) < (form.total or 0) and written == form.stanzas[: len(written)],
        )


def _missing(form: Form, lines: list[Line]) -> Iterable[Finding]:
    """A fault for each line that is not there yet: a good beginning is not yet the whole."""
    for number in range(len(lines) + 1, (form.total or 0) + 1):
        message, details = _("Line %(line)d is not there yet."), {"line": number}
        yield Finding(kind=Kind.LENGTH, holds=False, message=message, details=details, line=number, open=True)


def _surplus(form: Form, drafts: list[_Draft]) -> None:
    """Of a line after the form's last one nothing holds, whatever it sounds like."""
    for number, draft in enumerate(drafts, 1):
        if form.total is not None and number > form.total:
            message, details = _("Line %(line)d is more than the form has."), {"line": number}
            spans = ((draft.line.start, draft.line.end),)
            draft.findings = [
                Finding(kind=Kind.LENGTH, holds=False, message=message, details=details, line=number, spans=spans)
            ]


def _lengths(form: Form, drafts: list[_Draft]) -> None:
    for index, draft in enumerate(drafts):
        span = form.span(index)
        fits, draft.units = True, 0
        if form.language is Language.ENGLISH:
            fits, draft.units = verse_english.metre_length(draft.line, span)
        elif form.language is Language.CHINESE:
            draft.units = draft.line.length()
            fits = span is None or span[0] <= draft.units <= span[1]
        if span is not None:
            least, most = span
            expected = str(least) if least == most else f"{least}-{most}"
            chinese = form.language is Language.CHINESE
            draft.findings.append(
                Finding(
                    kind=Kind.LENGTH,
                    holds=fits,
                    message=_("%(expected)s characters are asked for; there are %(found)d.")
                    if chinese
                    else _("%(expected)s syllables are asked for; there are %(found)d."),
                    details={"expected": expected, "found": draft.units},
                    line=index + 1,
                    spans=() if fits else ((draft.line.start, draft.line.end),),
                    expected=expected,
                    found=str(draft.units),
                )
            )


def _sounds(form: Form, drafts: list[_Draft]) -> Pattern | None:
    """Tones, metre and rhymes, by the way of keeping the form that fits best; that way's pattern."""
    lines = [draft.line for draft in drafts]
    if form.language is Language.CHINESE:
        pieces = [line.characters() for line in lines]
        ways = [(way, verse_chinese.judge_lines(form, way, pieces)) for way in form.ways]
    elif form.language is Language.ENGLISH:
        ways = [(way, verse_english.judge_lines(form, way, lines)) for way in form.ways]
    else:
        return None
    best, sounds = max(ways, key=lambda way: sum(f.holds is True for sound in way[1] for f in sound.findings))
    for index, (draft, sound) in enumerate(zip(drafts, sounds, strict=True)):
        draft.tones, draft.rhyme = sound.tones, sound.rhyme
        letter = rhyme_letter(best.rhyme, index)
        draft.letter = letter[0] if letter else ""
        draft.findings += sound.findings
    return best


def _acrostic(form: Form, drafts: list[_Draft], whole: list[Finding]) -> None:
    """The lines' first characters or letters; traditional and simplified, large and small count the same."""
    wanted = [char for char in form.acrostic if not char.isspace()]
    for index, char in enumerate(wanted):
        if index >= len(drafts):
            message = _("The acrostic has %(letters)d letters; the text has %(lines)d lines.")
            details = {"letters": len(wanted), "lines": len(drafts)}
            whole.append(Finding(kind=Kind.ACROSTIC, holds=False, message=message, details=details, expected=excerpt(char)))
            return
        piece = drafts[index].line.characters(most=1)[0]
        at, first = piece.start, piece.text[:1]
        drafts[index].findings.append(
            Finding(
                kind=Kind.ACROSTIC,
                holds=_same(first) == _same(char),
                message=_("The line begins with %(found)s; the acrostic asks for %(expected)s."),
                details={"expected": excerpt(char), "found": excerpt(first)},
                line=index + 1,
                spans=((at, at + len(first)),),
                expected=excerpt(char),
                found=excerpt(first),
            )
        )


@cache
def _narrow() -> dict[int, str]:
    """Full-width letters, digits and signs as the usual ones; İ, whose small form is two code points, as i."""
    return {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x130: "i"}


def _same(text: str) -> str:
    """`text` without the differences that do not count here, as many code points long."""
    return simplified(text).translate(_narrow()).lower()


def places(body: str, phrase: str) -> Iterable[tuple[int, int]]:
    """Where `phrase` stands in `body`, both after _same(): as whole words where it begins or ends with an alphabet's letter."""
    at = body.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        if not (_inside(body, at) or _inside(body, end)):
            yield at, end
        at = body.find(phrase, at + 1)


def _inside(text: str, at: int) -> bool:
    """Whether `at` lies within a word of an alphabet (Chinese characters part anywhere)."""
    return 0 < at < len(text) and all(c.isalpha() and not NO_SPACES.match(c) for c in text[at - 1 : at + 1])


def _check_words(form: Form, text: str) -> Iterable[Finding]:
    body = _same(text) if form.must or form.avoid else ""
    for phrases, kind, good in ((form.must, Kind.MUST, True), (form.avoid, Kind.AVOID, False)):
        for phrase in phrases:
            spans = tuple(islice(places(body, _same(phrase)), _MOST_SPANS))
            yield Finding(
                kind=kind,
                holds=bool(spans) is good,
                message=_("%(phrase)s is there.") if spans else _("%(phrase)s is not there."),
                details={"phrase": excerpt(phrase)},
                spans=spans,
                expected=excerpt(phrase),
            )
