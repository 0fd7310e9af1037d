"""Whether what is asked of a tune goes together: a kind with a metre that it is danced in, a key that can be written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.brief import FIELDS, Brief
from app.engines.music.asking import conditions_of
from app.engines.music.conditions import MOST_BARS, TuneConditions
from app.engines.music.lexicon import KEY_WORD, METRE_WORD
from app.errors import InvalidError, _
from app.media.music.grammar.tokens import METRES

FEWEST_BARS = 4
# The metres of each kind as the books have them; an air and a tune of no kind go in any.
METRES_OF: Mapping[str, tuple[str, ...]] = {
    "reel": ("4/4", "2/2", "2/4"),
    "jig": ("6/8", "9/8", "12/8"),
    "slip jig": ("9/8",),
    "hornpipe": ("4/4", "2/4", "2/2", "3/2", "6/4"),
    "strathspey": ("4/4", "2/2"),
    "march": ("4/4", "2/4", "2/2", "6/8", "3/4", "9/8", "12/8"),
    "waltz": ("3/4", "3/8"),
}
UNITS = (2, 4, 8, 16, 32)
BARS_WORD = re.compile(r"(\d[\d,.]*)\s*-?\s*(?:bars?|measures?|小节)(?![a-z])", re.IGNORECASE)


def check_possible(brief: Brief, said: TuneConditions) -> None:
    """`said` is what the parameters say, which goes before the brief's words. Raises InvalidError with the field at fault."""
    brief = brief.beginning()[0]
    text = brief.prompt().positive
    if said.metre is None and (unknown := _unknown_metre(text)):
        message = _("this engine writes in %(known)s; %(metre)s is none of them")
        raise InvalidError(_field(brief, unknown), message, known=", ".join(METRES), metre=unknown)
    if said.bars is None and (many := _impossible_bars(text)):
        message = _("a tune has %(fewest)d to %(most)d bars here")
        raise InvalidError(_field(brief, many), message, fewest=FEWEST_BARS, most=MOST_BARS)
    words = conditions_of(brief)[0]
    if said.tonic is None and words.tonic is None and (key := KEY_WORD.search(text)):
        raise InvalidError(_field(brief, key[0]), _("a key has at most seven sharps or flats, %(key)s has more"), key=key[0])
    _check_metre(brief, said, words)


def _check_metre(brief: Brief, said: TuneConditions, words: TuneConditions) -> None:
    """A kind of tune against the metre asked for with it."""
    rhythm, metre = said.rhythm or words.rhythm, said.metre or words.metre
    allowed = METRES_OF.get(rhythm or "")
    if rhythm is None or metre is None or allowed is None or metre in allowed:
        return
    field = "params.metre" if said.metre else "params.rhythm" if said.rhythm else _field(brief, metre)
    message = _("a %(kind)s goes in %(allowed)s, not in %(metre)s: change one of them, or leave one open")
    raise InvalidError(field, message, kind=rhythm, allowed=", ".join(allowed), metre=metre)


def _unknown_metre(text: str) -> str | None:
    """The first metre that the text names in figures, where none that it names is known."""
    named = [(int(found[1]), int(found[2]), found[0]) for found in METRE_WORD.finditer(text) if found[1]]
    metres = [(f"{beats}/{unit}", word) for beats, unit, word in named if beats > 1 and unit in UNITS]
    if not metres or any(metre in METRES for metre, _word in metres):
        return None
    return metres[0][1]


def _impossible_bars(text: str) -> str | None:
    found = BARS_WORD.search(text)
    count = int(re.sub(r"\D", "", found[1])[:9]) if found else FEWEST_BARS
    return None if found is None or FEWEST_BARS <= count <= MOST_BARS else found[0]


def _field(brief: Brief, word: str) -> str:
    """The field of the brief that has the word."""
    for name in FIELDS:
        value = getattr(brief, name)
        lines = value if isinstance(value, (list, tuple)) else [value]
        if any(word in str(line) for line in lines):
            return f"brief.{name}"
    return "brief.intent"
