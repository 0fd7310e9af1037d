"""A text as DOCX (ECMA-376): a paragraph a line, its recipe in a part of its own and in the properties."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import UTC
from xml.sax.saxutils import escape

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import qn
from docx.shared import Pt

from app.media.text.documents.document import SOURCE_SPACE, Document, from_right, packed, xml_text
from app.media.xml import RECIPE_SPACE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
RECIPE = "/customXml/stemma.xml"  # a custom XML part (ECMA-376-1, 15.2.5): programs keep it, and show nothing of it
SOURCE = "/customXml/stemma-source.xml"  # the text that the document was made from, and of which document that is
MAIN = "word/document.xml"
HERE = "57E44A00"  # marks the place of the text (ST_LongHexNumber)
_TOLD = 255  # characters that a core property holds


def docx_of(document: Document) -> bytes:
    """The text with its title above it. The same document is the same bytes at any time."""
    file = docx.Document()
    normal = file.styles["Normal"]
    normal.font.name, normal.font.size = "Georgia", Pt(12)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "SimSun")
    normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing = 1.5
    _about(file, document)
    file.add_heading(xml_text(document.title), 0)
    file.element.body.add_p().set(qn("w:rsidR"), HERE)
    said = f'<recipe xmlns="{RECIPE_SPACE}">{escape(xml_text(document.recipe_json))}</recipe>'
    for name, xml in ((RECIPE, said), (SOURCE, "<source/>")):
        part = Part(PackURI(name), "application/xml", xml.encode(), file.part.package)
        file.part.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_XML)
    saved = io.BytesIO()
    file.save(saved)
    with zipfile.ZipFile(saved) as archive:
        parts = {name: _filled(archive.read(name), document.text) for name in archive.namelist()}
    parts[SOURCE.lstrip("/")] = _source(document, parts[MAIN])
    return packed(parts.items())


def _source(document: Document, written: bytes) -> bytes:
    """The text itself, and of which bytes of the document it is the source: who changes these changes the text."""
    about = {"document": hashlib.sha256(written).hexdigest(), "markdown": document.markdown, "text": document.text}
    return f'<source xmlns="{SOURCE_SPACE}">{escape(json.dumps(about))}</source>'.encode()


def _filled(part: bytes, text: str) -> bytes:
    """A part of the file with the lines of `text` where HERE stands: as a tree of elements a long text would take gigabytes."""
    before, here, after = part.partition(f'<w:p w:rsidR="{HERE}"/>'.encode())
    if not here:
        return part
    out = io.BytesIO(before)
    out.seek(0, io.SEEK_END)
    out.writelines(_paragraph(line).encode() for line in text.split("\n"))
    out.write(after)
    return out.getvalue()


def _about(file: docx.document.Document, document: Document) -> None:
    properties = file.core_properties
    properties.title = xml_text(document.title)[:_TOLD]
    properties.author = xml_text(document.author)[:_TOLD]
    properties.language = document.language
    properties.identifier = f"urn:uuid:{document.id}"
    properties.comments = f"Stemma · {document.words['recipe']}: {RECIPE}"
    properties.created = properties.modified = document.created.astimezone(UTC).replace(tzinfo=None)
    properties.last_modified_by = "Stemma"


def _paragraph(line: str) -> str:
    if not line:
        return "<w:p/>"
    right = from_right(line)
    runs = "<w:tab/>".join(_words(part) for part in xml_text(line).split("\t"))
    about = "<w:pPr><w:bidi/></w:pPr>" if right else ""
    return f"<w:p>{about}<w:r>{'<w:rPr><w:rtl/></w:rPr>' if right else ''}{runs}</w:r></w:p>"


def _words(part: str) -> str:
    """Text between two tabs."""
    return f'<w:t xml:space="preserve">{escape(part)}</w:t>' if part else ""
