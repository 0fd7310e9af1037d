"""A text as an EPUB 3.3 book: its stanzas, and its recipe on the last page.

Written here, since the libraries that write EPUB are under the AGPL or have not been kept up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from xml.sax.saxutils import escape, quoteattr

from app.media.text.documents.document import Document, packed, xml_text

MEDIA_TYPE = "application/epub+zip"
PART = 60_000  # characters of one file of the book: readers turn the pages of small ones quicker
CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
"""
STYLE = """body { font-family: serif; line-height: 1.7; margin: 5%; }
h1 { font-size: 1.4em; font-weight: normal; margin-bottom: 1.5em; }
p { margin: 0 0 1em; white-space: pre-wrap; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.8em; }
"""


def epub_of(document: Document) -> bytes:
    """The book. The same document is the same bytes at any time."""
    parts = list(_parts(document.text))
    names = [f"text-{at}.xhtml" for at in range(1, len(parts) + 1)]
    pages = [(name, _page(document, document.title if at == 0 else "", _stanzas(part)))
             for at, (name, part) in enumerate(zip(names, parts, strict=True))]  # fmt: skip
    recipe = f"<pre>{escape(xml_text(document.recipe_json))}</pre>"
    pages.append(("recipe.xhtml", _page(document, document.words["recipe"], recipe)))
    files = [
        ("mimetype", MEDIA_TYPE),  # first, and not compressed (EPUB 3.3, OCF 4.3)
        ("META-INF/container.xml", CONTAINER),
        ("book/package.opf", _package(document, names)),
        ("book/contents.xhtml", _contents(document, names[0])),
        ("book/style.css", STYLE),
        *((f"book/{name}", page) for name, page in pages),
        ("book/recipe.json", json.dumps(document.recipe, ensure_ascii=True)),
    ]
    return packed(((name, text.encode()) for name, text in files), stored="mimetype")


def _parts(text: str) -> Iterator[list[str]]:
    """The stanzas (parted by empty lines) in files of about PART characters."""
    part, size = list[str](), 0
    for stanza in text.split("\n\n"):
        if part and size + len(stanza) > PART:
            yield part
            part, size = [], 0
        part.append(stanza)
        size += len(stanza)
    yield part


def _stanzas(stanzas: list[str]) -> str:
    said = (escape(xml_text(stanza)).replace("\n", "<br/>\n") for stanza in stanzas)
    return "\n".join(f'<p dir="auto">{stanza}</p>' for stanza in said)


def _page(document: Document, title: str, body: str, root: str = "") -> str:
    lang = quoteattr(document.language)
    heading = f'<h1 dir="auto">{escape(xml_text(title))}</h1>\n' if title else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang={lang} xml:lang={lang}>
<head><title>{escape(xml_text(document.title))}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body{root}>
{heading}{body}
</body></html>
"""


def _contents(document: Document, first: str) -> str:
    words = {name: escape(xml_text(word)) for name, word in document.words.items()}
    entries = f'<li><a href="{first}">{escape(xml_text(document.title))}</a></li>'
    entries += f'<li><a href="recipe.xhtml">{words["recipe"]}</a></li>'
    return _page(document, "", f'<nav epub:type="toc"><h1>{words["contents"]}</h1><ol>{entries}</ol></nav>')


def _package(document: Document, names: list[str]) -> str:
    moment = document.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    xhtml = 'media-type="application/xhtml+xml"'
    items = "".join(f'<item id="t{at}" href="{name}" {xhtml}/>' for at, name in enumerate(names))
    order = "".join(f'<itemref idref="t{at}"/>' for at in range(len(names)))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang={quoteattr(document.language)}>
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{document.id}</dc:identifier>
<dc:title>{escape(xml_text(document.title))}</dc:title>
<dc:language>{escape(document.language)}</dc:language>
<dc:creator>{escape(xml_text(document.author))}</dc:creator>
<dc:date>{moment}</dc:date>
<meta property="dcterms:modified">{moment}</meta>
</metadata>
<manifest><item id="nav" href="contents.xhtml" properties="nav" {xhtml}/>{items}
<item id="recipe" href="recipe.xhtml" {xhtml}/><item id="style" href="style.css" media-type="text/css"/>
<item id="data" href="recipe.json" media-type="application/json"/></manifest>
<spine>{order}<itemref idref="recipe"/></spine>
</package>
"""
