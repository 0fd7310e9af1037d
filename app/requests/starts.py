"""What a verb starts from: how many revisions, and what each must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.brief import Medium
from app.errors import InvalidError, _
from app.media.music.theory.telling import describe_abc
from app.models.revision import Revision
from app.verbs.verb import Verb

DRAWING = "image/svg+xml"


def check_starts(verb: Verb, medium: Medium, starts: Sequence[Revision]) -> None:
    """Raises InvalidError when `verb` starts from another number of revisions, or from one without what it works on."""
    if len(starts) != verb.rule.sources:
        said = _("%(verb)s starts from exactly one revision")
        if verb.rule.sources > 1:
            said = _("%(verb)s starts from exactly two revisions")
        raise InvalidError("parents", said, verb=verb)
    if verb.rule.sketch and not all(one.sketch for one in starts):
        raise InvalidError("parents", _("only a sketch can be finished"))
    if medium in verb.rule.holds:
        for one in starts:
            HOLDS[medium](verb, one)


def check_parts(verb: Verb, roles: Sequence[Verb]) -> None:
    """Raises InvalidError unless there is one revision for each of the verb's parts."""
    if sorted(roles) != sorted(verb.rule.parts):
        said = _("%(verb)s takes one revision each as %(parts)s")
        raise InvalidError("parents", said, verb=verb, parts=", ".join(verb.rule.parts))


def enough(verb: Verb, starts: Sequence[Revision]) -> bool:
    """True when the verb needs no word of a brief: there is a picture, a text or music to start from."""
    return verb.rule.wordless and bool(starts) and (bool(starts[0].text) or starts[0].asset is not None)


def _needs_text(_verb: Verb, one: Revision) -> None:
    if not (one.text or "").strip():
        raise InvalidError("parents", _("This revision has no text."))


def _music(verb: Verb, one: Revision) -> None:
    if one.text is None and one.asset is None:
        raise InvalidError("parents", _("There is no music in this revision."))
    if one.text is None and verb.rule.notes:
        raise InvalidError("parents", _("%(verb)s needs notes, and this is a recording"), verb=verb)
    if one.text is not None and not describe_abc(one.text).notes:
        raise InvalidError("parents", _("There are no notes in this tune."))


def _pixels(_verb: Verb, one: Revision) -> None:
    if one.asset is None:
        raise InvalidError("parents", _("This revision has no picture."))
    if one.asset.media_type == DRAWING:
        raise InvalidError("parents", _("this is a drawing already; start from the picture it came from"))


HOLDS: Mapping[Medium, Callable[[Verb, Revision], None]] = {
    Medium.TEXT: _needs_text,
    Medium.MUSIC: _music,
    Medium.IMAGE: _pixels,
}
