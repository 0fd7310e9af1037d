"""The words of a DOCX part with what they are, gathered while its XML streams by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from app.errors import TooLargeError, _
from app.media.text.documents.blocks import LISTS, Block, Kind, Run, is_simplified, paragraph, plain
from app.media.text.documents.blocks_markdown import cell_of
from app.media.text.documents.docx_styles import Styles
from app.media.text.documents.docx_tags import (
    LOOKS,
    NO_FORMULAS,
    NO_HEADING_NUMBERS,
    NO_HIDDEN,
    NO_LINES,
    NO_LOOKS,
    NO_NUMBERS,
    NO_OTHERS,
    NO_PICTURES,
    NO_PLACES,
    NO_SPANS,
    SILENT,
    TOLD,
    is_look,
    is_on,
    is_placed,
    tag_of,
    value,
)
from app.media.text.rules import too_long

FALLBACK = "http://schemas.openxmlformats.org/markup-compatibility/2006 Fallback"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships id"
DRAWN = "http://schemas.openxmlformats.org/drawingml/2006"
# Elements of other languages that hold what no text has.
FOREIGN = {
    f"{DRAWN}/picture pic": NO_PICTURES,
    f"{DRAWN}/chart chart": NO_PICTURES,
    f"{DRAWN}/diagram relIds": NO_PICTURES,
    "urn:schemas-microsoft-com:vml imagedata": NO_PICTURES,
    "http://schemas.openxmlformats.org/officeDocument/2006/math oMath": NO_FORMULAS,
}
DEEPEST = 256  # elements within one another
MOST_ELEMENTS = 6_000_000
MOST_COLUMNS = 200
LEVELS = 9  # of headings
WHOLE = re.compile(r"\d{1,4}")
BREAKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
# Deleted words, codes, what a paragraph was before; `rt` is a reading above letters.
LEFT_OUT = {"del", "moveFrom", "instrText", "delInstrText", "footnotePr", "endnotePr", "rPrChange", "pPrChange", "tabs", "rt"}


def bomb() -> TooLargeError:
    """Of a file that is small and unpacks to gigabytes."""
    return TooLargeError(_("That DOCX file unpacks to more than a text can be."))


@dataclass(slots=True)
class _Paragraph:
    """A paragraph while it is read; `after` are those of its text boxes."""

    style: str = ""
    list_: str | None = None
    level: int = 0
    line: bool = False  # below it, across the page
    outline: int = 0  # the level of a heading, told by itself
    looks: tuple[bool, bool, bool] = (False, False, False)  # of its style: bold, italic, others
    placed: bool = False  # elsewhere on the page than at its beginning
    runs: list[Run] = field(default_factory=list)
    after: list[Block] = field(default_factory=list)


class Words:
    """Reads a part. `blocks` are what it found, `notes` the footnotes that its words point to, in their order."""

    def __init__(self, most: int, styles: Styles, links: dict[str, str]) -> None:
        self.most, self.styles, self.links = most, styles, links
        self.size = self.depth = self.elements = self.skipped = 0
        self.inside = self.properties = self.about = False  # within w:t, w:rPr, w:pPr
        self.bold = self.italic = self.looks = self.hidden = False  # `looks`: others than these
        self.wide = 1  # columns of the cell that is read
        self.link = ""
        self.blocks: list[Block] = []
        self.into: list[list[Block]] = [self.blocks]
        self.open: list[_Paragraph] = []
        self.tables: list[list[list[list[Block]]]] = []
        self.notes: list[tuple[str, str]] = []
        self.parts: dict[tuple[str, str], list[Block]] = {}  # of a part with notes: each by its kind and id
        self.simplified: list[str] = []

    def start(self, name: str, about: dict[str, str]) -> None:
        """An element begins."""
        self.depth += 1
        self.elements += 1
        if self.depth > DEEPEST or self.elements > MOST_ELEMENTS:
            raise bomb()
        tag = tag_of(name)
        if not self.skipped:
            self.without(TOLD.get(tag, "") or FOREIGN.get(name, ""))
        if self.skipped or name == FALLBACK or tag in LEFT_OUT:
            self.skipped += 1
        elif tag == "t":
            self.inside = True
        elif tag in BREAKS:
            self.add(BREAKS[tag])
            self.without(NO_PLACES if value(about, "type") in {"page", "column"} else "")
        elif tag in BEGINS:
            BEGINS[tag](self, about)
        else:
            self._looks(tag, about)

    def _looks(self, tag: str, about: dict[str, str]) -> None:
        """What is told of words and paragraphs; an element that nobody knows is told as well."""
        self.looks = self.looks or (self.properties and is_look(tag, about))
        if self.about and is_placed(tag, about):
            self.open[-1].placed = True
        self.without(NO_OTHERS if tag and tag not in KNOWN else "")

    def end(self, name: str) -> None:
        """An element ends."""
        self.depth -= 1
        if self.skipped:
            self.skipped -= 1
            return
        tag = tag_of(name)
        self.inside = False
        if tag in ENDS:
            ENDS[tag](self)

    def data(self, text: str) -> None:
        """What stands in an element."""
        if self.inside and not self.skipped and self.hidden:
            self.without(NO_HIDDEN)
        elif self.inside and not self.skipped:
            if self.looks and not self.link:  # links are underlined by habit
                self.without(NO_LOOKS)
            self.add(text)

    def add(self, text: str) -> None:
        """More words."""
        self.count(len(text))
        if self.open:
            self.open[-1].runs.append(Run(text, self.bold, self.italic, self.link))

    def count(self, length: int) -> None:
        """So much was read."""
        self.size += length
        if self.size > self.most + 1:
            raise too_long(self.most)

    def without(self, said: str) -> None:
        """Say that something was left out; twice is once."""
        if said and said not in self.simplified:
            self.simplified.append(said)

    def p(self, _about: dict[str, str]) -> None:
        """A paragraph begins."""
        self.open.append(_Paragraph())
        self.pStyle({}, self.styles.default)

    def end_p(self) -> None:
        """It ends."""
        done = self.open.pop()
        self.count(1)
        self.into[-1].append(self._block(done))
        self.into[-1].extend(done.after)

    def _block(self, done: _Paragraph) -> Block:
        if done.line and not done.runs:
            return Block(Kind.RULE, 0, "")
        numbered = self.styles.list_of(done.style) if done.list_ is None else done.list_
        level = done.outline or self.styles.heading(done.style)
        if level:
            if numbered and numbered != "0" and not self.styles.lists.bullet(numbered, done.level):
                self.without(NO_HEADING_NUMBERS)
            return Block(Kind.HEADING, level, "".join(run.text for run in done.runs))
        if numbered and numbered != "0":
            return self._item(done, numbered)
        if self.styles.programs(done.style):
            return Block(Kind.CODE, 0, "".join(run.text for run in done.runs))
        before = self.into[-1][-1] if self.into[-1] else None
        if before and before.kind in {Kind.BULLET, Kind.NUMBER, Kind.MORE} and self.styles.continues(done.style):
            return paragraph(Kind.MORE, before.level, done.runs)
        quoted = self.styles.quotes(done.style)
        if not quoted and (done.placed or self.styles.placed(done.style)) and any(run.text.strip() for run in done.runs):
            self.without(NO_PLACES)
        return paragraph(Kind.QUOTE if quoted else Kind.PARAGRAPH, 0, done.runs)

    def _item(self, done: _Paragraph, numbered: str) -> Block:
        """An item of a list."""
        lists, level = self.styles.lists, done.level or self.styles.depth(done.style)
        if lists.bullet(numbered, done.level):
            return paragraph(Kind.BULLET, level, done.runs)
        if not lists.plain(numbered, done.level):
            self.without(NO_NUMBERS)
        return paragraph(Kind.NUMBER, level, done.runs, lists.next(numbered, done.level))

    def pPr(self, _about: dict[str, str]) -> None:  # noqa: N802 (named as its element)
        """How a paragraph looks."""
        self.about = bool(self.open)

    def pStyle(self, about: dict[str, str], default: str = "") -> None:  # noqa: N802
        """Its style."""
        if self.open:
            now = self.open[-1]
            now.style = value(about) or default
            own = not (self.styles.heading(now.style) or self.styles.quotes(now.style))  # looks that no mark says already
            now.looks = self.styles.looks(now.style) if own else (False, False, False)

    def outlineLvl(self, about: dict[str, str]) -> None:  # noqa: N802
        """A heading without a style of headings; the tenth level is body text."""
        level = int(value(about)[:2]) if value(about).isdecimal() else LEVELS
        if self.open and level < LEVELS:
            self.open[-1].outline = level + 1

    def numId(self, about: dict[str, str]) -> None:  # noqa: N802
        """Its list."""
        if self.open:
            self.open[-1].list_ = value(about)

    def ilvl(self, about: dict[str, str]) -> None:
        """Its level in the list."""
        if self.open and value(about).isdecimal():
            self.open[-1].level = min(LISTS, int(value(about)[:3]))

    def pBdr(self, _about: dict[str, str]) -> None:  # noqa: N802
        """A line around or below it."""
        if self.open:
            self.open[-1].line = True

    def r(self, _about: dict[str, str]) -> None:
        """A run of words begins."""
        self.bold, self.italic, self.looks = self.open[-1].looks if self.open else (False, False, False)
        self.hidden = False

    def rPr(self, _about: dict[str, str]) -> None:  # noqa: N802
        """How it looks."""
        self.properties = True

    def end_rPr(self) -> None:  # noqa: N802
        """That was how."""
        self.properties = False

    def end_pPr(self) -> None:  # noqa: N802
        """The looks of a paragraph's own mark are nobody's words."""
        self.bold = self.italic = self.looks = self.hidden = self.about = False

    def b(self, about: dict[str, str]) -> None:
        """Bold."""
        self.bold = is_on(about) if self.properties else self.bold

    def i(self, about: dict[str, str]) -> None:
        """Italic."""
        self.italic = is_on(about) if self.properties else self.italic

    def rStyle(self, about: dict[str, str]) -> None:  # noqa: N802
        """A style of characters."""
        bold, italic, others = self.styles.looks(value(about))
        self.bold, self.italic, self.looks = self.bold or bold, self.italic or italic, self.looks or others

    def vanish(self, about: dict[str, str]) -> None:
        """Words that are there and not shown."""
        self.hidden = is_on(about) if self.properties else self.hidden

    def hyperlink(self, about: dict[str, str]) -> None:
        """A link begins."""
        self.link = self.links.get(about.get(RELATION, ""), "")

    def end_hyperlink(self) -> None:
        """It ends."""
        self.link = ""

    def txbxContent(self, _about: dict[str, str]) -> None:  # noqa: N802
        """A text box: its paragraphs come after the one that holds it."""
        self.into.append(self.open[-1].after if self.open else self.into[-1])

    def end_txbxContent(self) -> None:  # noqa: N802
        """It ends."""
        self.into.pop()

    def tbl(self, _about: dict[str, str]) -> None:
        """A table begins."""
        self.tables.append([])

    def tr(self, _about: dict[str, str]) -> None:
        """A row begins."""
        if self.tables:
            self.tables[-1].append([])

    def tc(self, _about: dict[str, str]) -> None:
        """A cell begins."""
        self.into.append([])
        self.wide = 1

    def gridSpan(self, about: dict[str, str]) -> None:  # noqa: N802
        """It takes several columns."""
        wide = value(about)
        self.wide = min(MOST_COLUMNS, int(wide)) if WHOLE.fullmatch(wide) else 1
        self.without(NO_SPANS if self.wide > 1 else "")

    def vMerge(self, _about: dict[str, str]) -> None:  # noqa: N802
        """It is one with that above or below."""
        self.without(NO_SPANS)

    def end_tc(self) -> None:
        """It ends."""
        cell = self.into.pop() if len(self.into) > 1 else []
        if self.tables and self.tables[-1]:
            row, more = self.tables[-1][-1], max(0, self.wide - 1)
            self.count(more)
            row += [[block for block in cell if plain(block).strip()], *([[]] * more)]
        self.wide = 1

    def end_tbl(self) -> None:
        """A table ends; one of one column is a frame around paragraphs."""
        rows = self.tables.pop() if self.tables else []
        if self.tables:  # a table in a cell is its words
            said = (" ".join(plain(block) for cell in row for block in cell) for row in rows)
            self.into[-1].extend(Block(Kind.PARAGRAPH, 0, words) for words in said)
            self.without(NO_LINES)
        elif max(map(len, rows), default=0) <= 1:
            self.into[-1].extend(block for row in rows for cell in row for block in cell)
        else:
            self.without(NO_LINES if any(is_simplified(cell) for row in rows for cell in row) else "")
            self.into[-1].append(Block(Kind.TABLE, 0, [[cell_of(cell) for cell in row] for row in rows]))

    def footnoteReference(self, about: dict[str, str], kind: str = "footnote") -> None:  # noqa: N802
        """A note is pointed to."""
        if self.open and (kind, value(about, "id")) not in self.parts:
            self.notes.append((kind, value(about, "id")))
            self.open[-1].runs.append(Run("", note=len(self.notes)))

    def endnoteReference(self, about: dict[str, str]) -> None:  # noqa: N802
        """The same, at the end."""
        self.footnoteReference(about, "endnote")

    def footnote(self, about: dict[str, str], kind: str = "footnote") -> None:
        """A note begins."""
        self.into.append(self.parts.setdefault((kind, value(about, "id")), []))

    def end_footnote(self) -> None:
        """It ends."""
        self.into.pop()

    def endnote(self, about: dict[str, str]) -> None:
        """A note at the end begins."""
        self.footnote(about, "endnote")


BEGINS: dict[str, Callable[[Words, dict[str, str]], None]] = {
    "p": Words.p,
    "pPr": Words.pPr,
    "pStyle": Words.pStyle,
    "outlineLvl": Words.outlineLvl,
    "numId": Words.numId,
    "ilvl": Words.ilvl,
    "pBdr": Words.pBdr,
    "r": Words.r,
    "rPr": Words.rPr,
    "rStyle": Words.rStyle,
    "b": Words.b,
    "i": Words.i,
    "vanish": Words.vanish,
    "hyperlink": Words.hyperlink,
    "txbxContent": Words.txbxContent,
    "tbl": Words.tbl,
    "tr": Words.tr,
    "tc": Words.tc,
    "gridSpan": Words.gridSpan,
    "vMerge": Words.vMerge,
    "hMerge": Words.vMerge,
    "footnoteReference": Words.footnoteReference,
    "endnoteReference": Words.endnoteReference,
    "footnote": Words.footnote,
    "endnote": Words.endnote,
}
ENDS = {
    "p": Words.end_p,
    "pPr": Words.end_pPr,
    "rPr": Words.end_rPr,
    "hyperlink": Words.end_hyperlink,
    "txbxContent": Words.end_txbxContent,
    "tc": Words.end_tc,
    "tbl": Words.end_tbl,
    "footnote": Words.end_footnote,
    "endnote": Words.end_footnote,
}
KNOWN = {"t", "jc", "ind", "pageBreakBefore", *BEGINS, *BREAKS, *LEFT_OUT, *LOOKS, *TOLD, *SILENT}
