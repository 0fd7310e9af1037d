"""What a migration found that could not be read, and mended: the whole of what lay there is kept here."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app import gate
from app.storage.columns import Damaged, Json, Words, stand_in_text
from app.storage.db import Base, now, uuid7

log = logging.getLogger(__name__)
BATCH = 500
Found = tuple[dict[str, Any], dict[str, Any]]  # a row's key; by column what of it can be kept


class Mended(Base):
    """One value of one row, as it lay there before it was mended."""

    __tablename__ = "mended"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    table: Mapped[str] = mapped_column(sa.String(40))
    row: Mapped[str] = mapped_column(sa.String(200), index=True)  # its key; one of several parts has them with spaces between
    column: Mapped[str] = mapped_column(sa.String(40))
    was: Mapped[str] = mapped_column(sa.Text)  # a JSON string, in ASCII: nothing can be wrong with it
    mended_at: Mapped[datetime] = mapped_column(default=now)


def mend(connection: sa.Connection) -> int:
    """Make every JSON and text value fit its column, and keep what lay there. How many were mended.

    What a newer version may have written (words that are not known here) is left: it is shown as damaged, and not lost.
    """
    present, count = sa.inspect(connection), 0
    for table in Base.metadata.sorted_tables:
        if not present.has_table(table.name) or table is Mended.__table__:
            continue
        there = {column["name"] for column in present.get_columns(table.name)}
        columns = [one for one in table.columns if one.name in there and mendable(one)]
        for key, values in list(_damaged(connection, table, columns)) if columns else []:
            _write(connection, table, key, values)
            count += len(values)
    if count:
        log.warning("%d values could not be read and were mended; what lay there is kept in the table %s", count, "mended")
    return count


def mendable(column: sa.Column[Any]) -> bool:
    """Whether what does not fit the column is mended: JSON and free text, not what rows are known by."""
    return isinstance(column.type, (Json, Words)) and not column.primary_key and not column.foreign_keys


def _damaged(connection: sa.Connection, table: sa.Table, columns: list[sa.Column[Any]]) -> Iterator[Found]:
    keys = list(table.primary_key.columns)
    for row in connection.execute(sa.select(*keys, *columns).execution_options(yield_per=BATCH)):
        said = row._mapping
        values = {column.name: stand_in_text(said[column]) for column in columns if isinstance(said[column], Damaged)}
        if values:
            yield {key.name: said[key] for key in keys}, values


def _write(connection: sa.Connection, table: sa.Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    """The values as they can be read. What lay there goes into the table `mended`; of a revision also into its facts, where
    a person reads it beside what is left.
    """
    which = sa.and_(*(table.c[name] == value for name, value in key.items()))
    lay = sa.select(*(sa.cast(table.c[name], sa.Text).label(name) for name in values)).where(which)
    raw = {name: str(said) for name, said in connection.execute(lay).mappings().one().items()}
    if table.name == "revisions":
        facts = values.get("facts", connection.scalar(sa.select(table.c.facts).where(which))) or {}
        told = {name: gate.printable(said, gate.MOST_RECIPE) for name, said in raw.items() if name != "text"}
        values = values | {"facts": facts | {"mended": told}}
    connection.execute(sa.update(table).where(which).values(values))
    about = {"table": table.name, "row": " ".join(map(str, key.values())), "mended_at": now()}
    kept = [about | {"id": uuid7(), "column": name, "was": json.dumps(said)} for name, said in raw.items()]
    connection.execute(sa.insert(Mended), kept)
