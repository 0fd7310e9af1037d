"""What a wish for a text must say: where in it, from which texts, by which form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.errors import InvalidError, _
from app.lineage.by_hand import tokens_of
from app.media.medium import traits
from app.media.text.prosody.asked import asked as tidied
from app.media.text.prosody.asked import form_of
from app.models.draft import Draft
from app.models.edge import Role
from app.models.revision import Revision
from app.requests.request import AskedText, Selection
from app.verbs.place import Part, Place

ONE_TEXT = {"continue", "rewrite", "branch", "line", "translate"}  # verbs that start from exactly one
FROM_TEXT = {*ONE_TEXT, "join", "vary"}  # a text is enough, without a word in the brief
FROM_BENCH = {"continue", "line", "rewrite", "join", "translate"}  # what is missing comes from the draft
CANDIDATES = 8  # next lines
PLACES = {"selection": {"rewrite"}, "at": {"continue", "branch"}, "choice": {"branch"}, "instruction": {"rewrite"}}
FORM_OF_DRAFT = {"create", "refine", "line", "continue"}


def selection_in(text: str, selection: Selection | None) -> Selection | None:
    """`selection` if it lies in `text` and holds something. Raises InvalidError saying what is allowed."""
    if selection is None:
        return None
    start, end = selection
    if not 0 <= start < end <= len(text):
        said = _("two places in the text, the first before the second: 0 to %(length)d (Unicode code points)")
        raise InvalidError("selection", said, length=len(text))
    if not text[start:end].strip():
        raise InvalidError("selection", _("there is nothing but space there"))
    return start, end


def check_parents(verb: str, texts: Sequence[Revision]) -> None:
    """Raises InvalidError when `verb` starts from another number of texts, or from a revision that has none."""
    if verb in ONE_TEXT and len(texts) != 1:
        raise InvalidError("parents", _("%(verb)s starts from exactly one revision"), verb=verb)
    if verb == Role.JOIN and len(texts) != 2:  # noqa: PLR2004 (that is what joining is)
        raise InvalidError("parents", _("joining takes exactly two texts"))
    if verb in {*ONE_TEXT, Role.JOIN} and any(not (one.text or "").strip() for one in texts):
        raise InvalidError("parents", _("This revision has no text."))


def place_of(verb: str, asked: AskedText, texts: Sequence[Revision]) -> Place:
    """Where the verb works: `selection`, `at`, `choice`, `instruction`, those that it has.

    Raises InvalidError for a place that is missing, lies outside the text, or is none of this verb's.
    """
    for name, verbs in PLACES.items():
        if getattr(asked, name) is not None and verb not in verbs:
            raise InvalidError(name, _("only for %(verbs)s"), verbs=", ".join(sorted(verbs)))
    text = (texts[0].text or "") if texts else ""
    if verb == Role.REWRITE:
        if (selection := selection_in(text, asked.selection)) is None:
            raise InvalidError("selection", _("say what is to be rewritten: two places in the text"))
        return Place(selection=selection, instruction=(asked.instruction or "").strip())
    if verb == Role.CONTINUE:
        at = len(text) if asked.at is None else asked.at
        if at > len(text):
            raise InvalidError("at", _("a place in the text: 0 to %(length)d (Unicode code points)"), length=len(text))
        return Place(at=at)
    return _branch(asked, texts[0]) if verb == Role.BRANCH else Place()


def left_out(asked: AskedText, medium: str) -> tuple[Part, ...]:
    """What is left unread. Raises InvalidError."""
    parts = list(dict.fromkeys(asked.leave_out or ()))
    if parts and not traits(medium).worded:
        raise InvalidError("leave_out", _("only for texts"))
    if any(part not in list(Part) for part in parts):
        raise InvalidError("leave_out", _("allowed here: %(names)s"), names=", ".join(Part))
    return tuple(map(Part, parts))


def _branch(asked: AskedText, parent: Revision) -> Place:
    starts = {record["start"] for record in tokens_of(parent)}
    if not starts:
        raise InvalidError("parents", _("nothing is known of this text's tokens, so it cannot branch at one"))
    if asked.at not in starts:
        raise InvalidError("at", _("where a token starts: see the revision's tokens"))
    if not asked.choice:
        raise InvalidError("choice", _("say what is to stand there instead"))
    return Place(at=asked.at, choice=asked.choice)


def form_wanted(asked: AskedText, medium: str, verb: str, draft: Draft, texts: Sequence[Revision]) -> dict[str, Any] | None:
    """The form to keep: what was asked for, else the draft's or the parent's; a translation keeps none unasked.

    Raises InvalidError naming the field.
    """
    if not traits(medium).worded:
        if asked.form:
            raise InvalidError("form", _("only a text has a form"))
        return None
    form = asked.form
    if form is None and verb != Role.TRANSLATE:
        made = texts[0].generation if texts and verb not in FORM_OF_DRAFT else None
        form = made.form if made else draft.form
    form_of(form)
    return tidied(form) or None
