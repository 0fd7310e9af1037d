"""Taking an archive in: all of it is checked, then its bytes are kept, then all its rows are written in one transaction.

A process that dies before the end of that leaves bytes that no row knows, which the sweep sets aside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import islice
from typing import Any, BinaryIO
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.archive.bytes import Taken
from app.archive.layout import ARTISTS, ASSETS, PARTS, PROJECTS, Part
from app.archive.reading import Source
from app.archive.rows import Row, Rows, again
from app.models import Account, Artist, Asset, Project
from app.models.act import BEGINNING, ActKind, fingerprint, record
from app.models.artist import LOCAL
from app.storage.columns import Json
from app.storage.db import uuid7
from app.storage.store import Store

BATCH = 500  # rows that are written at once
IMPORTED = " (imported)"  # behind the name of who made something elsewhere
LONGEST = 90  # code points of a maker's name before what is said behind it
Writing = Callable[[], AbstractContextManager[tuple[Session, Artist]]]


@contextmanager
def taken_in(writing: Writing, store: Store, file: BinaryIO, max_pixels: int, *, mine: bool) -> Iterator[list[Project]]:
    """The projects of an archive, taken in for who is in the transaction that `writing` opens, and that ends behind this.

    Others who made something in them keep their names; what the one made for whom the archive was written becomes the
    artist's own if it is `mine`. Raises ArchiveError, which says what is wrong with which file; then nothing was changed.
    """
    with closing(Source(file)) as source, closing(Taken(store)) as taken:
        rows = Rows(source)
        for row in rows.assets.values():
            taken.take(source, row, max_pixels)
        taken.keep()
        with writing() as (session, artist):
            yield Bringing(session, artist, rows, str(source.told.get("for")) if mine else "").bring()


class Bringing:
    """The rows of one archive on their way into the tables. `me` is the id in it that stands for the artist."""

    def __init__(self, session: Session, artist: Artist, rows: Rows, me: str) -> None:
        self.session, self.artist, self.rows = session, artist, rows
        self.fresh = rows.fresh | {id: self._maker(id, name, me) for id, name in rows.makers.items()}
        self.chains: dict[UUID, tuple[int, str]] = defaultdict(lambda: (0, BEGINNING))

    def bring(self) -> list[Project]:
        """Write all rows; the projects."""
        for part in PARTS.values():
            if part.name == ARTISTS:
                continue
            found = (self._row(part, row) for _line, row in self.rows.of(part))
            wanted = (row for row in found if part.name != ASSETS or self.session.get(Asset, row["sha256"]) is None)
            while batch := list(islice(wanted, BATCH)):
                self.session.execute(sa.insert(part.table), batch)
        ids = [self.fresh[id] for id, table in self.rows.table_of.items() if table == PROJECTS]
        projects = [self.session.get_one(Project, id) for id in ids]
        for project in projects:
            record(self.session, ActKind.PROJECT_IMPORTED, self.artist, project.place, project.id, name=project.name)
        return projects

    def _row(self, part: Part, row: Row) -> Row:
        """A row as it is written here."""
        for name in part.refers.keys() & row.keys():
            if part.refers[name] != ASSETS and row[name] is not None:
                row[name] = self.fresh[row[name]]
        if "id" in row:
            row["id"] = self.fresh[row["id"]]
        for column in part.columns:
            # (A list in the trash has its id for its key.)
            if (isinstance(column.type, Json) or column.name == "key") and row[column.name] is not None:
                row[column.name] = again(row[column.name], self.fresh)
        if part.name == PROJECTS:
            return row | {"owner_id": self.artist.id, "trashed_at": None}
        if part.name == "drafts":
            return row | {"artist_id": self.artist.id}
        return self._act(row) if part.name == "acts" else row

    def _act(self, row: Row) -> Row:
        """An act in its chain: the digests are made anew, since they cover the ids."""
        subject = row["subject_id"]
        chain = row["work_id"] or row["project_id"]
        position, before = self.chains[chain]
        about: dict[str, Any] = {"subject_id": self.fresh.setdefault(subject, uuid7()), "chain_id": chain, "position": position}
        digest = fingerprint(before, row | about)
        self.chains[chain] = (position + 1, digest)
        return row | about | {"digest": digest}

    def _maker(self, id: UUID, name: str, me: str) -> UUID:
        """Who stands here for somebody who made something elsewhere: nobody who can sign in, whatever they are called."""
        if str(id) == me:
            return self.artist.id
        for called in _names(name):
            known = self.session.scalar(sa.select(Artist).where(Artist.name == called))
            if known is None:
                known = Artist(name=called)
                self.session.add(known)
                self.session.flush()
            if known.id != self.artist.id and self.session.get(Account, known.id) is None:
                return known.id
        raise RuntimeError("names have no end")


def _names(name: str) -> Iterator[str]:
    """What somebody from elsewhere may be called here. (The one artist of a studio without accounts has no name.)"""
    told = "artist" if name == LOCAL else name.removesuffix(IMPORTED)[:LONGEST]
    yield f"{told}{IMPORTED}"
    number = 1
    while True:
        number += 1
        yield f"{told}{IMPORTED} {number}"
