"""A text as DOCX (ECMA-376): a paragraph a line, or what its Markdown says; its recipe in a part of its own and told in the
properties.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import UTC
from xml.sax.saxutils import escape, quoteattr

import docx
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import qn
from docx.shared import Pt

from app.media.text.documents.document import SOURCE_SPACE, Document, from_right, packed, xml_text
from app.media.text.documents.docx_body import Body
from app.media.text.documents.markup import parsed
from app.media.xml import RECIPE_SPACE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
RECIPE = "/customXml/stemma.xml"  # a custom XML part (ECMA-376-1, 15.2.5): programs keep it, and show nothing of it
SOURCE = "/customXml/stemma-source.xml"  # the text that the document was made from, and of which document that is
MAIN = "word/document.xml"
HERE = "57E44A00"  # marks the place of the text (ST_LongHexNumber)
HERE_AS = f'<w:p w:rsidR="{HERE}"/>'.encode()
NOTES, RELATED, NOTES_RELATED = "footnotes.xml", "word/_rels/document.xml.rels", "word/_rels/footnotes.xml.rels"
NO_RELATIONS = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
NOTES_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:footnotes '
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<w:footnote w:type="separator" w:id="0"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
    '<w:footnote w:type="continuationSeparator" w:id="1"><w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>'
)
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
        parts = {name: archive.read(name) for name in archive.namelist()}
    _fill(parts, document)
    parts[SOURCE.lstrip("/")] = _source(document, parts[MAIN])
    return packed(parts.items())


def _source(document: Document, written: bytes) -> bytes:
    """The text itself, and of which bytes of the document it is the source: who changes these changes the text."""
    about = {"document": hashlib.sha256(written).hexdigest(), "markdown": document.markdown, "text": document.text}
    return f'<source xmlns="{SOURCE_SPACE}">{escape(json.dumps(about))}</source>'.encode()


def _fill(parts: dict[str, bytes], document: Document) -> None:
    """The parts of the file with the text in them. As a tree of elements a long text would take gigabytes."""
    markup = parsed(xml_text(document.text)) if document.markdown else None
    if markup is None:
        parts[MAIN] = _put(parts[MAIN], HERE_AS, map(_paragraph, document.text.split("\n")))
        return
    body = Body()
    parts[MAIN] = _put(parts[MAIN], HERE_AS, body.paragraphs(markup.tokens))
    if markup.notes:
        notes = "".join((NOTES_HEAD, *body.notes(markup), "</w:footnotes>"))
        parts[f"word/{NOTES}"] = notes.encode()
        part = f'<Override PartName="/word/{NOTES}" ContentType="{CONTENT_TYPE.WML_FOOTNOTES}"/></Types>'
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", part.encode())
    related = [f'<Relationship Id="rNotes" Type="{RELATIONSHIP_TYPE.FOOTNOTES}" Target="{NOTES}"/>'] if markup.notes else []
    related += [
        f'<Relationship Id="{id}" Type="{RELATIONSHIP_TYPE.HYPERLINK}" Target={quoteattr(target)} TargetMode="External"/>'
        for target, id in body.links.items()
    ]
    for name in (RELATED, NOTES_RELATED)[: 1 + bool(markup.notes and body.links)]:
        there = parts.get(name, NO_RELATIONS)
        parts[name] = there.replace(b"</Relationships>", "".join((*related, "</Relationships>")).encode())
        related = [one for one in related if "rNotes" not in one]
    kinds, lists = body.numbering()
    numbering = parts["word/numbering.xml"].replace(b"</w:numbering>", f"{lists}</w:numbering>".encode())
    parts["word/numbering.xml"] = numbering.replace(b"<w:num ", f"{kinds}<w:num ".encode(), 1)


def _put(part: bytes, place: bytes, written: Iterable[str]) -> bytes:
    """A part with what is written instead of a place in it."""
    before, _here, after = part.partition(place)
    out = io.BytesIO(before)
    out.seek(0, io.SEEK_END)
    out.writelines(one.encode() for one in written)
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
