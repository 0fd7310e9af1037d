"""Restore: bring a backup back into an empty place, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from app.commands.backup import FILES, FORMAT, MANIFEST, ROWS, BackupError, into_one_file, opened, pour_tables
from app.errors import _
from app.integrity.identity import Examined, examine
from app.models import Identity
from app.settings import Settings
from app.storage.db import Base, Database
from app.storage.faults import readable_faults
from app.storage.migrations import insist_on_a_known_form, migrate
from app.storage.store import Store
from app.storage.store.files import make_folder, sync_folder
from app.storage.store.mark import Mark, write_mark


@readable_faults()
def restore(config: Settings, source: Path) -> int:
    """Bring a backup back into an empty data folder and database, as a studio with an identity of its own; the number
    of files.

    Raises BackupError when there is a studio already, or when the file is no whole backup, NewerError when a later version
    wrote it; then nothing is changed. A restore that was interrupted is taken up by another one: until then no process
    starts on what it left.
    """
    source = source.absolute()
    found = examine(config)
    _insist_on_emptiness(found, config)
    count = 0
    for name, data in _checked(source):
        count += 1
        if name == ROWS:
            insist_on_a_known_form(_form(data))
    mark = Mark(found.mark.id if found.mark and found.mark.restoring else uuid4(), str(source))
    store = Store(config.data, "restore")
    with closing(store.incoming):
        write_mark(store, mark)
        rows = store.incoming.file("rows")
        for name, data in _checked(source):
            if name == ROWS:
                rows.write_bytes(data)
            else:
                store.put(data)
        _bring(config, rows, mark.id)
        write_mark(store, Mark(mark.id))
    return count - 1


def unfinished(mark: Mark | None, source: Path) -> bool:
    """Whether the restore of `source` did not end."""
    return mark is not None and mark.restoring == str(source)


def _form(rows: bytes) -> str | None:
    """The form of a backup's tables, read in memory. Raises BackupError when these bytes are no database."""
    try:
        with closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(rows)
            found = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:  # not to be read like this (in WAL mode, say): the migration looks again
        return None
    except sqlite3.DatabaseError as error:
        raise BackupError(_("That is not a whole backup: %(reason)s"), reason=str(error)) from error
    return str(found[0]) if found else None


def _bring(config: Settings, rows: Path, id: UUID) -> None:
    """All rows of an SQLite copy, in the present form and with the identity `id`, into an empty database in one step."""
    source = opened(config, rows)
    try:
        migrate(source.engine)
        with source.writing() as session:
            session.execute(sa.delete(Identity))
            session.add(Identity(id=id))
        into_one_file(source)
        if config.database_file:
            _replace_pages(rows, config.database_file)
            return
        database = Database(config)
        migrate(database.engine)
        with source.engine.connect() as connection:
            pour_tables(connection, database)
        database.close()
    finally:
        source.close()


def _replace_pages(rows: Path, file: Path) -> None:
    """The whole of `rows` into the database `file`, in one transaction: no file is taken away for it."""
    make_folder(file.absolute().parent)
    with closing(sqlite3.connect(rows)) as copy, closing(sqlite3.connect(file, timeout=30)) as out:
        out.execute("PRAGMA journal_mode=DELETE")
        copy.backup(out)
    sync_folder(file.absolute().parent)


def _insist_on_emptiness(found: Examined, config: Settings) -> None:
    there = not (found.mark and found.mark.restoring) and any(True for _each in Store(config.data).addresses())
    if config.database_file is None or config.database_file.exists():
        database = Database(config)
        with database.reading() as session:
            for name in ("projects", "assets"):
                if sa.inspect(session.connection()).has_table(name):
                    there = there or bool(session.scalar(sa.select(sa.func.count()).select_from(Base.metadata.tables[name])))
        database.close()
    if there:
        raise BackupError(_("There is a studio in %(place)s already. Restore into an empty place."), place=str(config.data))


def _checked(source: Path) -> Iterator[tuple[str, bytes]]:
    """The rows and every file of a backup, each whole. Raises BackupError as soon as one is not, or at the end when some are
    missing. Names in the archive are never used as paths.
    """
    manifest: dict[str, Any] = {}
    rows = count = 0
    try:
        for name, data in _members(source):
            if name == MANIFEST:
                manifest = json.loads(data)
            elif name == ROWS:
                rows += 1
                yield name, data
            elif name.startswith(FILES):
                if hashlib.sha256(data).hexdigest() != name.removeprefix(FILES):
                    raise BackupError(_("The backup is damaged at %(name)s."), name=name)
                count += 1
                yield name, data
    except (OSError, EOFError, tarfile.TarError, ValueError, AttributeError) as error:
        raise BackupError(_("That is not a whole backup: %(reason)s"), reason=str(error)) from error
    if manifest.get("format") != FORMAT or rows != 1 or count != manifest.get("files"):
        raise BackupError(_("That is not a whole backup: %(reason)s"), reason=f"{count} / {manifest.get('files')}")


def _members(source: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(source, "r:*") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()
