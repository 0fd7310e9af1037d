"""English prose by a small model: it goes on from a sentence better than it follows a wish.

Measured on twelve wishes for stories: by the chat template none was usable ("Here is a story…"), of six first sentences that
were gone on from as they stood five ran well.
"""

from __future__ import annotations

import re
from dataclasses import replace

from app.brief import Brief
from app.engines.engine import Request, Verb
from app.engines.text.english_forms import VERSE
from app.engines.text.tasks import TOLD, Task, wanted
from app.errors import _
from app.media.text.prosody.form import Form
from app.media.text.prosody.recognise import recognised

NOTE = _(
    "This small model goes on from a first sentence of yours better than it follows a wish. For stories and other prose name "
    "a service or a larger model (STEMMA_TEXTS)."
)
GOING_ON = frozenset({Verb.CREATE, Verb.REROLL, Verb.CONTINUE, Verb.BRANCH, Verb.VARY, Verb.LINE})
# What a wish says of the text instead of being its first sentence.
_KIND = (
    r"(story|stories|tale|essay|letter|scene|dialogue|monologue|script|article|diary|description|paragraph|text|fable|legend"
    r"|anecdote|speech|chapter|novel|prose)"
)
_WISH = re.compile(rf"^\W*(an? |the |some |one |two |three |my |our )?([\w'-]+ ){{0,3}}{_KIND}\b", re.IGNORECASE)
_ABOUT = re.compile(rf"^.*?\b{_KIND}\b\W*((?P<clause>in which|where)|about|on|of|by|for)?\s*", re.IGNORECASE)
_LETTER = re.compile(r"\bletters?\b.*?\bto\s+(my |our |the |an? )?(?P<whom>[^,.;]+)", re.IGNORECASE)
_SOMEBODY = re.compile(r"(an?|one) (?!day|night|year|summer|winter|time)\w+", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?…][\"'”’)]*$")
LONGEST = 160  # code points of what is taken from a wish


def is_prose(brief: Brief) -> bool:
    """Whether a brief asks for no verse."""
    said = f"{brief.technique}\n{brief.intent}\n{brief.style}"
    return not VERSE.search(said) and "preset" not in recognised(said)


def going_on(request: Request, form: Form | None) -> bool:
    """Whether the request is for prose that goes on from what stands there."""
    return request.verb in GOING_ON and form in (None, Form()) and is_prose(request.brief)


def task_of(request: Request, task: Task) -> Task:
    """`task` read as it stands instead of as a wish. A new text goes on from the brief where that is a sentence, else from one
    that is made of it.
    """
    if task.answer.strip():
        return replace(task, message="", raw=True)
    if sentence := first_sentence(request.brief):
        return replace(task, message="", raw=True, before=sentence, answer=sentence)
    begun = opening(request.brief)
    return replace(task, message="", raw=True, answer=begun, given=begun)


def first_sentence(brief: Brief) -> str:
    """What a brief says, where that is a sentence to go on from; else nothing."""
    said = brief.intent.strip()
    if not _SENTENCE.search(said) or TOLD.match(said) or _WISH.match(said):
        return ""
    return f"{said} "


def opening(brief: Brief) -> str:
    """A first sentence for what a brief asks: "There was once a girl who found a door.", "Dear younger self,"."""
    asked = " ".join(TOLD.sub("", brief.intent or wanted(brief)).split())
    if letter := _LETTER.search(asked):
        return f"Dear {letter['whom'].strip()[:LONGEST]},"
    genre = _ABOUT.match(asked) if _WISH.match(asked) else None
    about = asked[genre.end() if genre else 0 :].partition(",")[0].strip(" .!?")[:LONGEST]
    if genre and genre["clause"] and about:
        return f"{about[0].upper()}{about[1:]}."
    if not about:
        return "It began on a morning in autumn."
    return f"There was once {about}." if _SOMEBODY.match(about) else f"It began with {about}."
