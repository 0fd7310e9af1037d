"""What must stand before web and worker start; `stemma studio` and `stemma migrate` see to it."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from app.commands.restore import restore, unfinished
from app.integrity.damage import insist_on_soundness, renew_queue
from app.integrity.identity import examine, settle
from app.settings import EXAMPLE, Settings
from app.storage.db import Database
from app.storage.faults import readable_faults
from app.storage.migrations import migrate
from app.storage.queue import migrate_queue
from app.storage.store import Store
from app.storage.store.files import make_folder

log = logging.getLogger(__name__)


def prepare(config: Settings) -> None:
    """What must stand before web and worker start: tables, an identity, and in a new studio the example.

    Raises DamagedError, IdentityError, NewerError, BackupError, UnavailableError (DiskFullError, ReadOnlyError).
    """
    with readable_faults():
        insist_on_soundness(config)
        if config.example and EXAMPLE.exists() and _wants_example(config):
            restore(config, EXAMPLE)
            log.info("a new studio: the example hangs in it")
        examine(config).agreed()  # before a table is made or changed
        make_folder(config.data)
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
    if unfinished(found.mark, EXAMPLE):
        return found.database != (found.mark and found.mark.id)
    if config.database_file and not config.database_file.exists():
        return found.empty and found.mark is None
    database = Database(config)
    try:
        return found.empty and not sa.inspect(database.engine).has_table("projects")
    finally:
        database.close()
