"""The pages of a book: a text in its chapters, or a stanza a paragraph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from app.media.text.documents.document import Document, xml_text
from app.media.text.documents.markup import NOTE, Markup, parsed, shown

if TYPE_CHECKING:
    from markdown_it.token import Token

PART = 60_000  # characters of one file of the book: readers turn the pages of small ones quicker


@dataclass(slots=True)
class Page:
    """A file of the book."""

    body: str
    headings: list[tuple[int, str, str]] = field(default_factory=list)  # level, words, and the id that it stands under


def pages(document: Document) -> list[Page]:
    """The text as pages; of one in Markdown each chapter begins a page. The first says the title, unless the text does."""
    title = xml_text(document.title)
    markup = parsed(xml_text(document.text)) if document.markdown else None
    found = list(_chapters(markup)) if markup else [Page(_stanzas(part)) for part in _parts(document.text)]
    first = found[0].headings[0] if found[0].headings else (0, "", "")
    if first[1] != title or not found[0].body.startswith(f"<h{first[0]} "):
        found[0].body = f'<h1 class="title" dir="auto">{escape(title)}</h1>\n{found[0].body}'
    return found


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
    """A line end within the tag: space is kept in these paragraphs, and a second one would be an empty line."""
    said = (escape(xml_text(stanza)).replace("\n", "<br\n/>") for stanza in stanzas)
    return "\n".join(f'<p dir="auto">{stanza}</p>' for stanza in said)


def _chapters(markup: Markup) -> Iterator[Page]:
    """A page from each heading of the highest level to the next; long ones in several. Notes stand where they are called."""
    renderer = _Renderer(markup)
    levels = [int(token.tag[1:]) for token in markup.tokens if token.type == "heading_open" and not token.level]
    highest = min(levels, default=0)
    page: list[Token] = []
    size = 0
    for block in _blocks(markup.tokens):
        begins = block[0].type == "heading_open" and block[0].tag == f"h{highest}"
        if page and (begins or size > PART):
            yield renderer.page(page)
            page, size = [], 0
        page += block
        size += sum(len(token.content) for token in block)
    yield renderer.page(page)


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """What stands by itself: a paragraph, a heading, a whole list."""
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield block
            block = []


class _Renderer:
    """Writes XHTML; headings are numbered through the book, so that the contents find them."""

    def __init__(self, markup: Markup) -> None:
        from markdown_it import MarkdownIt
        from markdown_it.renderer import RendererHTML

        self.markup, self.count = markup, 0
        self.html = RendererHTML()
        own: dict[str, Any] = {NOTE: self._pointed, "hardbreak": lambda *_about: "<br\n/>"}
        self.html.rules |= own
        self.options = MarkdownIt("commonmark", {"html": False}).options  # it writes XHTML
        self.called: list[int] = []  # the notes of the page that is written

    def page(self, tokens: Sequence[Token]) -> Page:
        """The page of some blocks, with the notes that it calls."""
        headings = []
        for at, token in enumerate(tokens):
            if token.type in {"heading_open", "paragraph_open", "th_open", "td_open"}:
                token.attrSet("dir", "auto")
            if token.type == "heading_open":
                self.count += 1
                token.attrSet("id", f"h{self.count}")
                words = shown(tokens[at + 1].children or ())
                headings.append((int(token.tag[1:]), words, f"h{self.count}"))
        self.called = []
        body = self.html.render(tokens, self.options, {}).strip() or '<p dir="auto"></p>'
        notes = [self._note(number) for number in self.called]
        return Page("\n".join([body, *notes]), headings)

    def _pointed(self, tokens: Sequence[Token], at: int, *_about: object) -> str:
        number = tokens[at].meta["number"]
        first = number not in self.called
        if first:
            self.called.append(number)
        id = f' id="back-{number}"' if first else ""
        return f'<a epub:type="noteref" role="doc-noteref" href="#note-{number}"{id}><sup>{number}</sup></a>'

    def _note(self, number: int) -> str:
        said = self.html.render(self.markup.notes[number - 1], self.options, {})
        return f'<aside epub:type="footnote" role="doc-footnote" id="note-{number}">\n{said}</aside>'
