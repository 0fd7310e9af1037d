"""A file on its way in: plain text and Markdown in the encodings that people have, DOCX through `reading_docx`."""

from __future__ import annotations

import codecs
import re
from typing import Literal, NamedTuple

from app.bounded import MB, Data, bounded, content, size
from app.errors import TooLargeError, UnsupportedError, _
from app.media.text.documents.reading_docx import text_of_docx

Kind = Literal["txt", "md", "docx"]
KINDS: dict[str, Kind] = {"txt": "txt", "text": "txt", "md": "md", "markdown": "md", "docx": "docx"}
_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
          (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"))  # fmt: skip
_ASCII, _NO_HAN = re.compile(r"[\x00-\x7f]+"), re.compile("[^\u4e00-\u9fff]+")
WIDEST = 8  # bytes that one character takes at most: a line end of two characters in UTF-32
FEW = 256 * 1024  # bytes that are decoded at once
TOO_MUCH = _("This text needs too much time or memory to be read. Save it as plain text in UTF-8, or in parts.")
COMMON = 0.8  # of the letters that are not ASCII: so many must be common Chinese for GB 18030 to be believed


class Read(NamedTuple):
    """What a file says, and how it was read."""

    text: str
    kind: Kind
    encoding: str | None  # of a DOCX: none


@bounded(30, 400 * MB, TOO_MUCH, small=lambda name, data, _most: ending(name) != "docx" and size(data) <= FEW)
def read(name: str, data: Data, most: int) -> Read:
    """The text of a file called `name`, of at most `most` characters.

    Raises UnsupportedError (another kind of file, an encoding that is not known) and TooLargeError.
    """
    kind = KINDS.get(ending(name))
    if kind is None:
        raise UnsupportedError(_("That is not a text Stemma can read (.txt, .md or .docx)."))
    if kind == "docx":
        return Read(text_of_docx(content(data), most), kind, None)
    text, encoding = _decoded(data, most)
    return Read(text, kind, encoding)


def ending(name: str) -> str:
    """What a file's name ends with, after its last dot."""
    _stem, dot, last = name.rpartition(".")
    return last.lower() if dot else ""


@bounded(10, 300 * MB, TOO_MUCH, small=lambda data, _most: size(data) <= FEW)
def decoded(data: Data, most: int) -> tuple[str, str]:
    """What the bytes of a plain text say, and in which encoding.

    Raises TooLargeError for so many bytes that they must be more than `most` characters, and as `encoding_of` does.
    """
    return _decoded(data, most)


def _decoded(data: Data, most: int) -> tuple[str, str]:
    if size(data) > WIDEST * most + WIDEST:
        raise TooLargeError(_("A text has at most %(most)d characters."), most=most)
    given = content(data)
    encoding = encoding_of(given)
    return given.decode(encoding), encoding


def encoding_of(data: bytes) -> str:
    """How the bytes are to be read: by their mark, as UTF-8, or as GB 18030 when that gives Chinese.

    Raises UnsupportedError for anything else.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _sure(data, encoding)
    if b"\0" in data:  # a picture, an archive, or UTF-16 that does not say so
        raise UnsupportedError(_("That file is not plain text: save it as UTF-8 and bring it again."))
    try:
        return _sure(data, "utf-8")
    except UnsupportedError:
        if not _chinese(data):
            raise
        return "gb18030"


def _sure(data: bytes, encoding: str) -> str:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        said = _("The encoding of that file is not known (UTF-8, UTF-16 with its mark, or GB 18030): save it as UTF-8.")
        raise UnsupportedError(said) from error
    return encoding


def _chinese(data: bytes) -> bool:
    """True when GB 18030 reads the bytes as text in which common Chinese (GB 2312) is most of what is not ASCII."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    others = _ASCII.sub("", text)
    common = others.encode("gb2312", "ignore").decode("gb2312")
    han = len(_NO_HAN.sub("", common))
    return bool(others) and len(common) >= COMMON * len(others) and 2 * han >= len(others)
