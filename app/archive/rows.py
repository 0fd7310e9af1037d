"""The rows of an archive that came from outside: each looked at by what its columns hold, before any of them is written."""

from __future__ import annotations

import graphlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

import sqlalchemy as sa

from app import gate
from app.archive.faults import AGAIN, CIRCLE, MISSING, NOWHERE, TOO_MUCH, UNFIT, ArchiveError
from app.archive.layout import ALSO, ARTISTS, ASSETS, DRAFTS, FILES, GENERATIONS, LEFT, PARTS, PROJECTS, Part
from app.archive.reading import Source
from app.models.generation import OPEN
from app.models.transcript import packed
from app.storage.columns import DEEPEST, Lasting, Moment, Words
from app.storage.db import uuid7

MOST_ROWS = 300_000
MOST_VALUES = 4_000_000  # in one row: a text of a million letters with its tokens
LONGEST = 1_000_000  # code points of a text
TITLES = {"name", "title"}
TOKEN = 6  # what is told of a token (app.models.transcript)
Row = dict[str, Any]


class Rows:
    """All rows of an archive, read twice: here to be checked, later to be written with the ids that are given them here."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.fresh: dict[Any, Any] = {}  # by each id in the archive, the one that it gets here; artists have none yet
        self.count = 0
        self.table_of: dict[Any, str] = {}
        self.makers: dict[UUID, str] = {}
        self.assets: dict[str, Row] = {}
        self._later: list[tuple[Part, int, str, Any]] = []
        self._parents: dict[UUID, set[UUID]] = defaultdict(set)
        for part in PARTS.values():
            self._check(part)
        for part, line, column, id in self._later:
            if self.table_of.get(id) != part.refers[column]:
                raise ArchiveError(NOWHERE, file=part.file, line=line, column=column)
        self._insist_on_ends()

    def of(self, part: Part) -> Iterator[tuple[int, Row]]:
        """The rows of `part` with their lines' numbers, as they are in the archive. Raises ArchiveError."""
        for line, data in self.source.lines(part):
            yield line, _read(part, line, data)

    def _check(self, part: Part) -> None:
        if part.file in self.source.sums:
            self.source.check(part.file)
        seen: dict[tuple[str, ...], set[Any]] = {key: set() for key in _keys(part)}
        for line, row in self.of(part):
            self.count += 1
            if self.count > MOST_ROWS:
                raise ArchiveError(TOO_MUCH, file=part.file)
            for key, known in seen.items():
                value = tuple(row[name] for name in key)
                if None not in value and value in known:
                    raise ArchiveError(AGAIN, file=part.file, line=line)
                known.add(value)
            self._know(part, line, row)
            self._refer(part, line, row)

    def _know(self, part: Part, line: int, row: Row) -> None:
        """Remember a row by its id."""
        id = row["sha256"] if part.name == ASSETS else row.get("id")
        if id is None:
            return
        if id in self.table_of:
            raise ArchiveError(AGAIN, file=part.file, line=line)
        self.table_of[id] = part.name
        if part.name == ARTISTS:
            self.makers[id] = row["name"]
        elif part.name == ASSETS:
            self.assets[id] = row
        else:
            self.fresh[id] = uuid7()

    def _refer(self, part: Part, line: int, row: Row) -> None:
        for column, to in part.refers.items():
            id = row.get(column)
            if id is None:
                continue
            if column in ALSO:
                self._later.append((part, line, column, id))
            elif self.table_of.get(id) != to:
                raise ArchiveError(NOWHERE, file=part.file, line=line, column=column)
        if part.name == "parents":
            self._parents[row["child_id"]].add(row["parent_id"])
        if part.name == GENERATIONS and row["status"] in OPEN:
            _unfit(part, line, "status")

    def _insist_on_ends(self) -> None:
        """Raises ArchiveError for a lineage in a circle, bytes that are missing or too many, and where there is no project."""
        try:
            graphlib.TopologicalSorter(self._parents).prepare()
        except graphlib.CycleError as error:
            raise ArchiveError(CIRCLE, file=PARTS["parents"].file) from error
        if PROJECTS not in self.table_of.values():
            raise ArchiveError(MISSING, file=PARTS[PROJECTS].file)
        files = self.source.files
        for line, row in enumerate(self.assets.values(), 1):
            if files.get(row["sha256"]) != row["bytes"]:
                raise ArchiveError(MISSING, file=FILES + row["sha256"])
            if row["raster"] is not None and row["raster"] not in self.assets:
                raise ArchiveError(NOWHERE, file=PARTS[ASSETS].file, line=line, column="raster")
        for sha256 in {*files} - {*self.assets}:
            raise ArchiveError(NOWHERE, file=PARTS[ASSETS].file, line=0, column=sha256)


def _keys(part: Part) -> list[tuple[str, ...]]:
    """What no two rows may have in common."""
    left = LEFT.get(part.name, set())
    unique = [one for one in part.table.constraints if isinstance(one, (sa.UniqueConstraint, sa.PrimaryKeyConstraint))]
    found = [tuple(column.name for column in one.columns) for one in unique]
    return [key for key in found if not left & {*key}] + ([("work_id",)] if part.name == DRAFTS else [])


def _read(part: Part, line: int, data: bytes) -> Row:
    """A row, with every column. Raises ArchiveError for what does not fit its column."""
    try:
        row = json.loads(data, parse_constant=lambda name: _unfit(part, line, name))
        gate.check_json(row, DEEPEST + 1, MOST_VALUES)
    except (ValueError, RecursionError) as error:
        raise ArchiveError(UNFIT, file=part.file, line=line, column="{") from error
    if not isinstance(row, dict):
        _unfit(part, line, "{")
    for name in row.keys() - {column.name for column in part.columns}:
        _unfit(part, line, gate.printable(name, 60))
    return {column.name: _value(part, line, column, row.get(column.name)) for column in part.columns}


def _value(part: Part, line: int, column: sa.Column[object], value: Any) -> Any:
    try:
        if value is None:
            fits = bool(column.nullable)
        else:
            fits, value = _fitting(column, value)
    except (ValueError, TypeError, AttributeError):
        fits = False
    if not fits:
        _unfit(part, line, column.name)
    return value


def _fitting(column: sa.Column[object], value: Any) -> tuple[bool, Any]:
    """Whether `value` is what the column holds, and that. Raises ValueError, TypeError, AttributeError."""
    kind = column.type
    if isinstance(kind, sa.Uuid):
        return True, UUID(value)
    if isinstance(kind, sa.LargeBinary):
        return _tokens(value), packed(value)
    if isinstance(kind, Moment):
        moment = datetime.fromisoformat(value)
        return moment.tzinfo is not None, moment
    if isinstance(kind, Words) and isinstance(value, str):
        value = gate.line(value) if column.name in TITLES else value
        fits = len(value) <= LONGEST and (value != "" or column.name not in TITLES)
        return fits and kind.fits(value) is value, value
    return isinstance(kind, Lasting) and kind.fits(value) is value, value


def _tokens(value: Any) -> bool:
    """Whether these are tokens as a transcript holds them."""
    return all(
        len(one) == TOKEN
        and [type(part) for part in one[:3]] == [int, int, str]
        and gate.fit(one)
        and all(isinstance(other[0], str) and len(other) == 2 for other in one[5])  # noqa: PLR2004 (a text and its chance)
        for one in value
    )


def _unfit(part: Part, line: int, column: str) -> NoReturn:
    raise ArchiveError(UNFIT, file=part.file, line=line, column=column)


def again(value: Any, fresh: Mapping[Any, Any]) -> Any:
    """JSON with the ids in it that are known by others now (`revision:…` too)."""
    if isinstance(value, dict):
        return {name: again(one, fresh) for name, one in value.items()}
    if isinstance(value, list):
        return [again(one, fresh) for one in value]
    if not isinstance(value, str) or len(value) not in {36, 45}:
        return value
    before, id = value[:-36], value[-36:]
    try:
        known = fresh.get(UUID(id)) if before in {"", "revision:"} else None
    except ValueError:
        return value
    return value if known is None else f"{before}{known}"
