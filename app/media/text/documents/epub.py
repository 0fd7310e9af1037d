"""A text as an EPUB 3.3 book: a cover, its chapters or stanzas, and its recipe as a record that goes with it.

Written here, since the libraries that write EPUB are under the AGPL or have not been kept up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from xml.sax.saxutils import escape, quoteattr

from app.media.text.documents.document import Document, packed, xml_text
from app.media.text.documents.epub_cover import cover
from app.media.text.documents.epub_pages import Page, pages

MEDIA_TYPE = "application/epub+zip"
RECIPE = "recipe.json"
CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
"""
STYLE = """body { font-family: serif; line-height: 1.7; margin: 5%; }
h1 { font-size: 1.4em; font-weight: normal; margin-bottom: 1.5em; }
h2, h3, h4, h5, h6 { font-weight: normal; margin: 1.5em 0 0.8em; }
blockquote { margin: 0 0 1em 1.5em; }
table { border-collapse: collapse; margin-bottom: 1em; }
th, td { border: 1px solid; padding: 0.2em 0.6em; }
aside { font-size: 0.85em; }
p { margin: 0 0 1em; white-space: pre-wrap; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.8em; }
"""


def epub_of(document: Document) -> bytes:
    """The book. The same document is the same bytes at any time."""
    parts = pages(document)
    names = [f"text-{at}.xhtml" for at in range(1, len(parts) + 1)]
    files = [
        ("mimetype", MEDIA_TYPE),  # first, and not compressed (EPUB 3.3, OCF 4.3)
        ("META-INF/container.xml", CONTAINER),
        ("book/package.opf", _package(document, names)),
        ("book/contents.xhtml", _contents(document, list(zip(names, parts, strict=True)))),
        ("book/style.css", STYLE),
        ("book/cover.svg", cover(document)),
        *((f"book/{name}", _page(document, part.body)) for name, part in zip(names, parts, strict=True)),
        (f"book/{RECIPE}", json.dumps(document.recipe, ensure_ascii=True)),
    ]
    return packed(((name, text.encode()) for name, text in files), stored="mimetype")


def _page(document: Document, body: str) -> str:
    lang = quoteattr(document.language)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang={lang} xml:lang={lang}>
<head><title>{escape(xml_text(document.title)) or "—"}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>
{body}
</body></html>
"""


def _contents(document: Document, parts: Sequence[tuple[str, Page]]) -> str:
    """The chapters with what is under them; of a text without headings its title."""
    entries = [(level, words, f"{name}#{id}") for name, page in parts for level, words, id in page.headings if words]
    if not entries or not parts[0][1].headings:
        highest = min((level for level, _words, _to in entries), default=1)
        entries.insert(0, (highest, document.title, parts[0][0]))
    heading = f"<h1>{escape(document.words['contents'])}</h1>"
    return _page(document, f'<nav epub:type="toc">{heading}{_listed(entries)}</nav>')


def _listed(entries: Sequence[tuple[int, str, str]]) -> str:
    """Entries (level, words, address), each with the deeper ones that follow it."""
    out, at = ["<ol>"], 0
    while at < len(entries):
        level, words, to = entries[at]
        end = next((place for place in range(at + 1, len(entries)) if entries[place][0] <= level), len(entries))
        below = _listed(entries[at + 1 : end]) if end > at + 1 else ""
        out.append(f'<li><a href="{to}">{escape(xml_text(words)) or "—"}</a>{below}</li>')
        at = end
    return "".join([*out, "</ol>"])


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
<link rel="record" href="{RECIPE}" media-type="application/json"/>
</metadata>
<manifest><item id="nav" href="contents.xhtml" properties="nav" {xhtml}/>{items}
<item id="style" href="style.css" media-type="text/css"/>
<item id="cover" href="cover.svg" properties="cover-image" media-type="image/svg+xml"/></manifest>
<spine>{order}</spine>
</package>
"""
