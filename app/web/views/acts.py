"""What a page says of an act: a sentence, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.errors import _
from app.models.act import Act, ActKind
from app.models.artist import LOCAL
from app.models.work import Work
from app.verbs.verb import rule_of

SENTENCES: Mapping[ActKind, str] = {
    ActKind.PROJECT_CREATED: _("%(who)s began the project “%(name)s”"),
    ActKind.PROJECT_IMPORTED: _("%(who)s took the project “%(name)s” in from an archive"),
    ActKind.PROJECT_RENAMED: _("%(who)s renamed the project from “%(before)s” to “%(name)s”"),
    ActKind.PROJECT_TRASHED: _("%(who)s moved the project to the trash"),
    ActKind.PROJECT_RESTORED: _("%(who)s restored the project from the trash"),
    ActKind.INVITED: _("%(who)s made a link into the project (%(role)s)"),
    ActKind.INVITATION_REVOKED: _("%(who)s revoked a link into the project (%(role)s)"),
    ActKind.MEMBER_JOINED: _("%(who)s came into the project (%(role)s)"),
    ActKind.MEMBER_CHANGED: _("%(who)s let %(name)s be another here (%(role)s)"),
    ActKind.MEMBER_REMOVED: _("%(who)s took %(name)s out of the project"),
    ActKind.MEMBER_LEFT: _("%(who)s left the project"),
    ActKind.HANDED_OVER: _("%(who)s handed the project over to %(name)s"),
    ActKind.SHARED: _("%(who)s made a share link to “%(title)s”"),
    ActKind.SHARE_REVOKED: _("%(who)s revoked a share link to “%(title)s”"),
    ActKind.LIST_KEPT: _("%(who)s wrote the list “%(name)s” (entries: %(count)s)"),
    ActKind.LIST_TRASHED: _("%(who)s moved the list “%(name)s” to the trash"),
    ActKind.LIST_RESTORED: _("%(who)s restored the list “%(name)s” from the trash"),
    ActKind.PRESET_KEPT: _("%(who)s kept the preset “%(name)s”"),
    ActKind.PRESET_TRASHED: _("%(who)s moved the preset “%(name)s” to the trash"),
    ActKind.PRESET_RESTORED: _("%(who)s restored the preset “%(name)s” from the trash"),
    ActKind.STYLE_TAUGHT: _("%(who)s let the style “%(name)s” be learned (pictures: %(count)s)"),
    ActKind.STYLE_KEPT: _("%(who)s changed the style “%(name)s”"),
    ActKind.STYLE_STOPPED: _("%(who)s stopped learning the style “%(name)s”"),
    ActKind.STYLE_FORGOTTEN: _("%(who)s let the style “%(name)s” be forgotten"),
    ActKind.STYLE_TRASHED: _("%(who)s moved the style “%(name)s” to the trash"),
    ActKind.STYLE_RESTORED: _("%(who)s restored the style “%(name)s” from the trash"),
    ActKind.WORK_CREATED: _("%(who)s began the work “%(title)s”"),
    ActKind.WORK_RENAMED: _("%(who)s renamed the work from “%(before)s” to “%(title)s”"),
    ActKind.WORK_MOVED: _("%(who)s moved the work to this project"),
    ActKind.WORK_DUPLICATED: _("%(who)s made the work “%(title)s” as a copy of “%(before)s”"),
    ActKind.WORK_TRASHED: _("%(who)s moved the work to the trash"),
    ActKind.WORK_RESTORED: _("%(who)s restored the work from the trash"),
    ActKind.ASKED: _("%(who)s asked for %(count)s variants (%(verb)s, engine %(engine)s)"),
    ActKind.CANCELLED: _("%(who)s cancelled a run"),
    ActKind.STOPPED: _("%(who)s stopped variant %(variants)s of a run"),
    ActKind.MADE: _("The engine %(engine)s made revision %(numbers)s (%(verb)s)"),
    ActKind.IMPORTED: _("%(who)s imported revision %(number)s"),
    ActKind.WRITTEN: _("%(who)s wrote revision %(number)s by hand"),
    ActKind.TRIMMED: _("%(who)s cut revision %(number)s out of a recording"),
    ActKind.PICKED: _("%(who)s picked revision %(number)s"),
    ActKind.UNPICKED: _("%(who)s took back the pick of revision %(number)s"),
    ActKind.COMMENTED: _("%(who)s commented on revision %(number)s"),
    ActKind.REPLIED: _("%(who)s replied to a comment on revision %(number)s"),
    ActKind.COMMENT_CHANGED: _("%(who)s changed a comment on revision %(number)s"),
    ActKind.COMMENT_WITHDRAWN: _("%(who)s took back a comment on revision %(number)s"),
    ActKind.RESOLVED: _("%(who)s resolved a comment on revision %(number)s"),
    ActKind.REOPENED: _("%(who)s reopened a comment on revision %(number)s"),
    ActKind.UNKNOWN: _("%(who)s did something that cannot be read any more"),
}
ROLES = {"viewer": _("viewer"), "commenter": _("commenter"), "editor": _("editor"), "owner": _("owner")}
OF_A_REVISION = {ActKind.IMPORTED, ActKind.WRITTEN, ActKind.TRIMMED, ActKind.PICKED, ActKind.UNPICKED}
OF_A_COMMENT = {
    *(ActKind.COMMENTED, ActKind.REPLIED, ActKind.COMMENT_CHANGED),
    *(ActKind.COMMENT_WITHDRAWN, ActKind.RESOLVED, ActKind.REOPENED),
}
NO_NAME = _("You")  # of the one artist of a studio without accounts


@dataclass(frozen=True, slots=True)
class Line:
    """One act on a page. `words` and what `said` holds in `translated` are message ids; `href` is where it leads."""

    id: UUID
    at: datetime
    words: str
    said: Mapping[str, str]
    translated: Mapping[str, str]
    href: str | None
    work: Work | None
    reconstructed: bool
    damaged: list[str]


def line_of(act: Act) -> Line:
    """What a page says of `act`."""
    said = {name: _as_words(value) for name, value in act.details.items()}
    for name in ("name", "title", "before", "count", "verb", "engine", "variants", "numbers", "number", "role"):
        said.setdefault(name, "?")
    verb = rule_of(act.details.get("verb")).word if isinstance(act.details.get("verb"), str) else ""
    role, who = ROLES.get(said["role"], ""), act.artist.name
    return Line(
        id=act.id,
        at=act.at,
        words=SENTENCES[act.kind],
        said=said | {"who": who},
        translated={part: id for part, id in (("verb", verb), ("role", role), ("who", NO_NAME if who == LOCAL else "")) if id},
        href=_where(act),
        work=act.work,
        reconstructed=act.details.get("reconstructed") is True,
        damaged=act.damaged,
    )


def _as_words(value: Any) -> str:
    """A detail as a page says it: numbers in a row as a range, the variants of a run counted from 1."""
    if not isinstance(value, list):
        return str(value)
    if len(value) > 1 and all(isinstance(one, int) for one in value) and value[-1] - value[0] == len(value) - 1:
        return f"{value[0]}–{value[-1]}"
    return ", ".join(str(one) for one in value)


def _where(act: Act) -> str | None:
    if act.kind in OF_A_REVISION:
        return f"/revisions/{act.subject_id}"
    if act.kind in OF_A_COMMENT:
        return f"/comments/{act.subject_id}"
    return f"/works/{act.work_id}" if act.work_id else f"/projects/{act.project_id}"
