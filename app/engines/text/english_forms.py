"""Which form an English text is to keep: the one asked for, or what its brief takes for granted."""

from __future__ import annotations

import re
from itertools import accumulate

from app.engines.engine import Request, Verb
from app.engines.text.tasks import text_of
from app.errors import EngineError, _
from app.media.text.prosody.asked import form_of
from app.media.text.prosody.check import check_form
from app.media.text.prosody.form import Form, Language, rhyme_letter
from app.media.text.prosody.recognise import recognised

CHINESE_FORM = _("This form counts Chinese characters, and this engine writes English: take the house verse engine.")
VERSE = re.compile(
    r"\b(poems?|poetry|lyrics?|verses?|stanzas?|quatrains?|ballads?|odes?|elegy|elegies|rhym(e|es|ed|ing))\b", re.IGNORECASE
)
UNRHYMED = re.compile(
    r"\bfree[- ]verse\b|\bvers libre\b|\bprose poems?\b|\bunrhymed\b|\bwithout (any |a )?rhymes?\b", re.IGNORECASE
)
# What a poem is when nobody says what: two quatrains of four beats or so, the second and fourth lines rhymed.
LYRIC = Form(name="lyric", language=Language.ENGLISH, stanzas=(4, 4), measure=((7, 9),), rhyme="xAxA")
NEW = frozenset({Verb.CREATE, Verb.REROLL})
WHOLE = NEW | {Verb.VARY}  # written line by line: their text begins and ends with a line
FORMED = WHOLE | {Verb.CONTINUE, Verb.BRANCH, Verb.LINE}  # whose whole text is the poem
_KEEPS = 0.9  # of a form: a text that holds so much of it is meant to


def english_form(request: Request) -> Form | None:
    """What the wish asks, else what the brief names in passing, else for verse two quatrains; None for prose and free verse.

    A variation keeps to the quatrains where its parent does. Raises EngineError for a form that counts Chinese characters.
    """
    found = request.form
    if found is None and request.verb in FORMED:
        asked = asked_kind(request)
        named = recognised(asked)
        if "preset" in named or "acrostic" in named:
            found = form_of(named)
        elif request.verb in WHOLE and VERSE.search(asked) and not UNRHYMED.search(asked):
            keeps = request.verb in NEW or check_form(LYRIC, text_of(request.parents[0])).share > _KEEPS
            found = LYRIC if keeps else None
    if found is not None and found.language is Language.CHINESE:
        raise EngineError(CHINESE_FORM)
    return found


def line_by_line(request: Request, form: Form | None) -> bool:
    """Whether the text is written a line at a time: verse from its beginning on."""
    return request.verb in WHOLE and bool(form.measure if form and form != Form() else VERSE.search(asked_kind(request)))


def rhymes(form: Form, text: str) -> bool:
    """Whether the line that follows `text` has to rhyme with one before it."""
    at = sum(bool(line.strip()) for line in text.split("\n"))
    letter = rhyme_letter(form.rhyme, at)
    return letter is not None and letter in {rhyme_letter(form.rhyme, line) for line in range(at)}


def ends_stanza(form: Form, text: str) -> bool:
    """Whether the line that follows `text` is the last of a stanza or of the whole."""
    at = sum(bool(line.strip()) for line in text.split("\n")) + 1
    return at == form.total or at in set(accumulate(form.stanzas))


def asked_kind(request: Request) -> str:
    """Where a brief says what kind of text it wants."""
    return f"{request.brief.technique}\n{request.brief.intent}\n{request.brief.style}"
