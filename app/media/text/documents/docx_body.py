"""The paragraphs of a DOCX from a text in Markdown: headings, emphasis, lists, quotations, tables, links, notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from app.media.text.documents.document import from_right, xml_text
from app.media.text.documents.markup import NOTE, Markup

if TYPE_CHECKING:
    from markdown_it.token import Token

BULLETS, NUMBERS = 90, 91  # the two kinds of lists among the abstract ones (numbering.xml)
FIRST_LIST = 100  # the number of the first list; a list of numbers has one of its own, so that it begins anew
MOST_LISTS = 2_000
LEVELS = 9  # of a list (ECMA-376-1, 17.9.6)
FIRST_NOTE = 2  # 0 and 1 are the lines above notes
LINK = "rLink"  # begins the id of a link's relationship
MONOSPACE = '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/>'


@dataclass(slots=True)
class Body:
    """Writes paragraphs; what it used on its way goes into the other parts of the file."""

    links: dict[str, str] = field(default_factory=dict)  # targets, and the ids of their relationships
    starts: list[int | None] = field(default_factory=list)  # of every list: its first number; None: bullets
    lists: list[int] = field(default_factory=list)  # the lists that are open
    fresh: bool = False  # an item has begun that has no paragraph yet
    quoted: int = 0
    level: int = 0  # of the heading that has begun

    def paragraphs(self, tokens: Sequence[Token]) -> Iterator[str]:
        """The XML of what the tokens say."""
        for token in tokens:
            if token.type == "inline":
                yield self._paragraph(token.children or [])
            elif token.type in {"fence", "code_block"}:
                for line in token.content.removesuffix("\n").split("\n"):
                    yield f"<w:p>{self._about() if self.lists else PROGRAM}{_run(line, MONOSPACE)}</w:p>"
            elif token.type == "hr":
                yield f"<w:p>{self._about(RULE)}</w:p>"
            else:
                yield self._turn(token)

    def _turn(self, token: Token) -> str:
        """What begins or ends; of tables the tags."""
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            start = int(token.attrGet("start") or 1) if token.type.startswith("o") else None
            if len(self.starts) < MOST_LISTS:
                self.starts.append(start)
            self.lists.append(FIRST_LIST + len(self.starts) - 1)
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            self.lists.pop()
        elif token.type in {"list_item_open", "list_item_close"}:
            self.fresh = token.type.endswith("open")
        elif token.type == "blockquote_open":
            self.quoted += 1
        elif token.type == "blockquote_close":
            self.quoted -= 1
        elif token.type == "heading_open":
            self.level = int(token.tag[1:])
        elif token.type == "heading_close":
            self.level = 0
        return TABLES.get(token.type, "")

    def _paragraph(self, words: Sequence[Token], style: str = "") -> str:
        right = from_right("".join(token.content for token in words))
        return f"<w:p>{self._about(style, right=right)}{''.join(self.runs(words, right=right))}</w:p>"

    def _about(self, style: str = "", *, right: bool = False) -> str:
        """The properties of a paragraph, in the order of the schema (17.3.1.26)."""
        said = f'<w:pStyle w:val="Heading{self.level}"/>' if self.level else ""
        after = ""
        if self.lists and not self.level:
            level = min(LEVELS, len(self.lists)) - 1
            if self.fresh:
                said = '<w:pStyle w:val="ListParagraph"/>'
                said += f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{self.lists[-1]}"/></w:numPr>'
            else:
                said, after = '<w:pStyle w:val="ListContinue"/>', f'<w:ind w:left="{720 * (level + 1)}"/>'
            self.fresh = False
        elif self.quoted and not self.level:
            said, after = '<w:pStyle w:val="Quote"/>', f'<w:ind w:left="{720 * min(LEVELS, self.quoted)}"/>'
        said += style + ("<w:bidi/>" if right else "") + after
        return f"<w:pPr>{said}</w:pPr>" if said else ""

    def runs(self, words: Sequence[Token], *, right: bool = False) -> Iterator[str]:
        """The XML of words with their looks."""
        bold = italic = 0
        linked = False
        for token in words:
            if token.type in {"strong_open", "strong_close"}:
                bold += 1 if token.type.endswith("open") else -1
            elif token.type in {"em_open", "em_close"}:
                italic += 1 if token.type.endswith("open") else -1
            elif token.type == "link_open":
                target = xml_text(str(token.attrs["href"]))
                yield f'<w:hyperlink r:id="{self.links.setdefault(target, f"{LINK}{len(self.links) + 1}")}">'
                linked = True
            elif token.type == "link_close":
                yield "</w:hyperlink>"
                linked = False
            elif token.type == "hardbreak":
                yield "<w:r><w:br/></w:r>"
            elif token.type == NOTE:
                number = FIRST_NOTE + token.meta["number"] - 1
                yield f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="{number}"/></w:r>'
            elif token.content:
                looks = (MONOSPACE if token.type == "code_inline" else "") + "<w:b/><w:bCs/>" * bool(bold)
                looks += "<w:i/><w:iCs/>" * bool(italic) + BLUE * linked + "<w:rtl/>" * right
                yield _run(token.content, looks)

    def notes(self, markup: Markup) -> Iterator[str]:
        """The XML of the notes."""
        for number, tokens in enumerate(markup.notes, FIRST_NOTE):
            said = "".join(self.paragraphs(tokens)) or "<w:p></w:p>"
            head = "<w:p><w:pPr>" if said.startswith("<w:p><w:pPr>") else "<w:p>"
            about = said[: said.index("</w:pPr>") + 8] if head != "<w:p>" else head
            yield f'<w:footnote w:id="{number}">{about}{ITS_NUMBER}{said[len(about) :]}</w:footnote>'

    def numbering(self) -> tuple[str, str]:
        """The kinds of lists, and the lists (numbering.xml)."""
        kinds = f'<w:abstractNum w:abstractNumId="{BULLETS}"><w:multiLevelType w:val="hybridMultilevel"/>'
        kinds += "".join(_level(level, "bullet", "•◦▪"[level % 3]) for level in range(LEVELS)) + "</w:abstractNum>"
        kinds += f'<w:abstractNum w:abstractNumId="{NUMBERS}"><w:multiLevelType w:val="multilevel"/>'
        kinds += "".join(_level(level, "decimal", f"%{level + 1}.") for level in range(LEVELS)) + "</w:abstractNum>"
        lists = []
        for number, start in enumerate(self.starts, FIRST_LIST):
            kind = BULLETS if start is None else NUMBERS
            begins = "" if start is None else f'<w:startOverride w:val="{start}"/>'
            again = "".join(f'<w:lvlOverride w:ilvl="{level}">{begins}</w:lvlOverride>' for level in range(LEVELS) if begins)
            lists.append(f'<w:num w:numId="{number}"><w:abstractNumId w:val="{kind}"/>{again}</w:num>')
        return kinds, "".join(lists)


def _level(level: int, kind: str, sign: str) -> str:
    return (
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val={quoteattr(sign)}/>'
        f'<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="{720 * (level + 1)}" w:hanging="360"/></w:pPr></w:lvl>'
    )


def _run(text: str, looks: str) -> str:
    words = "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' if part else "" for part in text.split("\t"))
    return f"<w:r>{f'<w:rPr>{looks}</w:rPr>' if looks else ''}{words}</w:r>"


BLUE = '<w:color w:val="0563C1"/><w:u w:val="single"/>'
ITS_NUMBER = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteRef/></w:r>'
PROGRAM = '<w:pPr><w:pStyle w:val="MacroText"/></w:pPr>'
RULE = '<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="auto"/></w:pBdr>'
TABLES = {
    "table_open": '<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid/>',
    "table_close": "</w:tbl><w:p/>",
    "tr_open": "<w:tr>",
    "tr_close": "</w:tr>",
    **dict.fromkeys(("th_open", "td_open"), "<w:tc>"),
    **dict.fromkeys(("th_close", "td_close"), "</w:tc>"),
}
