"""A text on its way out: what every kind of file is made from."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.media.xml import NO_XML

SOURCE_SPACE = "urn:stemma:source"  # the XML namespace of the text that a document was made from
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP can tell


@dataclass(frozen=True, slots=True)
class Document:
    """A revision of a text with its recipe. `words` are headings in the text's language: text, recipe, contents."""

    id: UUID
    title: str
    author: str
    language: str  # a language tag (BCP 47)
    created: datetime
    text: str
    recipe: Mapping[str, Any]
    words: Mapping[str, str]
    markdown: bool = False  # its text is Markdown source, since it came from a Markdown file

    @property
    def recipe_json(self) -> str:
        """The recipe for a reader."""
        return json.dumps(self.recipe, ensure_ascii=False, indent=2)


def xml_text(text: str) -> str:
    """The text as XML may carry it: what XML has no way to write (U+FFFE, U+FFFF) becomes the replacement character."""
    return NO_XML.sub("\ufffd", text)


def from_right(line: str) -> bool:
    """True for a line whose first letter is written from right to left (Unicode Bidirectional Algorithm, P2 and P3)."""
    strong = (way for way in map(unicodedata.bidirectional, line) if way in {"L", "R", "AL"})
    return next(strong, "L") != "L"


def packed(files: Iterable[tuple[str, bytes]], stored: str = "") -> bytes:
    """A ZIP of the files in their order: the same files are the same bytes at any time. `stored` is not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()
