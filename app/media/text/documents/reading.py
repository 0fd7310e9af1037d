"""A file on its way in: plain text and Markdown in the encodings that people have, DOCX and web pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from app.bounded import MB, Data, bounded, content, size
from app.errors import UnsupportedError, _
from app.gate import windows
from app.media.text.documents.encodings import others, text_of
from app.media.text.documents.markdown import FRONT, read_markdown
from app.media.text.documents.reading_docx import read_docx
from app.media.text.documents.reading_html import MOST_HTML, read_html
from app.media.text.rules import too_long

Kind = Literal["txt", "md", "docx", "html"]
KINDS: dict[str, Kind] = {"txt": "txt", "text": "txt", "md": "md", "markdown": "md", "docx": "docx", "html": "html",
                          "htm": "html", "xhtml": "html"}  # fmt: skip
PLAIN = {"txt", "md"}  # read at once where they are small; all others unpack or parse
WIDEST = 8  # bytes that one character takes at most: a line end of two characters in UTF-32
FEW = 256 * 1024  # bytes that are decoded at once
_LINE_ENDS = re.compile("[\r\x0b\x0c\x1c-\x1e\x85]")  # as Unicode 5.8 names them, and the separators of ASCII
TOO_MUCH = _("This text needs too much time or memory to be read. Save it as plain text in UTF-8, or in parts.")


class Read(NamedTuple):
    """What a file says, and how it was read."""

    text: str
    kind: Kind
    encoding: str | None  # of a DOCX: none
    markup: bool = False  # the text is Markdown
    simplified: Sequence[str] = ()  # what was left out or made simpler (message ids)
    recipe: dict[str, Any] | str | None = None  # that Stemma put into its own files
    front: str = ""  # what stood in front of a Markdown text of somebody else
    others: Sequence[str] = ()  # encodings that may have been meant as well, where the one is a guess


@bounded(
    30,
    400 * MB,
    TOO_MUCH,
    small=lambda name, data, _most: KINDS.get(ending(name)) in PLAIN and size(data) <= FEW,
    needs=("lxml.etree",),
)
def read(name: str, data: Data, most: int) -> Read:
    """The text of a file called `name`, of at most `most` characters.

    Raises UnsupportedError (another kind of file, an encoding that is not known) and TooLargeError.
    """
    kind = KINDS.get(ending(name))
    if kind is None:
        raise UnsupportedError(_("That is not a text Stemma can read (.txt, .md, .docx or .html)."))
    if kind == "docx":
        found, recipe = read_docx(content(data), most)
        return Read(found.text, kind, None, found.markup, found.simplified, recipe)
    if kind == "html":
        if size(data) > MOST_HTML:
            raise too_long(most)
        page, encoding = read_html(content(data), most)
        return Read(lines(page.text), kind, encoding, page.markup, page.simplified)
    text, encoding = _decoded(data, most)
    may_be = others(content(data), encoding)
    if kind == "txt":
        return Read(text, kind, encoding, others=may_be)
    said = read_markdown(text)
    told = (FRONT,) if said.front else ()
    return Read(said.text, kind, encoding, said.markup, told, said.recipe, said.front, may_be)


def ending(name: str) -> str:
    """What a file's name ends with, after its last dot."""
    _stem, dot, last = name.rpartition(".")
    return last.lower() if dot else ""


@bounded(10, 300 * MB, TOO_MUCH, small=lambda data, _most: size(data) <= FEW)
def decoded(data: Data, most: int) -> tuple[str, str]:
    """What the bytes of a plain text say, and in which encoding.

    Raises TooLargeError for so many bytes that they must be more than `most` characters, and as `text_of` does.
    """
    return _decoded(data, most)


def _decoded(data: Data, most: int) -> tuple[str, str]:
    if size(data) > WIDEST * most + WIDEST:
        raise too_long(most)
    text, encoding = text_of(content(data))
    return lines(text), encoding


def lines(text: str) -> str:
    """`text` with the line and page ends of old editors as line ends, without the Ctrl-Z that closed a file of DOS.

    In a text that says to be UTF-8, C1 control characters are letters of Windows-1252 that somebody took for Latin-1
    (HTML, 13.2.5.80 does the same).
    """
    text = text.replace("\r\n", "\n").removesuffix("\x1a")
    text = _LINE_ENDS.sub("\n", text)
    return windows(text)
