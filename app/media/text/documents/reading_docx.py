"""A DOCX file as text, read as a stream within bounds: no tree in memory, no entities, nothing outside the file."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import posixpath
import zipfile
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from app import gate
from app.errors import UnsupportedError, _
from app.media.reading_xml import BROKEN, feed
from app.media.text.documents.blocks import Block, Found, Kind, Run, merged, paragraph, runs_in
from app.media.text.documents.blocks_markdown import written
from app.media.text.documents.document import SOURCE_SPACE
from app.media.text.documents.docx_styles import Styles
from app.media.text.documents.docx_words import Words, bomb
from app.media.xml import RECIPE_SPACE

MOST_XML = 64 * 2**20  # bytes of the document's XML that are unpacked
MOST_FILES = 5_000
MOST_CUSTOM = 20  # parts in which a recipe is looked for
DAMAGED = _("That DOCX file is damaged or no DOCX file.")
Recipe = dict[str, Any] | str | None


def read_docx(data: bytes, most: int) -> tuple[Found, Recipe]:
    """What a DOCX file says, and the recipe that Stemma put into its own.

    A document that is nothing but paragraphs gives lines; one with headings, lists, emphasis, tables or notes gives
    Markdown. Our own gives the text that it was made from, unless somebody has changed it since.

    Raises UnsupportedError (no DOCX, damaged, with a DOCTYPE), TooLargeError (it unpacks to too much, or to more than
    `most` characters).
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MOST_FILES:
                raise bomb()
            main = _main_part(archive)
            recipe, source, markdown = _ours(archive, main, most)
            if source is not None:
                return Found(source, markdown), recipe
            return _document(archive, main, most, ours=recipe is not None, parted=markdown), recipe
    except BROKEN as error:
        raise UnsupportedError(DAMAGED) from error


def _document(archive: zipfile.ZipFile, main: str, most: int, *, ours: bool, parted: bool) -> Found:
    folder, name = posixpath.split(main)
    names = set(archive.namelist())
    styles = Styles()
    for part, start in (("styles.xml", styles.start), ("numbering.xml", styles.lists.start)):
        if (path := posixpath.join(folder, part)) in names:
            _parse(archive, path, start, _nothing, _nothing)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    links = _links(archive, relations) if relations in names else {}
    words = Words(most, styles, links)
    _parse(archive, main, words.start, words.end, words.data)
    blocks = merged(words.blocks)
    if ours and blocks and blocks[0].kind is Kind.HEADING:  # the title, which its work has
        blocks = blocks[1:]
    if words.notes:
        blocks = [*blocks, *_notes(archive, folder, names, words)]
    text, markup = written(blocks, most, parted=parted)
    return Found(text, markup, words.simplified)


def _notes(archive: zipfile.ZipFile, folder: str, names: set[str], words: Words) -> list[Block]:
    """The footnotes and endnotes that the words point to."""
    reader = Words(words.most, words.styles, {})
    for part in ("footnotes.xml", "endnotes.xml"):
        if (path := posixpath.join(folder, part)) in names:
            _parse(archive, path, reader.start, reader.end, reader.data)
    for said in reader.simplified:
        words.without(said)
    return [
        paragraph(Kind.NOTE, number, [run for block in reader.parts.get(key, []) for run in (*runs_in(block), Run("\n"))])
        for number, key in enumerate(words.notes, 1)
    ]


def _links(archive: zipfile.ZipFile, path: str) -> dict[str, str]:
    """Where the document's links lead, by the id of their relationship."""
    found = {id: target for id, target in _related(archive, path, "hyperlink") if len(target) <= 2_000}  # noqa: PLR2004 (no link is longer)
    return {id: target for id, target in found.items() if target.startswith(("http://", "https://", "mailto:"))}


def _ours(archive: zipfile.ZipFile, main: str, most: int) -> tuple[Recipe, str | None, bool]:
    """The recipe in a file of ours, the text that it was made from while its document is still the one we wrote, and whether
    that was Markdown.

    Programs keep such parts under other names.
    """
    recipe: Recipe = None
    source: dict[str, Any] = {}
    for name in [one for one in archive.namelist() if one.startswith("customXml/") and one.endswith(".xml")][:MOST_CUSTOM]:
        root, text = _root(archive, name)
        if root == f"{RECIPE_SPACE} recipe":
            recipe = gate.recipe(text)
        elif root == f"{SOURCE_SPACE} source":
            with contextlib.suppress(ValueError):
                source = json.loads(text)
    if recipe is None or not isinstance(source, dict) or not isinstance(source.get("text"), str):
        return recipe, None, False
    markdown = bool(source.get("markdown"))
    with archive.open(main) as part:
        changed = hashlib.sha256(part.read(MOST_XML)).hexdigest() != source.get("document")
    if changed or len(source["text"]) > most or gate.UNREADABLE.search(source["text"]):
        return recipe, None, markdown
    return recipe, source["text"], markdown


def _root(archive: zipfile.ZipFile, name: str) -> tuple[str, str]:
    """The name of a part's first element, and what stands in it."""
    names: list[str] = []
    said: list[str] = []
    _parse(archive, name, lambda tag, _about: names.append(tag) if not names else None, _nothing, said.append)
    return (names or [""])[0], "".join(said)


def _nothing(*_what: object) -> None:
    """What is not looked at."""


def _main_part(archive: zipfile.ZipFile) -> str:
    """The name of the document's part, as the package's relationships tell it (ECMA-376-2, 8.3)."""
    found = _related(archive, "_rels/.rels", "officeDocument")
    if not found:
        raise UnsupportedError(DAMAGED)
    return posixpath.normpath(found[0][1].lstrip("/"))


def _related(archive: zipfile.ZipFile, path: str, kind: str) -> list[tuple[str, str]]:
    """The relationships of a kind that a part tells: the id and the target of each."""
    found: list[tuple[str, str]] = []

    def start(name: str, about: dict[str, str]) -> None:
        if name.endswith(" Relationship") and about.get("Type", "").endswith(f"/{kind}"):
            found.append((about.get("Id", ""), about.get("Target", "")))

    _parse(archive, path, start, _nothing, _nothing)
    return found


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
        feed(parser, part, MOST_XML, bomb)


def _refuse_doctype(*_about: object) -> None:
    """No DOCX has a DOCTYPE (ECMA-376-2, 7.2.4); entities, inner and outer, come only by one."""
    raise UnsupportedError(_("That DOCX file declares entities, which no DOCX file may."))
