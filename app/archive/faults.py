"""What can be wrong with an archive: each a sentence that names the file."""

from __future__ import annotations

from app.errors import StemmaError, _


class ArchiveError(StemmaError):
    """The archive cannot be taken in; nothing was."""

    status, code, title = 422, "archive", _("This file is no archive of a project, or it is broken off. Nothing was taken in.")


FOREIGN = _("“%(file)s” does not belong into the archive of a project. Nothing was taken in.")
TWICE = _("“%(file)s” is in this archive twice. Nothing was taken in.")
SEALED = _("“%(file)s” is a link or encrypted, which no archive of a project holds. Nothing was taken in.")
TOO_MUCH = _("This archive holds too much: “%(file)s” goes beyond what a studio takes in at once. Nothing was taken in.")
MISSING = _("“%(file)s” is missing from this archive. Nothing was taken in.")
UNREADABLE = _("“%(file)s” in this archive cannot be read. Nothing was taken in.")
DAMAGED = _("“%(file)s” in this archive is damaged: its checksum is another one. Nothing was taken in.")
LATER = _("This archive has a form (%(version)s) that this studio does not know yet. Update the studio first.")
UNFIT = _("Line %(line)d of “%(file)s” in this archive is wrong at “%(column)s”. Nothing was taken in.")
AGAIN = _("Line %(line)d of “%(file)s” in this archive repeats an earlier one. Nothing was taken in.")
NOWHERE = _(
    "Line %(line)d of “%(file)s” in this archive refers to something that is not in it (“%(column)s”). Nothing was taken in."
)
CIRCLE = _("In “%(file)s” of this archive a revision comes from itself. Nothing was taken in.")
OTHER_BYTES = _("“%(file)s” in this archive is no %(kind)s, or another one than its rows say. Nothing was taken in.")
