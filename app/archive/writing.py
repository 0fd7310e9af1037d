"""Writing an archive: its rows as of one moment, then the bytes that they know, as they are asked for.

The rows are written into a file without a name, in one read of the database that is over when it is written; files never
change. So however slowly an archive is taken, nothing is held meanwhile but that file and a block of bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.archive.layout import ASSETS, FILES, FORMAT, MANIFEST, PARTS, SUMS, VERSION, Extent, Part, Projects
from app.models import Artist, Parent, Revision
from app.models.scope import FOLLOWS
from app.models.transcript import unpacked
from app.storage.columns import Damaged, stand_in_text
from app.storage.db import now
from app.storage.store import Store

BLOCK = 256 * 1024  # bytes that are handed on at a time
AT_ONCE = 500  # rows that are read at once
OUTSIDE = "outside"  # among a revision's facts: what it came from that does not go along
LOCAL, DESCRIPTOR, CENTRAL, END = 30 + 20, 24, 46, 22  # bytes of a zip's records (APPNOTE 4.3), with sizes of 64 bits
ZIP64_END = 56 + 20


class Held(NamedTuple):
    """Bytes that go along."""

    sha256: str
    size: int


class Sink:
    """Where a zip is written that nobody can go back in: `to` may change, `size` counts on."""

    def __init__(self, to: IO[bytes]) -> None:
        self.to, self.size = to, 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return self.to.write(data)

    def flush(self) -> None:
        """Nothing waits here."""


class Archive:
    """An archive of `projects` for `artist`, whose session sees no more than they may see.

    Raises NotFoundError when bytes that belong to it are missing; DiskFullError, UnavailableError.
    """

    def __init__(self, session: Session, store: Store, artist: Artist, projects: Projects) -> None:
        self.store, self.extent = store, Extent(projects, artist.id)
        self.session, self.artist = session, artist
        path = store.new_file()
        self.rows = path.open("w+b")
        path.unlink()
        self.sink, self.sums = Sink(self.rows), list[str]()
        self.zip = zipfile.ZipFile(self.sink, "w")  # type: ignore[call-overload]  # it needs no more than `Sink` has
        self.files = self._files()
        self.outside = self._outside()
        counts = {part.name: self._write_rows(part) for part in PARTS.values()}
        self._write_manifest(counts)
        sums = [*self.sums, *(f"{sha256}  {FILES}{sha256}" for sha256, _size in self.files)]
        self._write(SUMS, (f"{line}\n".encode() for line in sums))
        self.length = self._length()  # bytes of the whole archive

    def _length(self) -> int:
        entries = [(name, size) for name, size in _entries(self.zip)] + [(FILES + one.sha256, one.size) for one in self.files]
        at, directory = self.sink.size, 0
        offsets = [info.header_offset for info in self.zip.filelist]
        for one in self.files:
            offsets.append(at)
            at += LOCAL + len(FILES + one.sha256) + one.size + DESCRIPTOR
        for (name, size), offset in zip(entries, offsets, strict=True):
            wide = 2 * (size > zipfile.ZIP64_LIMIT) + (offset > zipfile.ZIP64_LIMIT)
            directory += CENTRAL + len(name) + (4 + 8 * wide if wide else 0)
        wide_end = len(entries) > zipfile.ZIP_FILECOUNT_LIMIT or max(at, directory) > zipfile.ZIP64_LIMIT
        return at + directory + END + (ZIP64_END if wide_end else 0)

    def stream(self) -> Iterator[bytes]:
        """The archive, block by block; once. Raises RuntimeError where bytes are not what they were any more."""
        with self.rows, self.zip:
            self.rows.seek(0)
            while block := self.rows.read(BLOCK):
                yield block
            self.sink.to = out = io.BytesIO()
            for one in self.files:
                for _written in self._write_file(one):
                    yield _drained(out)
            self.zip.close()
            yield _drained(out)

    def _write_file(self, held: Held) -> Iterator[None]:
        digest = hashlib.sha256()
        info, path = _info(FILES + held.sha256), self.store.find(held.sha256, held.size)
        with path.open("rb") as file, self.zip.open(info, "w", force_zip64=True) as entry:
            while block := file.read(BLOCK):
                digest.update(block)
                entry.write(block)
                yield
        if digest.hexdigest() != held.sha256:
            raise RuntimeError(f"{held.sha256} is damaged in the store")
        yield

    def _write_rows(self, part: Part) -> int:
        rows = self.session.execute(self.extent.rows(part), execution_options={"yield_per": AT_ONCE})
        count = 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            for row in rows.mappings():
                count += 1
                told = {name: told_of(value) for name, value in row.items() if value is not None}
                if part.name == "revisions" and (outside := self.outside.get(row["id"])):
                    told["facts"] = told["facts"] | {OUTSIDE: [*told["facts"].get(OUTSIDE, []), *outside]}
                yield _line(told)

        self._write(part.file, lines())
        return count

    def _write_manifest(self, counts: Mapping[str, int]) -> None:
        told = {
            "format": FORMAT,
            "version": VERSION,
            "made": now().isoformat(timespec="seconds"),
            "for": str(self.artist.id),
            "rows": counts,
            "files": len(self.files),
            "bytes": sum(one.size for one in self.files),
        }
        self._write(MANIFEST, iter([json.dumps(told, indent=2).encode() + b"\n"]))

    def _write(self, name: str, blocks: Iterator[bytes]) -> None:
        digest = hashlib.sha256()
        with self.zip.open(_info(name, zipfile.ZIP_DEFLATED), "w", force_zip64=True) as entry:
            for block in blocks:
                digest.update(block)
                entry.write(block)
        self.sums.append(f"{digest.hexdigest()}  {name}")

    def _files(self) -> list[Held]:
        """The bytes that go along, all of which are there."""
        found = []
        for row in self.session.execute(self.extent.rows(PARTS[ASSETS])).mappings():
            self.store.find(str(row["sha256"]), int(row["bytes"]))
            found.append(Held(str(row["sha256"]), int(row["bytes"])))
        return found

    def _outside(self) -> Mapping[UUID, list[dict[str, Any]]]:
        """By revision, what it came from that is not in these projects, as far as the artist may see it: told, not taken along.

        The session narrows these edges (app.models.sight).
        """
        child, parent = aliased(Revision), aliased(Revision)
        query = sa.select(Parent, parent).join(child, Parent.child_id == child.id).join(parent, Parent.parent_id == parent.id)
        inside, elsewhere = (self.extent.works(one.work_id) for one in (child, parent))
        query = query.where(inside, ~elsewhere).order_by(Parent.child_id, Parent.position)
        found = defaultdict(list)
        for edge, came_from in self.session.execute(query, execution_options=FOLLOWS).unique():
            told = came_from.text.encode() if came_from.text is not None else b""
            about = {
                "role": str(edge.role),
                "position": edge.position,
                "title": came_from.work.title,
                "number": came_from.number,
            }
            found[edge.child_id].append(about | {"sha256": came_from.asset_id or hashlib.sha256(told).hexdigest()})
        return found


def told_of(value: Any) -> Any:
    """A value of a row, as JSON says it."""
    if isinstance(value, Damaged):
        value = stand_in_text(value)
    if isinstance(value, bytes):
        return unpacked(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True).encode() + b"\n"


def _info(name: str, how: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """A file of the archive; of the year 1980, as zip begins to count: what was when is told in the rows."""
    info = zipfile.ZipInfo(name)
    info.compress_type, info.external_attr = how, 0o644 << 16
    return info


def _entries(written: zipfile.ZipFile) -> Iterator[tuple[str, int]]:
    return ((info.filename, max(info.file_size, info.compress_size)) for info in written.filelist)


def _drained(out: io.BytesIO) -> bytes:
    data = out.getvalue()
    out.seek(0)
    out.truncate()
    return data
