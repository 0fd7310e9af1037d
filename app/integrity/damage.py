"""Is the database's file damaged? Looked at as a whole at every start and now and then; and where the newest backup lies.

SQLite looks itself (PRAGMA quick_check); PostgreSQL tells of damage when it meets it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event

from app.errors import _
from app.settings import Settings
from app.storage.faults import DamagedError, database_fault
from app.storage.store import Store
from app.storage.store.files import write_durably

log = logging.getLogger(__name__)
AT_START = 10.0  # seconds that the start of a studio may look; a larger database is looked at in part
AT_RESTART = 1.0  # and that of one of its processes, which somebody waits for
IN_PASSING = 0.5  # seconds that a running studio looks at a time
AGAIN, SPARINGLY = 60.0, 300  # seconds between two looks of a running studio, or so many times what the last one took
KEPT = 50  # backups that are remembered
EVERY = 10_000  # steps of SQLite's machine between two looks at the clock


class UnfinishedError(Exception):
    """The look at a database took longer than it may."""


@dataclass(frozen=True)
class LastBackup:
    """A backup that was written from here."""

    file: str
    at: str  # ISO 8601, UTC
    files: int


def backups(root: Path) -> list[LastBackup]:
    """The backups that the studio in `root` knows of, the newest last."""
    try:
        return [LastBackup(**one) for one in json.loads((root / "backups.json").read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def remember(store: Store, made: LastBackup) -> None:
    """Note a backup in a file, since it is asked for when the database cannot be read; that it fails is no fault."""
    known = [*backups(store.root), made][-KEPT:]
    try:
        data = json.dumps([asdict(one) for one in known], indent=1).encode()
        write_durably(store.root / "backups.json", data, store.incoming.file("list"), store.root)
    except OSError as error:
        log.warning("the backup is written, but could not be noted: %s", error)


def damaged(file: Path, seconds: float) -> str | None:
    """What SQLite finds wrong with a database; None when it is whole, or not there.

    Raises UnfinishedError when that many seconds are not enough, sqlite3.OperationalError when it cannot be read at all
    (locked, on a disk that is away).
    """
    if not file.exists():
        return None
    end = time.monotonic() + seconds
    with closing(sqlite3.connect(file, timeout=seconds)) as connection:
        try:
            connection.set_progress_handler(lambda: int(time.monotonic() > end), EVERY)
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
            return None if found == ["ok"] else "; ".join(found)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname == "SQLITE_INTERRUPT":
                raise UnfinishedError from error
            raise
        except sqlite3.DatabaseError as error:
            return str(error)


def advice(config: Settings) -> str:
    """How a damaged studio comes back: the newest backup that is still there, and the command."""
    known = backups(config.data)
    there = next((made for made in reversed(known) if Path(made.file).exists()), None)
    if there:
        how = f"The newest backup is {there.file}, of {there.at}: stemma restore {there.file} --data /a/new/place"
    elif known:
        how = f"The newest backup, {known[-1].file} of {known[-1].at}, is not there any more."
    else:
        how = "No backup is known here. `stemma backup studio.tar` writes one, `stemma restore studio.tar` brings it back."
    return f"{how} Leave {config.data} as it is: its pictures are whole, and newer than any backup."


def damaged_within(file: Path, seconds: float) -> str | None:
    """As `damaged`; of a database that is too large for that time, what it took is taken for the whole."""
    try:
        return damaged(file, seconds)
    except UnfinishedError:
        log.info("%s is too large to be looked through: it was looked at for %.0f s", file, seconds)
        return None


def insist_on_soundness(config: Settings, seconds: float = AT_START) -> None:
    """Raises DamagedError, with the way back, when the database's file is damaged; sqlite3.OperationalError."""
    if config.database_file and (found := damaged_within(config.database_file, seconds)):
        said = _("The database %(file)s is damaged (%(found)s). The studio does not start on it. %(advice)s")
        raise DamagedError(said, file=str(config.database_file), found=found, advice=advice(config))


def renew_queue(config: Settings) -> None:
    """Put a damaged queue aside: everything in it follows from the studio's own rows, and is made again from these."""
    queue = config.data / "engine.sqlite"
    if not config.sqlite or not damaged_within(queue, AT_START):
        return
    suffix = time.strftime(".damaged-%Y%m%dT%H%M%S", time.gmtime())
    for tail in ("", "-wal", "-shm"):
        path = queue.with_name(queue.name + tail)
        if path.exists():
            path.rename(path.with_name(path.name + suffix))
    log.error("the queue %s was damaged: it lies aside, and a new one is made from the generations' rows", queue)


class Watch:
    """What a running process knows of damage: a statement met it, or a look in passing found it."""

    def __init__(self, config: Settings, engine: sa.Engine) -> None:
        self.config = config
        self._found: str | None = None
        self._due = 0.0
        self._looking = threading.Lock()
        self._seen = False  # by a look, not by a statement alone
        event.listen(engine, "handle_error", self._met)

    def _met(self, context: sa.ExceptionContext) -> None:
        if isinstance(database_fault(context.original_exception), DamagedError):  # type: ignore[arg-type]  # no exit signal is damage
            self._found, self._due = str(context.original_exception), 0.0

    def found(self) -> str | None:
        """What is damaged, with the way back; None when nothing is known to be."""
        file = self.config.database_file
        with self._looking:
            if file and (began := time.monotonic()) >= self._due:
                with contextlib.suppress(UnfinishedError, sqlite3.OperationalError):  # then what was known still holds
                    self._found = damaged(file, IN_PASSING)
                    self._seen = self._found is not None
                took = time.monotonic() - began
                self._due = time.monotonic() + (IN_PASSING if self._found else max(AGAIN, SPARINGLY * took))
            return f"damaged ({self._found}). {advice(self.config)}" if self._found else None

    def forbids_writing(self) -> bool:
        """Whether a look has found damage that is still there: what is written then may be lost, or answered wrongly."""
        return self._seen and self.found() is not None
