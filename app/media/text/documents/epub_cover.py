"""The cover of a book: its title and who wrote it, as a drawing (SVG)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from xml.sax.saxutils import escape

from app.media.text.documents.document import Document, from_right, xml_text

WIDTH, HEIGHT = 1_200, 1_800
MOST_LINES = 7
SIZES = ((110, 18), (84, 24), (64, 32))  # of the title's letters, and how many halves of a wide letter go on a line


def cover(document: Document) -> str:
    """The drawing. A long title is set smaller, and ends with an ellipsis where even that is too long."""
    title, author = (" ".join(xml_text(said).split()) for said in (document.title, document.author))
    size, lines = next(
        ((size, lines) for size, most in SIZES if len(lines := list(_lines(title, most))) <= MOST_LINES),
        (SIZES[-1][0], [*list(_lines(title, SIZES[-1][1]))[: MOST_LINES - 1], "…"]),
    )
    top = 520
    said = [_text(line, top + at * size * 1.35, size) for at, line in enumerate(lines)]
    if author:
        said.append(_text(author if len(author) <= 40 else author[:39] + "…", HEIGHT - 240, 48))  # noqa: PLR2004 (fits a line)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#f6f1e7"/>\n'
        f'<rect x="60" y="60" width="{WIDTH - 120}" height="{HEIGHT - 120}" fill="none" stroke="#2b2622" stroke-width="3"/>\n'
        f"{''.join(said)}</svg>\n"
    )


def _text(line: str, y: float, size: int) -> str:
    way = ' direction="rtl"' if from_right(line) else ""
    return (
        f'<text x="{WIDTH // 2}" y="{y:.0f}" font-size="{size}" font-family="serif" fill="#2b2622" text-anchor="middle"{way}>'
        f"{escape(line)}</text>\n"
    )


def _lines(title: str, most: int) -> Iterator[str]:
    """The title in lines of at most so many halves of a wide letter, broken between words where there are any."""
    line, width = "", 0
    for word in _words(title):
        wide = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in word)
        if line and width + wide > most:
            yield line.rstrip()
            line, width = "", 0
        line, width = line + word, width + wide
    if line.strip():
        yield line.rstrip()


def _words(title: str) -> Iterator[str]:
    """What no line breaks: words with the space after them, and every wide letter by itself; long words in parts."""
    word = ""
    for sign in title:
        word += sign
        if sign == " " or unicodedata.east_asian_width(sign) in "WF" or len(word) >= SIZES[0][1]:
            yield word
            word = ""
    yield word
