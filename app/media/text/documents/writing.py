"""A text as a file, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from app.bounded import MB, bounded
from app.errors import _
from app.media.text.documents import docx, epub
from app.media.text.documents import markdown as md
from app.media.text.documents.document import Document

Kind = Literal["md", "docx", "epub"]
WRITERS: Mapping[str, tuple[Callable[[Document], bytes], str]] = {
    "md": (md.markdown, md.MEDIA_TYPE),
    "docx": (docx.docx_of, docx.MEDIA_TYPE),
    "epub": (epub.epub_of, epub.MEDIA_TYPE),
}
SMALL = 50_000  # code points of lines that are written at once: at most some hundredths of a second
SMALL_MARKUP = 5_000  # … and of Markdown, which is read first
TOO_MUCH = _("This text needs too much time or memory to be written as such a file. Take it as plain text (.txt).")


@bounded(30, 600 * MB, TOO_MUCH, output=256 * MB, needs=("docx", "markdown_it"))
def write(document: Document, kind: Kind, to: Path) -> None:
    """Write a text as the file `to`."""
    to.write_bytes(WRITERS[kind][0](document))


def is_small(document: Document) -> bool:
    """Whether it is written at once."""
    return len(document.text) <= (SMALL_MARKUP if document.markdown else SMALL)
