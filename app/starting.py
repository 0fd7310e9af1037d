"""What every process does before it touches the data: is the database whole, of the present form, and of this store?

What may pass (a locked database, a server that is away, a full or read-only disk) is waited for, with a sentence in the
log; what does not pass (damage, a database and a store that do not belong together) ends the process with one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import sqlalchemy as sa

from app.damage import insist_on_soundness, renew_queue
from app.db import Database, migrate, migrated
from app.errors import UnavailableError, _
from app.example.make import BUNDLE
from app.faults import told
from app.identity import examine, settle
from app.queue import migrate_queue
from app.restore import restore, unfinished
from app.settings import Settings
from app.store import Store

log = logging.getLogger(__name__)
PAUSE = 3.0  # seconds between two tries


def patiently(attempt: Callable[[], None], stop: threading.Event | None = None) -> None:
    """Try until it succeeds, or `stop` is set. Raises what a wait does not mend."""
    stop = stop or threading.Event()
    while not stop.is_set():
        try:
            attempt()
        except UnavailableError as error:
            log.error("not yet: %s Trying again.", error)  # noqa: TRY400 (the message says all)
            stop.wait(PAUSE)
        else:
            return


def prepare(config: Settings) -> None:
    """What must stand before web and worker start: tables, an identity, and in a new studio the example.

    Raises DamagedError, IdentityError, BackupError, UnavailableError (DiskFullError, ReadOnlyError).
    """
    with told():
        insist_on_soundness(config)
        if config.example and BUNDLE.exists() and _wants_example(config):
            restore(config, BUNDLE)
            log.info("a new studio: the example hangs in it")
        examine(config).agreed()  # before a table is made or changed
        database, store = Database(config), Store(config.data)
        try:
            migrate(database.engine)
            settle(database, store)
            renew_queue(config)
            migrate_queue(config)
        finally:
            store.incoming.close()
            database.close()


def _wants_example(config: Settings) -> bool:
    """Whether nothing is there yet, or the example itself that did not come in whole."""
    found = examine(config)
    if unfinished(found.mark, BUNDLE):
        return found.database != (found.mark and found.mark.id)
    if config.database_file and not config.database_file.exists():
        return found.empty and found.mark is None
    database = Database(config)
    try:
        return found.empty and not sa.inspect(database.engine).has_table("projects")
    finally:
        database.close()


def ready(config: Settings) -> None:
    """What a web or a worker asks before it starts. Raises as `prepare`; UnavailableError while the tables are not made."""
    with told():
        insist_on_soundness(config)
        examine(config).agreed()
        database, store = Database(config), Store(config.data)
        try:
            if not migrated(database.engine):
                raise UnavailableError(_("The tables are not of the form that this version wants: run `stemma migrate`."))
            settle(database, store)
        finally:
            store.incoming.close()
            database.close()
