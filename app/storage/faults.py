"""What a database or the system refuses, said so that a person knows what to do: one table for pages and commands."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from app.errors import DiskFullError, StemmaError, UnavailableError, _

FULL = {errno.ENOSPC, errno.EDQUOT}
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


class DamagedError(StemmaError):
    """The database's file does not hold what a database wrote."""

    status, code = 503, "damaged"
    title = _("The studio's database is damaged. Nothing was changed. Whoever runs the studio finds the repair in /readyz.")


class ReadOnlyError(UnavailableError):
    """What is there can be read, and nothing can be added."""

    code = "read-only"
    title = _("The studio's data cannot be written: its folder or disk is read-only. Nothing was changed.")


def database_fault(error: Exception) -> StemmaError:
    """What an error of SQLAlchemy or of SQLite means for a person."""
    cause = getattr(error, "orig", None) or error
    name, state, said = getattr(cause, "sqlite_errorname", "") or "", getattr(cause, "sqlstate", "") or "", str(cause).lower()
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or state in {"XX001", "XX002"}:
        return DamagedError()
    if name == "SQLITE_FULL" or state == "53100" or "no space left" in said:
        return DiskFullError()
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")) or state == "25006":
        return ReadOnlyError()
    if name.startswith("SQLITE_IOERR"):
        return UnavailableError(_("The disk did not do what the database asked for. Nothing was changed."))
    if isinstance(error, (sa.exc.OperationalError, sa.exc.TimeoutError, sa.exc.InterfaceError, sqlite3.OperationalError)):
        return UnavailableError(_("The database is busy or away. Nothing was changed; please try again in a moment."))
    return StemmaError()


def system_fault(error: OSError) -> StemmaError:
    """What an error of the system means for a person."""
    if error.errno in FULL:
        return DiskFullError()
    return ReadOnlyError() if error.errno in READ_ONLY else StemmaError()


@contextmanager
def readable_faults() -> Iterator[None]:
    """Raise what a person can read instead of what a database or the system raised; what nobody foresaw stays as it is."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        said = database_fault(error)
        if type(said) is StemmaError:
            raise
        raise said from error
    except OSError as error:
        if type(system_fault(error)) is StemmaError:
            raise UnavailableError(_("The system refuses: %(reason)s"), reason=str(error)) from error
        raise system_fault(error) from error
