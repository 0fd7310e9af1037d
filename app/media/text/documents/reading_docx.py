"""The words of a DOCX file, read as a stream within bounds: no tree in memory, no entities, nothing outside the file."""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable
from xml.parsers import expat

from app.errors import TooLargeError, UnsupportedError, _

WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"  # the same in ISO/IEC 29500 Strict
FALLBACK = "http://schemas.openxmlformats.org/markup-compatibility/2006 Fallback"
MOST_XML = 64 * 2**20  # bytes of the document's XML that are unpacked
MOST_FILES = 5_000
DEEPEST = 256  # elements within one another
MOST_ELEMENTS = 6_000_000
LONGEST_TAG = 2**20  # bytes of one tag or remark: each is looked at again with every chunk until it ends
CHUNK = 2**18
BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
LEFT_OUT = {"del", "moveFrom", "instrText", "footnotePr", "rPrChange", "pPrChange", "tabs"}  # deleted, codes, tab stops
# What zipfile and expat raise for bytes that are no DOCX (a ValueError where an offset lies outside the file).
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, KeyError, EOFError, OSError, RuntimeError, ValueError)
DAMAGED = _("That DOCX file is damaged or no DOCX file.")


def text_of_docx(data: bytes, most: int) -> str:
    """The paragraphs as lines; tracked deletions, field codes, notes and comments are left out.

    Raises UnsupportedError (no DOCX, damaged, with a DOCTYPE), TooLargeError (it unpacks to too much, or to more than
    `most` characters).
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MOST_FILES:
                raise _bomb()
            reader = _Words(most)
            _parse(archive, _main_part(archive), reader.start, reader.end, reader.data)
            return reader.text()
    except BROKEN as error:
        raise UnsupportedError(DAMAGED) from error


def _main_part(archive: zipfile.ZipFile) -> str:
    """The name of the document's part, as the package's relationships tell it (ECMA-376-2, 8.3)."""
    found: list[str] = []

    def start(name: str, about: dict[str, str]) -> None:
        if name.endswith(" Relationship") and about.get("Type", "").endswith("/officeDocument"):
            found.append(posixpath.normpath(about.get("Target", "").lstrip("/")))

    _parse(archive, "_rels/.rels", start, lambda _name: None, lambda _text: None)
    if not found:
        raise UnsupportedError(DAMAGED)
    return found[0]


def _parse(
    archive: zipfile.ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    if archive.getinfo(name).compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:  # ECMA-376-2, annex B
        raise UnsupportedError(DAMAGED)
    with archive.open(name) as part:
        size = 0
        while chunk := part.read(CHUNK):
            size += len(chunk)
            if size > MOST_XML:
                raise _bomb()
            parser.Parse(chunk)
            if size - parser.CurrentByteIndex > LONGEST_TAG:
                raise _bomb()
        parser.Parse(b"", True)


def _refuse_doctype(*_about: object) -> None:
    """No DOCX has a DOCTYPE (ECMA-376-2, 7.2.4); entities, inner and outer, come only by one."""
    raise UnsupportedError(_("That DOCX file declares entities, which no DOCX file may."))


def _bomb() -> TooLargeError:
    return TooLargeError(_("That DOCX file unpacks to more than a text can be."))


class _Words:
    """Gathers the text while the XML streams by."""

    def __init__(self, most: int) -> None:
        self.most, self.size, self.depth, self.elements = most, 0, 0, 0
        self.skipped = 0  # depth within what is left out
        self.inside = False  # within w:t
        self.parts: list[str] = []

    def start(self, name: str, _about: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > DEEPEST or self.elements > MOST_ELEMENTS:
            raise _bomb()
        space, _gap, tag = name.rpartition(" ")
        if self.skipped or name == FALLBACK or (space in {WORDS, STRICT} and tag in LEFT_OUT):
            self.skipped += 1
        elif space in {WORDS, STRICT}:
            self.inside = tag == "t"
            if tag in BREAKS:
                self.add(BREAKS[tag])

    def end(self, name: str) -> None:
        self.depth -= 1
        if self.skipped:
            self.skipped -= 1
            return
        self.inside = False
        space, _gap, tag = name.rpartition(" ")
        if space in {WORDS, STRICT} and tag == "p":
            self.add("\n")

    def data(self, text: str) -> None:
        if self.inside and not self.skipped:
            self.add(text)

    def add(self, text: str) -> None:
        self.size += len(text)
        if self.size > self.most + 1:
            raise TooLargeError(_("A text has at most %(most)d characters."), most=self.most)
        self.parts.append(text)

    def text(self) -> str:
        return "".join(self.parts).removesuffix("\n")
