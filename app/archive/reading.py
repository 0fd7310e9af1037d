"""Reading an archive that came from outside: its files by the names that belong there, none larger than said, each checked.

Nothing is unpacked by a name of the archive's: rows are read where they lie, and bytes go by their SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, BinaryIO

from app import gate
from app.archive.faults import DAMAGED, FOREIGN, LATER, MISSING, SEALED, TOO_MUCH, TWICE, UNREADABLE, ArchiveError
from app.archive.layout import FILES, FORMAT, MANIFEST, PARTS, SUMS, VERSION, Part
from app.errors import UnfitError

BLOCK = 256 * 1024
MOST_FILES, MOST_DIRECTORY = 50_000, 16 * 2**20  # files in it; bytes of the list of them
MOST_TOLD = 512 * 2**20  # bytes of its rows, and of everything beside them that is told
LARGER = 4  # how many times the archive's own size its files may have: ours are stored as they are
MOST_LINE = 32 * 2**20  # bytes of a row: a text of a million letters and who wrote them
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
BYTES = re.compile(rf"{FILES}([0-9a-f]{{64}})")
SUM = re.compile(r"([0-9a-f]{64})  ([\w./-]{1,100})\n?")
NAMES = {MANIFEST, SUMS, *(part.file for part in PARTS.values())}


class Wary(io.BufferedReader):
    """A file of which nothing is read at once that is larger than the list of files may be."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > MOST_DIRECTORY:
            raise ArchiveError(TOO_MUCH, file=SUMS)
        return super().read(size)


class Source:
    """An archive, opened. Raises ArchiveError for one that is none, or that holds what does not belong there."""

    def __init__(self, file: BinaryIO) -> None:
        self.size = os.fstat(file.fileno()).st_size
        with readable(SUMS):
            self.zip = zipfile.ZipFile(Wary(io.FileIO(os.dup(file.fileno()))))
            self.zip.fp.seek(0)  # type: ignore[union-attr]  # an open one has it
        self._insist_on_names()
        self.sums = self._sums()
        self.told = self._manifest()

    @property
    def files(self) -> dict[str, int]:
        """The bytes in it: SHA-256 and size."""
        return {found[1]: info.file_size for info in self.zip.infolist() if (found := BYTES.fullmatch(info.filename))}

    def lines(self, part: Part) -> Iterator[tuple[int, bytes]]:
        """The rows of `part` with their lines' numbers, from 1. Raises ArchiveError."""
        if part.file not in self.zip.NameToInfo:
            return
        with readable(part.file), self.zip.open(part.file) as entry:
            number = 0
            while line := entry.readline(MOST_LINE + 1):
                number += 1
                if len(line) > MOST_LINE:
                    raise ArchiveError(TOO_MUCH, file=part.file)
                yield number, line

    def check(self, name: str, to: IO[bytes] | None = None) -> None:
        """Read a file of the archive, into `to` as well. Raises ArchiveError when its checksum is another."""
        digest = hashlib.sha256()
        with readable(name), self.zip.open(name) as entry:
            while block := entry.read(BLOCK):
                digest.update(block)
                if to is not None:
                    to.write(block)
        if digest.hexdigest() != self.sums[name]:
            raise ArchiveError(DAMAGED, file=name)

    def _insist_on_names(self) -> None:
        seen, told, held = set[str](), 0, 0
        infos = self.zip.infolist()
        if len(infos) > MOST_FILES:
            raise ArchiveError(TOO_MUCH, file=gate.printable(infos[MOST_FILES].filename, 100))
        for info in infos:
            file = gate.printable(info.filename, 100)
            known = info.filename in NAMES
            if not known and not BYTES.fullmatch(info.filename):
                raise ArchiveError(FOREIGN, file=file)
            if info.filename in seen:
                raise ArchiveError(TWICE, file=file)
            if info.flag_bits & 1 or stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG}:
                raise ArchiveError(SEALED, file=file)
            seen.add(info.filename)
            told, held = (told + info.file_size, held) if known else (told, held + info.file_size)
            if told > MOST_TOLD or held > LARGER * self.size:
                raise ArchiveError(TOO_MUCH, file=file)

    def _sums(self) -> dict[str, str]:
        """The checksum of each file. Raises ArchiveError when one is missing, on either side."""
        found = {}
        for line in io.StringIO(self._small(SUMS, 200 * MOST_FILES)):
            told = SUM.fullmatch(line)
            if told is None:
                raise ArchiveError(UNREADABLE, file=SUMS)
            found[told[2]] = told[1]
        there = {info.filename for info in self.zip.infolist()} - {SUMS}
        for name in sorted(there ^ {*found}):
            raise ArchiveError(FOREIGN if name in there else MISSING, file=gate.printable(name, 100))
        return found

    def _manifest(self) -> dict[str, Any]:
        said = self._small(MANIFEST, 2**20)
        self.check(MANIFEST)
        try:
            told = gate.parsed(said)
        except UnfitError as error:
            raise ArchiveError(UNREADABLE, file=MANIFEST) from error
        if not isinstance(told, dict) or told.get("format") != FORMAT or not isinstance(told.get("rows"), dict):
            raise ArchiveError
        if told.get("version") != VERSION:
            raise ArchiveError(LATER, version=gate.printable(str(told.get("version")), 20))
        for name in told["rows"]:
            if f"{name}.jsonl" not in self.sums:
                raise ArchiveError(MISSING, file=gate.printable(f"{name}.jsonl", 100))
        return told

    def _small(self, name: str, most: int) -> str:
        """A short file of words. Raises ArchiveError."""
        if name not in self.zip.NameToInfo:
            raise ArchiveError(MISSING, file=name)
        with readable(name), self.zip.open(name) as entry:
            data = entry.read(most + 1)
            if len(data) > most:
                raise ArchiveError(TOO_MUCH, file=name)
            return data.decode()

    def close(self) -> None:
        """Give the file back."""
        self.zip.close()


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Raise ArchiveError instead of what a library says of bytes that somebody made up."""
    try:
        yield
    except BROKEN as error:
        raise (ArchiveError() if name == SUMS else ArchiveError(UNREADABLE, file=name)) from error
