"""Which poetic form a wish for a text keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.errors import InvalidError, _
from app.media.medium import traits
from app.media.text.prosody.asked import cleaned_form, form_of
from app.models.draft import Draft
from app.models.revision import Revision
from app.requests.request import AskedText
from app.verbs.verb import Verb


def form_wanted(asked: AskedText, medium: str, verb: Verb, draft: Draft, texts: Sequence[Revision]) -> dict[str, Any] | None:
    """The form to keep: what was asked for, else what the verb's rule says: the draft's, the parent's, or none.

    Raises InvalidError naming the field.
    """
    if not traits(medium).worded:
        if asked.form:
            raise InvalidError("form", _("only a text has a form"))
        return None
    form = asked.form
    if form is None and verb.rule.form != "none":
        made = texts[0].generation if texts and verb.rule.form == "parent" else None
        form = made.form if made else draft.form
    form_of(form)
    return cleaned_form(form) or None
