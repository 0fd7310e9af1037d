"""What was done, said with the request that undoes it: in the answer to htmx, else on the page that the browser is sent to."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from fastapi import Request, Response

from app import gate
from app.errors import _

COOKIE, SOON = "stemma_done", 60  # seconds within which the next page must come to say it
LONGEST = 2_000  # characters of the cookie


class Deed(StrEnum):
    """What can be undone at once."""

    WORK_TRASHED = "work-trashed"
    WORK_RESTORED = "work-restored"
    WORK_RENAMED = "work-renamed"
    WORK_MOVED = "work-moved"
    WORK_DUPLICATED = "work-duplicated"
    PROJECT_TRASHED = "project-trashed"
    PROJECT_RESTORED = "project-restored"
    PROJECT_RENAMED = "project-renamed"
    LIST_TRASHED = "list-trashed"
    LIST_RESTORED = "list-restored"
    STYLE_TRASHED = "style-trashed"
    STYLE_RESTORED = "style-restored"
    PRESET_KEPT = "preset-kept"
    PRESET_TRASHED = "preset-trashed"
    PRESET_RESTORED = "preset-restored"
    PRESET_APPLIED = "preset-applied"
    PRESET_REPLACED = "preset-replaced"
    PICKED = "picked"
    UNPICKED = "unpicked"


class Way(NamedTuple):
    """How a deed is told and undone: `field` of the request that undoes it takes what was before."""

    words: str  # a message id; %(name)s is the work, the project or the revision's number
    method: str
    path: str
    field: str | None = None


WAYS = {
    Deed.WORK_TRASHED: Way(_("“%(name)s” is in the trash."), "DELETE", "/works/%s/trash"),
    Deed.WORK_RESTORED: Way(_("“%(name)s” is back from the trash."), "POST", "/works/%s/trash"),
    Deed.WORK_RENAMED: Way(_("The new title is “%(name)s”."), "PATCH", "/works/%s", "title"),
    Deed.WORK_MOVED: Way(_("The work is now in “%(name)s”."), "PATCH", "/works/%s", "project"),
    Deed.WORK_DUPLICATED: Way(_("The copy is called “%(name)s”."), "POST", "/works/%s/trash"),
    Deed.PROJECT_TRASHED: Way(_("“%(name)s” is in the trash."), "DELETE", "/projects/%s/trash"),
    Deed.PROJECT_RESTORED: Way(_("“%(name)s” is back from the trash."), "POST", "/projects/%s/trash"),
    Deed.PROJECT_RENAMED: Way(_("The new name is “%(name)s”."), "PATCH", "/projects/%s", "name"),
    Deed.LIST_TRASHED: Way(_("“%(name)s” is in the trash."), "DELETE", "/lists/%s/trash"),
    Deed.LIST_RESTORED: Way(_("“%(name)s” is back from the trash."), "POST", "/lists/%s/trash"),
    Deed.STYLE_TRASHED: Way(_("“%(name)s” is in the trash."), "DELETE", "/styles/%s/trash"),
    Deed.STYLE_RESTORED: Way(_("“%(name)s” is back from the trash."), "POST", "/styles/%s/trash"),
    Deed.PRESET_KEPT: Way(_("The preset “%(name)s” is kept."), "POST", "/presets/%s/trash"),
    Deed.PRESET_TRASHED: Way(_("“%(name)s” is in the trash."), "DELETE", "/presets/%s/trash"),
    Deed.PRESET_RESTORED: Way(_("“%(name)s” is back from the trash."), "POST", "/presets/%s/trash"),
    Deed.PRESET_APPLIED: Way(_("The preset “%(name)s” is in the brief."), "POST", "/works/%s/draft/restoration", "save"),
    Deed.PRESET_REPLACED: Way(
        _("The preset “%(name)s” took the place of words of yours."), "POST", "/works/%s/draft/restoration", "save"
    ),
    Deed.PICKED: Way(_("Revision %(name)s is picked."), "DELETE", "/revisions/%s/pick"),
    Deed.UNPICKED: Way(_("Revision %(name)s is no longer picked."), "POST", "/revisions/%s/pick"),
}


class Done(NamedTuple):
    """One deed on the thing `id`, which is called `name`; `before` is what the deed replaced."""

    deed: Deed
    id: UUID
    name: str
    before: str = ""

    @property
    def way(self) -> Way:
        """How it is told and undone."""
        return WAYS[self.deed]

    @property
    def path(self) -> str:
        """Where the request goes that undoes it."""
        return self.way.path % self.id

    def remember(self, response: Response) -> None:
        """Let the next page say it."""
        told = json.dumps([self.deed, str(self.id), self.name, self.before]).encode()
        value = urlsafe_b64encode(told).decode()
        response.set_cookie(COOKIE, value, max_age=SOON, httponly=True, samesite="lax", path="/")


def remembered(request: Request) -> Done | None:
    """What the answer before this one left to be said; nothing where the cookie is none of ours."""
    value = request.cookies.get(COOKIE, "")
    if not value or len(value) > LONGEST:
        return None
    try:
        deed, id, name, before = gate.parsed(urlsafe_b64decode(value))
        return Done(Deed(deed), UUID(id), gate.line(name), gate.line(before))
    except (ValueError, TypeError, AttributeError):  # base64's, the gate's; what is no text or no list
        return None
