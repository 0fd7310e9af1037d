"""A MusicXML file (plain, or .mxl) as a tune: its first part's first voice. No entity, nothing outside, bounded."""

from __future__ import annotations

import io
import posixpath
import xml.etree.ElementTree as ET
import zipfile
from typing import Any
from xml.parsers import expat

from app import gate
from app.bounded import MB, Data, bounded, content
from app.errors import TooLargeError, UnsupportedError, _
from app.media.music.files.notating import Imported
from app.media.music.files.partwise import Partwise
from app.media.reading_xml import BROKEN, feed

MOST_XML = 24 * 2**20  # bytes of XML
MOST_ELEMENTS = 600_000
DEEPEST = 64
MOST_FILES = 200
DAMAGED = _("That MusicXML file is damaged or no MusicXML file.")
TOO_MUCH = _("That MusicXML file needs too much time or memory to be read. Save one part of it and import that.")


@bounded(30, 800 * MB, TOO_MUCH)
def read_musicxml(data: Data, name: str = "") -> tuple[Imported, dict[str, Any] | str | None]:
    """The tune, and the recipe that Stemma put into its own files; `name` is its title where the file has none.

    Raises UnsupportedError (no MusicXML, damaged, entities), TooLargeError, InvalidError (no notes).
    """
    given = content(data)
    try:
        root = _tree(_unpacked(given) if given.startswith(b"PK") else given)
    except BROKEN as error:
        raise UnsupportedError(DAMAGED) from error
    if root.tag == "score-timewise":
        raise UnsupportedError(_("That MusicXML file is timewise: save it as score-partwise and import it again."))
    if root.tag != "score-partwise":
        raise UnsupportedError(DAMAGED)
    try:
        return Partwise(root).read(name), _recipe(root)
    except (ValueError, ZeroDivisionError, OverflowError) as error:  # numbers that are none
        raise UnsupportedError(DAMAGED) from error


def _unpacked(data: bytes) -> bytes:
    """The score in a .mxl: the first rootfile that its container names (MusicXML 4.0, compressed files)."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if len(archive.infolist()) > MOST_FILES:
            raise _bomb()
        container = _tree(_part(archive, "META-INF/container.xml"))
        rootfile = next((one for one in container.iter() if one.tag.rpartition("}")[2] == "rootfile"), None)
        if rootfile is None:
            raise UnsupportedError(DAMAGED)
        return _part(archive, posixpath.normpath(rootfile.get("full-path", "").lstrip("/")))


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise UnsupportedError(DAMAGED)
    with archive.open(name) as part:
        data = part.read(MOST_XML + 1)
    if len(data) > MOST_XML:
        raise _bomb()
    return data


def _tree(data: bytes) -> ET.Element:
    """The elements. A DOCTYPE may name MusicXML's DTD, which is not fetched; one that declares entities is refused."""
    if len(data) > MOST_XML:
        raise _bomb()
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate()
    count = depth = 0  # attributes cost as much as elements

    def start(name: str, about: dict[str, str]) -> None:
        nonlocal count, depth
        count, depth = count + 1 + len(about), depth + 1
        if count > MOST_ELEMENTS or depth > DEEPEST:
            raise _bomb()
        builder.start(name, about)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
    parser.EntityDeclHandler = _refuse_entities
    parser.buffer_text = True
    feed(parser, io.BytesIO(data), MOST_XML, _bomb)
    return builder.close()


def _refuse_entities(*_about: object) -> None:
    raise UnsupportedError(_("That MusicXML file declares entities, which no score needs."))


def _bomb() -> TooLargeError:
    return TooLargeError(_("That MusicXML file is more than a tune can be."))


def _recipe(root: ET.Element) -> dict[str, Any] | str | None:
    recipe = gate.recipe(root.findtext("identification/miscellaneous/miscellaneous-field[@name='stemma']") or "")
    return recipe if not isinstance(recipe, dict) or "stemma" in recipe else None
