"""A web page as text: read by libxml2 as a stream, so that no tree lies in memory; nothing outside the file is fetched."""

from __future__ import annotations

import codecs
import re

from app.errors import UnsupportedError, _
from app.media.text.documents.blocks import Found
from app.media.text.documents.blocks_markdown import written
from app.media.text.documents.encodings import KNOWN, decoded_as, text_of
from app.media.text.documents.html_words import Words

MOST_HTML = 32 * 2**20  # bytes
CHUNK = 2**18  # characters that the parser is given at once
HEAD = 1_024  # bytes in which a page says its encoding (HTML, 13.2.3.2)
SAID = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
# The encodings that browsers take instead of the one that is said (WHATWG Encoding, 4.2), by Python's names.
INSTEAD = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "tis_620": "cp874", "gb2312": "gb18030",
           "gbk": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932", "euc_kr": "cp949"}  # fmt: skip
PAGES = ("cp125", "cp866", "cp874", "iso8859", "koi8", "mac")
ESCAPING = {"iso2022_jp"}  # bytes of ASCII, and so of UTF-8, that mean other letters
NO_PAGE = _("That is no web page Stemma can read: it has no words.")


def read_html(data: bytes, most: int) -> tuple[Found, str]:
    """What a page says, and in which encoding; as Markdown where it has a structure, with what was left out of it.

    Raises UnsupportedError (no words, no known encoding) and TooLargeError (more than `most` characters, too many tags).
    """
    from lxml import etree

    page, encoding = page_of(data)
    words = Words(most)
    parser = etree.HTMLParser(target=words, huge_tree=True)
    try:
        for at in range(0, len(page), CHUNK):
            parser.feed(page[at : at + CHUNK])
        blocks = parser.close()
    except (etree.LxmlError, AssertionError, UnicodeEncodeError) as error:  # nothing in it, or half characters
        raise UnsupportedError(NO_PAGE) from error
    text, markup = written(blocks, most)
    return Found(text, markup, words.simplified), encoding


def page_of(data: bytes) -> tuple[str, str]:
    """What its bytes say, and in which encoding: by their mark, as UTF-8, as the page itself says where that gives a text,
    or by guess.

    Raises UnsupportedError.
    """
    said = SAID.search(data[:HEAD])
    name = _codec(said[1].decode("ascii")) if said else ""
    if name and b"\0" not in data and not data.startswith(codecs.BOM_UTF8):
        as_utf8, as_said = decoded_as(data, "utf-8"), decoded_as(data, name)
        if as_said is not None and (as_utf8 is None or name in ESCAPING):
            return as_said, name
    return text_of(data)


def _codec(said: str) -> str:
    """The encoding that a page's word for it stands for; empty for one that no page is in."""
    try:
        name = codecs.lookup(said.lower()).name
    except LookupError:
        return ""
    name = INSTEAD.get(name, name)
    return name if name in {*KNOWN.values(), *ESCAPING} or name.startswith(PAGES) else ""
