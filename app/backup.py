"""Backup and restore: one file that holds the whole studio as it was at one moment, taken while it runs.

The database is copied first, as of one moment; then the files it knows. Files are never changed and are written before
the rows that know them, so whatever the copied rows name is there.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.db import Base, Database, migrate
from app.errors import StemmaError, _
from app.models import Asset
from app.settings import Settings
from app.store import Store, write_durably

FORMAT = 1
MANIFEST, ROWS, FILES = "stemma.json", "database.sqlite", "store/"


class BackupError(StemmaError):
    """The backup cannot be written or read."""

    status, code = 422, "backup"


def backup(config: Settings, target: Path) -> int:
    """Write the whole studio to `target` (a .tar); the number of files in it.

    `target` appears only when it is whole. Raises BackupError when a file that a row knows is missing or damaged.
    """
    store = Store(config.data)
    partial = target.with_name(f".{target.name}.partial")
    with tempfile.TemporaryDirectory(dir=target.absolute().parent) as folder:
        copy = Path(folder) / ROWS
        _copy_rows(config, copy)
        known = _assets(copy)
        with tarfile.open(partial, "w") as archive:
            manifest = {"format": FORMAT, "made": datetime.now(UTC).isoformat(), "files": len(known)}
            _add(archive, MANIFEST, json.dumps(manifest).encode())
            archive.add(copy, ROWS)
            for sha256 in known:
                data = store.get(sha256)
                if hashlib.sha256(data).hexdigest() != sha256:
                    partial.unlink()
                    raise BackupError(_("The file %(name)s in the store is damaged."), name=sha256)
                _add(archive, FILES + sha256, data)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    return len(known)


def restore(config: Settings, source: Path) -> int:
    """Bring a backup back into an empty data folder and database; the number of files.

    Raises BackupError when there is a studio already, or when the file is no whole backup; then nothing is changed.
    """
    database = Database(config)
    try:
        _insist_on_emptiness(database, config)
        config.data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=config.data) as folder:
            rows, count = _unpack(source, Path(folder), Store(config.data, "restore"))
            if config.sqlite:
                database.close()
                for leaving in config.data.glob("stemma.sqlite*"):
                    leaving.unlink()
                write_durably(config.data / "stemma.sqlite", rows.read_bytes(), config.data / "incoming" / "restore")
                migrate(database.engine)
            else:
                migrate(database.engine)
                _pour(rows, database)
        shutil.rmtree(config.data / "incoming" / "restore", ignore_errors=True)
    finally:
        database.close()
    return count


def _copy_rows(config: Settings, copy: Path) -> None:
    """The database as of one moment, as an SQLite file: SQLite's own backup, or one snapshot of PostgreSQL."""
    if config.sqlite:
        source = sa.make_url(config.database_url).database or ""
        with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(copy)) as out:
            live.backup(out)
            out.execute("PRAGMA journal_mode=DELETE")
        return
    live_database, copied = Database(config), Database(config.model_copy(update={"database": f"sqlite:///{copy}"}))
    migrate(copied.engine)
    with live_database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as source_connection:
        _pour_tables(source_connection, copied)
    with copied.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    live_database.close()
    copied.close()


def _pour(rows: Path, database: Database) -> None:
    """All rows of an SQLite copy, brought to the present form, into an empty database of any kind."""
    source = Database(database.settings.model_copy(update={"database": f"sqlite:///{rows}"}))
    migrate(source.engine)
    with source.engine.connect() as connection:
        _pour_tables(connection, database)
    source.close()


def _pour_tables(source: sa.Connection, database: Database) -> None:
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


def _insist_on_emptiness(database: Database, config: Settings) -> None:
    if sa.inspect(database.engine).has_table("projects"):
        with database.reading() as session:
            if session.scalar(sa.select(sa.func.count()).select_from(Base.metadata.tables["projects"])):
                raise BackupError(
                    _("There is a studio in %(place)s already. Restore into an empty place."), place=str(config.data)
                )


def _unpack(source: Path, folder: Path, store: Store) -> tuple[Path, int]:
    """The rows' file, after every file of the store was checked and kept; names in the archive are never used as paths."""
    count = 0
    manifest: dict[str, Any] = {}
    rows = folder / ROWS
    try:
        for name, data in _members(source):
            if name == MANIFEST:
                manifest = json.loads(data)
            elif name == ROWS:
                rows.write_bytes(data)
            elif name.startswith(FILES):
                if hashlib.sha256(data).hexdigest() != name.removeprefix(FILES):
                    raise BackupError(_("The backup is damaged at %(name)s."), name=name)
                store.put(data)
                count += 1
    except (OSError, tarfile.TarError, ValueError) as error:
        raise BackupError(_("That is not a whole backup: %(reason)s"), reason=str(error)) from error
    if manifest.get("format") != FORMAT or not rows.exists() or count != manifest.get("files"):
        raise BackupError(_("That is not a whole backup: %(reason)s"), reason=f"{count} / {manifest.get('files')}")
    return rows, count


def _members(source: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(source, "r:*") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()
