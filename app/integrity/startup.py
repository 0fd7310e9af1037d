"""What every process does before it touches the data: is the database whole, of the present form, and of this store?

What may pass (a locked database, a server that is away, a full or read-only disk) is waited for, with a sentence in the
log; what does not pass (damage, a database and a store that do not belong together) ends the process with one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing

from app.errors import UnavailableError, _
from app.integrity.damage import AT_RESTART, insist_on_soundness
from app.integrity.identity import examine, settle
from app.settings import Settings
from app.storage.db import Database, ids_go_on_from, latest_id
from app.storage.faults import readable_faults
from app.storage.migrations import form_of, insist_on_a_known_form, migrated
from app.storage.store import Store

log = logging.getLogger(__name__)
PAUSE = 3.0  # seconds between two tries


def patiently(
    attempt: Callable[[], None], stop: threading.Event | None = None, hopeless: tuple[type[UnavailableError], ...] = ()
) -> None:
    """Try until it succeeds, or `stop` is set. Raises what a wait does not mend, and what is `hopeless` to who calls."""
    stop = stop or threading.Event()
    while not stop.is_set():
        try:
            attempt()
        except hopeless:
            raise
        except UnavailableError as error:
            log.error("not yet: %s Trying again.", error)  # noqa: TRY400 (the message says all)
            stop.wait(PAUSE)
        else:
            return


def ready(config: Settings) -> None:
    """What a web or a worker asks before it starts; its ids then go on after those that are there.

    Raises DamagedError, IdentityError, NewerError, UnavailableError (DiskFullError, ReadOnlyError; also while the tables
    are not made).
    """
    with readable_faults():
        insist_on_soundness(config, AT_RESTART)
        found = examine(config)
        found.agreed()
        database = Database(config)
        try:
            insist_on_a_known_form(form_of(database.engine))
            if not migrated(database.engine):
                raise UnavailableError(_("The tables are not of the form that this version wants: run `stemma migrate`."))
            if not found.settled:
                store = Store(config.data)
                with closing(store.incoming):
                    settle(database, store)
            with database.reading() as session:
                if latest := latest_id(session):
                    ids_go_on_from(latest)
        finally:
            database.close()
