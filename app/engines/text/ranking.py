"""Candidates for a next line, ranked: how likely they are, whether they rhyme and scan, and whether they say something new."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from statistics import fmean

from app.media.text.prosody.check import check_form
from app.media.text.prosody.chinese import simplified
from app.media.text.prosody.english import Rhyme, pronounce, rhyme
from app.media.text.prosody.form import Breaks, Form
from app.media.text.prosody.lines import Line, split
from app.media.text.prosody.report import Kind, LineReport
from app.media.text.scripts import HAN

WEIGHTS = {"likelihood": 0.4, "freshness": 0.2, "close": 0.4}
WEIGHTS |= {"rhyme": 0.25, "tones": 0.15, "metre": 0.15, "length": 0.15}  # how far what the form asks for holds
WEIGHTS |= {"echo": 0.25, "even": 0.15}  # where no form asks: rhymes with a line near by, lines of one length
UNSURE = 0.5  # of what nobody can tell, and where no neighbour is
_NEAR = 2  # lines back that a line without a scheme may rhyme with
_LONG = 4  # letters from which an English word counts as one that should not come again
_RHYMES = {Rhyme.PERFECT: 1.0, Rhyme.SLANT: 0.6, Rhyme.SAME: 0.2, Rhyme.NONE: 0.0}


def rankings(
    form: Form | None,
    before: str,
    candidates: Sequence[str],
    likelihoods: Sequence[float],
    closed: Sequence[float] = (),
) -> list[dict[str, float]]:
    """For each candidate its marks from 0 to 1; their weighted sum ranks. `likelihoods` are mean log-probabilities, `closed`
    those that a sentence ends with it, where one should.
    """
    found = []
    for at, (line, likely) in enumerate(zip(candidates, _beside(likelihoods), strict=True)):
        marks = {"likelihood": likely} | _sounds(form, before, line) | {"freshness": freshness(before, line)}
        marks |= {"close": _beside(closed)[at]} if closed else {}
        found.append({name: round(mark, 3) for name, mark in marks.items()})
    return found


def _beside(values: Sequence[float]) -> list[float]:
    """Each value between the lowest, 0, and the highest, 1."""
    known = [value for value in values if isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return [max(0.0, (value - low) / (high - low)) if high > low else 1.0 for value in values]


def total(marks: dict[str, float]) -> float:
    """One number of a candidate's marks."""
    return sum(WEIGHTS[name] * mark for name, mark in marks.items())


def order(marks: Sequence[dict[str, float]]) -> list[int]:
    """The candidates, the best first."""
    return sorted(range(len(marks)), key=lambda index: -total(marks[index]))


def freshness(before: str, line: str) -> float:
    """The share of what a line says that was not said before, in it or above it."""
    if HAN.search(line):
        said = [simplified(char) for char in line if HAN.match(char)]
        known = set(simplified(before))
    else:
        said = [word for word in _word_list(line) if len(word) >= _LONG]
        known = set(_word_list(before))
    fresh = sum(word not in known and word not in said[:at] for at, word in enumerate(said))
    return fresh / len(said) if said else 0.0


def _word_list(text: str) -> list[str]:
    return [piece.text.lower() for line in split(text, Breaks.LINE) for piece in line.words()]


def _sounds(form: Form | None, before: str, line: str) -> dict[str, float]:
    """How a line rhymes and scans: by the form where it asks for it, else by its neighbours."""
    chinese = bool(HAN.search(line))
    if form is not None and (form.rhyme or form.patterns or form.measure):
        judged = check_form(form, before + line).lines
        if not judged:
            return {"rhyme": 0.0}
        kinds = (Kind.RHYME, Kind.TONES, Kind.METRE, Kind.LENGTH)
        return {kind.value: mark for kind in kinds if (mark := _held(judged[-1], kind)) is not None}
    lines = list(split(before + line, Breaks.CLAUSE if chinese else Breaks.LINE))
    return {"echo": _rhymes_near(lines, chinese=chinese), "even": _even(lines, chinese=chinese)}


def _held(line: LineReport, kind: Kind) -> float | None:
    """Whether what is asked of a line holds: 1, less than UNSURE where it does not, UNSURE where nobody can tell. None where
    nothing is asked.
    """
    values = [finding.holds for finding in line.findings if finding.kind is kind]
    if not values:
        return None
    share = fmean({True: 1.0, None: UNSURE, False: 0.0}[holds] for holds in values)
    return share * UNSURE if False in values else share


def _rhymes_near(lines: Sequence[Line], *, chinese: bool) -> float:
    if chinese or len(lines) < 2:  # noqa: PLR2004 (a line and one before it)
        return UNSURE
    ends = [words[-1].text for line in lines[-_NEAR - 1 :] if (words := line.words())]
    return max((_RHYMES.get(rhyme(ends[-1], other) or Rhyme.NONE, 0.0) for other in ends[:-1]), default=0.0)


def _even(lines: Sequence[Line], *, chinese: bool) -> float:
    """How near a line's length is to that of the lines before it."""
    lengths = [line.length() if chinese else sum(pronounce(w.text).counts[0] for w in line.words()) for line in lines]
    if len(lengths) < 2:  # noqa: PLR2004 (a line and one before it)
        return UNSURE
    return 1 / (1 + abs(lengths[-1] - fmean(lengths[:-1])) / 2)
