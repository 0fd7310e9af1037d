"""Which form a poem is written in: what the wish says, else what the brief names in passing, else the engine's own setting."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from app.brief import Brief
from app.errors import EngineError, _
from app.media.text.prosody.asked import form_of
from app.media.text.prosody.form import Breaks, Form, Language
from app.media.text.prosody.presets import patterns
from app.media.text.prosody.recognise import recognised


class VerseForm(StrEnum):
    """The forms that the model has a mark for, by their Chinese names."""

    WUJUE = "五绝"
    QIJUE = "七绝"
    WULV = "五律"
    QILV = "七律"
    LIUJUE = "六绝"
    WUPAI = "五排"
    HUANXISHA = "浣溪沙"
    ZHEGUTIAN = "鹧鸪天"

    @property
    def preset(self) -> str:
        """The name of the form among the named ones."""
        return self.name.lower()

    @property
    def form(self) -> Form:
        """What the form asks."""
        return form_of({"preset": self.preset})


# By characters a line and the most lines: which of its forms the model is shown for one that has no mark of its own.
_NEAREST = {
    5: ((4, VerseForm.WUJUE), (8, VerseForm.WULV), (400, VerseForm.WUPAI)),
    6: ((400, VerseForm.LIUJUE),),
    7: ((4, VerseForm.QIJUE), (400, VerseForm.QILV)),
}
_BRIEFLY = 12  # lines: no form of the model's own has more
ENGLISH_FORM = _(
    "This form is counted in English syllables: the house's English engine keeps it, this one writes Chinese verse."
)


def said_in(brief: Brief) -> str:
    """Where a brief names a form."""
    return f"{brief.technique}\n{brief.intent}\n{brief.style}"


def wanted_form(form: Form | None, brief: Brief, fallback: VerseForm) -> Form:
    """The whole form of a poem. Raises EngineError for one that this engine cannot keep, InvalidError for a contradiction."""
    found = recognised(said_in(brief))
    named = "preset" in found
    base = form_of({"preset": fallback.preset} | found) if named else _roomy(fallback, found)
    if form is None:
        return _chinese(base)
    if form.language is Language.ENGLISH:
        raise EngineError(ENGLISH_FORM)
    if form.measure or form.patterns:
        return _chinese(form)
    named_fields = ("must", "avoid", "repeat", "freedom", "book", "acrostic")
    extra: dict[str, Any] = {name: getattr(form, name) for name in named_fields if getattr(form, name) != getattr(Form(), name)}
    extra |= {"breaks": form.breaks} if form.total or form.acrostic else {}  # then lines are counted as the wish counts them
    if form.acrostic and not named:
        base = _roomy(fallback, found | {"acrostic": form.acrostic})
    return _chinese(_of_lines(base, form.total or base.total or 4).model_copy(update=extra))


def mark_of(form: Form) -> VerseForm:
    """The mark that the model is shown for `form`: its own, or that of the nearest form."""
    own = next((mark for mark in VerseForm if mark.preset == form.name), None)
    if own and form.total == own.form.total:
        return own
    spans = [most for _least, most in form.measure] or [7]
    length = min(_NEAREST, key=lambda characters: abs(characters - sum(spans) / len(spans)))
    return next(mark for most, mark in _NEAREST[length] if (form.total or most) <= most)


def _chinese(form: Form) -> Form:
    if form.language is Language.ENGLISH:
        raise EngineError(ENGLISH_FORM)
    if form.stanzas:
        raise EngineError(_("The house's verse engine writes a poem in one piece, without stanzas."))
    if not form.measure and form.patterns:
        length = len(form.patterns[0].tones[0]) if form.patterns[0].tones else 7
        form = form.model_copy(update={"measure": ((length, length),)})
    return form if form.measure else _of_lines(VerseForm.QIJUE.form, form.total or 4)


def _roomy(fallback: VerseForm, found: dict[str, object]) -> Form:
    """The setting's form, or one of the same kind with lines enough for an acrostic."""
    letters = len(re.sub(r"\s", "", str(found.get("acrostic", ""))))
    lines = fallback.form.total or 4
    if letters > lines:
        length = fallback.form.measure[0][1]
        fitting = [mark for most, mark in _NEAREST.get(length, _NEAREST[7]) if letters <= most]
        fallback = fitting[0]
        if letters > (fallback.form.total or 0):
            return _of_lines(fallback.form, letters + letters % 2).model_copy(update={"acrostic": str(found["acrostic"])})
    return form_of({"preset": fallback.preset} | found)


def _of_lines(base: Form, lines: int) -> Form:
    """`base` with so many lines: regulated verse goes on by couplets, anything else rhymes every second line."""
    if lines == base.total:
        return base
    characters = base.measure[0][1]
    regular = bool(base.patterns) and lines % 2 == 0 and characters in {5, 7}
    return Form(
        name=base.name,
        language=Language.CHINESE,
        lines=lines,
        measure=((characters, characters),),
        breaks=Breaks.CLAUSE,
        book=base.book,
        acrostic=base.acrostic,
        **({"patterns": patterns(characters, lines)} if regular else {"rhyme": "xA" if lines > 1 else ""}),
    )
