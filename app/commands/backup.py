"""Backup: one file that holds the whole studio as it was at one moment, taken while it runs.

The database is copied first, as of one moment; then the files it knows. Files are never changed and are written before
the rows that know them, so whatever the copied rows name is there.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from app.errors import NotFoundError, StemmaError, _
from app.integrity.damage import LastBackup, damaged_within, remember
from app.integrity.identity import examine
from app.models import Asset
from app.settings import Settings
from app.storage.db import Base, Database
from app.storage.faults import DamagedError, readable_faults
from app.storage.migrations import migrate, migrated
from app.storage.store import ORPHAN_AGE, Store
from app.storage.store.files import make_folder, sync_folder
from app.storage.store.workplace import Workplace, sweep

FORMAT = 1
MANIFEST, ROWS, FILES = "stemma.json", "database.sqlite", "store/"
PLACE = ".stemma-backup"  # beside the target, what is not whole yet lies in a folder of that name
LOOK = 300.0  # seconds that a copied database may be looked through


class BackupError(StemmaError):
    """The backup cannot be written or read."""

    status, code = 422, "backup"


@readable_faults()
def backup(config: Settings, target: Path) -> int:
    """Write the whole studio to `target` (a .tar); the number of files in it.

    `target` appears only when it is whole, durably, and in place of an older backup at most. Raises BackupError when a
    file that a row knows is missing or damaged; IdentityError, DamagedError.
    """
    target = target.absolute()
    _insist_on_a_studio(config)
    _insist_on_a_backup(target)
    store = Store(config.data, "backup")
    try:
        make_folder(target.parent)
        sweep(target.parent, ORPHAN_AGE, PLACE)
        with Workplace(target.parent, PLACE) as place, closing(store.incoming):
            archive = place.file("archive")
            count = _write_archive(config, store, place.file("rows"), archive)
            archive.replace(target)
            sync_folder(target.parent)
            remember(store, LastBackup(str(target), datetime.now(UTC).isoformat(timespec="seconds"), count))
    except OSError as error:
        said = _("The backup cannot be written to %(file)s: %(reason)s")
        raise BackupError(said, file=str(target), reason=error.strerror or str(error)) from error
    return count


def _write_archive(config: Settings, store: Store, copy: Path, partial: Path) -> int:
    _copy_rows(config, copy)
    if found := damaged_within(copy, LOOK):
        raise DamagedError(_("The database is damaged (%(found)s): no backup was written."), found=found)
    known = _assets(copy)
    with partial.open("xb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            manifest = {"format": FORMAT, "made": datetime.now(UTC).isoformat(), "files": len(known)}
            _add(archive, MANIFEST, json.dumps(manifest).encode())
            archive.add(copy, ROWS)
            for sha256 in known:
                try:
                    _add(archive, FILES + sha256, store.get(sha256))
                except NotFoundError as error:
                    raise BackupError(_("The file %(name)s in the store is missing or damaged."), name=sha256) from error
        file.flush()
        os.fsync(file.fileno())
    return len(known)


def _copy_rows(config: Settings, copy: Path) -> None:
    """The database as of one moment, as an SQLite file: SQLite's own backup, or one snapshot of PostgreSQL."""
    if config.database_file:
        with closing(sqlite3.connect(config.database_file, timeout=30)) as live, closing(sqlite3.connect(copy)) as out:
            live.backup(out)
            out.execute("PRAGMA journal_mode=DELETE")
        return
    live_database, copied = Database(config), opened(config, copy)
    try:
        if not migrated(live_database.engine):
            raise BackupError(_("The tables are not of the form that this version wants: run `stemma migrate`."))
        migrate(copied.engine)
        with live_database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as source_connection:
            pour_tables(source_connection, copied)
        into_one_file(copied)
    finally:
        live_database.close()
        copied.close()


def opened(config: Settings, file: Path) -> Database:
    """An SQLite copy as a database."""
    return Database(config.model_copy(update={"database": f"sqlite:///{file}"}))


def into_one_file(database: Database) -> None:
    """Leave nothing of an SQLite database beside its file."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")


def pour_tables(source: sa.Connection, database: Database) -> None:
    """All rows of one database into another of the present form, in one transaction."""
    with database.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())  # the migrations made the local artist; the copy has its own
        for table in Base.metadata.sorted_tables:
            for some in source.execute(table.select()).partitions(1000):
                session.execute(table.insert(), [dict(row._mapping) for row in some])


def _assets(copy: Path) -> list[str]:
    with closing(sqlite3.connect(copy)) as rows:
        return [sha256 for (sha256,) in rows.execute(f"SELECT sha256 FROM {Asset.__tablename__} ORDER BY sha256")]  # noqa: S608 (our own table's name)


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(data), int(datetime.now(UTC).timestamp())
    archive.addfile(info, io.BytesIO(data))


def _insist_on_a_studio(config: Settings) -> None:
    """An empty or foreign database must never take the place of a good backup."""
    if config.database_file and not config.database_file.exists():
        raise BackupError(_("There is no studio in %(place)s."), place=str(config.data))
    examine(config).agreed()


def _insist_on_a_backup(target: Path) -> None:
    """Only an older backup is written over."""
    try:
        with tarfile.open(target) as archive:
            first = archive.next()
    except FileNotFoundError:
        return
    except (OSError, tarfile.TarError):
        first = None
    if first is None or first.name != MANIFEST:
        raise BackupError(_("%(file)s is there already and is no backup: it was not written over."), file=str(target))
