"""The words of a web page with what they are, gathered while its tags stream by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.errors import TooLargeError, _
from app.media.text.documents.blocks import EMPTY, LISTS, Block, Kind, Run, is_simplified, paragraph, plain
from app.media.text.documents.blocks_markdown import cell_of
from app.media.text.documents.docx_lists import MOST as MOST_NUMBER
from app.media.text.documents.docx_tags import (
    NO_FORMULAS,
    NO_LINES,
    NO_LOOKS,
    NO_NUMBERS,
    NO_PICTURES,
    NO_PLACES,
    NO_SPANS,
    TOLD,
)
from app.media.text.rules import too_long

DEEPEST = 4_096  # elements within one another
MOST_ELEMENTS = 2_000_000
MOST_COLUMNS = 200
HEADINGS = {f"h{level}": level for level in range(1, 7)}
# What begins on a line of its own; around those with a margin a browser leaves a line free.
MARGINS = {"p", "blockquote", "ul", "ol", "dl", "pre", "figure", "table", "hr", *HEADINGS}
LINES = {"html", "body", "div", "section", "article", "header", "footer", "main", "aside", "nav", "address", "center", "form",
         "fieldset", "legend", "details", "summary", "figcaption", "caption", "dt", "dd", "li", "option"}  # fmt: skip
BOLD, ITALIC = {"b", "strong"}, {"i", "em", "cite", "dfn", "var", "address"}
OWN_PLACES = {"td", "th", "tr", "table", "html", "body", *HEADINGS}  # that is how these look
NO_HIDDEN = _("What the page hides was left out.")
NO_FILMS = _("Sounds, films and pages within the page were left out.")
NO_LINKS = _("Links that lead nowhere outside the page were left out; their words stayed.")
LOOKS = dict.fromkeys(("u", "s", "strike", "del", "ins", "sub", "sup", "mark", "small", "big", "font"), NO_LOOKS)
OUT = {"script": "", "style": "", "template": "", "noscript": "", "head": "", "title": "", "rp": "", "select": "",
       "textarea": "", "datalist": "", "rt": TOLD["rt"], "rtc": TOLD["rt"], "svg": NO_PICTURES, "canvas": NO_PICTURES,
       "math": NO_FORMULAS, "audio": NO_FILMS, "video": NO_FILMS, "iframe": NO_FILMS, "object": NO_FILMS}  # fmt: skip
_SPACE = re.compile(r"[ \t\n\r\f]+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PLACED = re.compile(r"text-align\s*:\s*(?:-\w+-)?(?:center|right|end)", re.IGNORECASE)
_WHOLE = re.compile(r"\s*[+-]?\d{1,9}\s*")
_WEIGHT = re.compile(r"font-weight\s*:\s*(\w+)", re.IGNORECASE)
_STYLE = re.compile(r"font-style\s*:\s*(\w+)", re.IGNORECASE)


@dataclass(slots=True)
class _Open:
    """An element that has begun: how its words look, and what ends with it."""

    tag: str
    bold: bool = False
    italic: bool = False
    link: str = ""
    pre: bool = False
    heading: int = 0
    quoted: bool = False
    lists: tuple[str, ...] = ()
    count: list[int] = field(default_factory=lambda: [0])  # the number of the last item, for all elements within a list


@dataclass(slots=True)
class _Table:
    """A table while it is read: rows of cells."""

    rows: list[list[list[Block]]] = field(default_factory=list)
    wide: int = 1  # columns of the cell that is read


class Words:
    """Takes the events of a parser; `blocks` are what it found when it is closed."""

    def __init__(self, most: int) -> None:
        self.most, self.size, self.elements, self.skipped = most, 0, 0, 0
        self.blocks: list[Block] = []
        self.into: list[list[Block]] = [self.blocks]
        self.open: list[_Open] = [_Open("")]
        self.tables: list[_Table] = []
        self.runs: list[Run] = []
        self.gap = False  # a line is to be free before the next paragraph
        self.program = False  # the block that is read holds words of a program
        self.item = ""  # the list item that has begun and has no words yet
        self.simplified: list[str] = []

    def start(self, tag: str, about: Mapping[str, str]) -> None:
        """An element begins."""
        self.elements += 1 + len(about)
        if self.elements > MOST_ELEMENTS or len(self.open) + self.skipped > DEEPEST:
            raise TooLargeError(_("That page has more tags than a text can have."))
        if self.skipped or self._left_out(tag, about):
            self.skipped += 1
            return
        if tag in MARGINS or tag in LINES:
            self._break(margin=tag in MARGINS)
        mine = replace(self.open[-1], tag=tag)
        mine.pre = mine.pre or tag in {"pre", "listing"}
        mine.heading, mine.quoted = HEADINGS.get(tag, mine.heading), mine.quoted or tag == "blockquote"
        self._looks(mine, about)
        self.open.append(mine)
        if tag in {"ul", "ol", "menu"}:
            others = "reversed" in about or about.get("type", "1") != "1"
            self.without(NO_NUMBERS if tag == "ol" and others else "")
            mine.count = [_number(about.get("start", ""), 1) - 1]
            mine.lists = (*mine.lists[-LISTS:], "ol" if tag == "ol" else "ul")
        if tag in BEGINS:
            BEGINS[tag](self, about)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self.skipped:
            self.skipped -= 1
            return
        if tag in ENDS:
            ENDS[tag](self)
        if tag in MARGINS or tag in LINES:
            self._break(margin=tag in MARGINS)
        if len(self.open) > 1:
            self.open.pop()

    def data(self, text: str) -> None:
        """What stands in an element."""
        if self.skipped:
            return
        if not self.open[-1].pre:
            text = _SPACE.sub(" ", text)
            if text.startswith(" ") and (not self.runs or self.runs[-1].text[-1:] in {"", " ", "\n"}):
                text = text[1:]
        self.add(text)

    def comment(self, _text: str) -> None:
        """Nobody's words."""

    def pi(self, *_about: str) -> None:
        """Nobody's words."""

    def close(self) -> list[Block]:
        """The page has ended."""
        self._break()
        return self.blocks

    def add(self, text: str) -> None:
        """More words."""
        if not text:
            return
        self.count(len(text))
        now = self.open[-1]
        self.runs.append(Run(text, now.bold, now.italic, now.link))

    def count(self, length: int) -> None:
        """So much was read."""
        self.size += length
        if self.size > self.most + 1:
            raise too_long(self.most)

    def without(self, said: str) -> None:
        """Say that something was left out; twice is once."""
        if said and said not in self.simplified:
            self.simplified.append(said)

    def _left_out(self, tag: str, about: Mapping[str, str]) -> bool:
        if tag in OUT:
            self.without(OUT[tag])
            return True
        if tag in {"img", "embed"}:
            self.without(NO_PICTURES if tag == "img" else NO_FILMS)
        self.without(LOOKS.get(tag, ""))
        style = about.get("style", "")[:2_000]
        placed = tag == "center" or about.get("align", "").lower() in {"center", "right"} or _PLACED.search(style)
        self.without(NO_PLACES if placed and tag not in OWN_PLACES else "")
        if tag not in {"html", "body"} and ("hidden" in about or _HIDDEN.search(style)):
            self.without(NO_HIDDEN)
            return True
        return False

    def _looks(self, mine: _Open, about: Mapping[str, str]) -> None:
        """Bold, italic and links; a style says it over again."""
        mine.bold, mine.italic = mine.bold or mine.tag in BOLD, mine.italic or mine.tag in ITALIC
        style = about.get("style", "")[:2_000]
        if found := _WEIGHT.search(style):
            mine.bold = found[1].lower() in {"bold", "bolder", "600", "700", "800", "900"}
        if found := _STYLE.search(style):
            mine.italic = found[1].lower() in {"italic", "oblique"}
        if mine.tag == "a" and (target := about.get("href", "").strip()):
            known = target.lower().startswith(("http://", "https://", "mailto:")) and len(target) <= 2_000  # noqa: PLR2004 (no link is longer)
            mine.link = target if known else ""
            self.without("" if known else NO_LINKS)

    def _break(self, *, margin: bool = False) -> None:
        """A block ends, if one has begun."""
        runs, self.runs = self.runs, []
        if any(run.text.strip() for run in runs):
            self._put(self._block(_trimmed(runs, pre=self.open[-1].pre)))
            self.count(1)
            self.item, self.program = "", False
        self.gap = self.gap or margin

    def _block(self, runs: list[Run]) -> Block:
        now = self.open[-1]
        if now.heading:
            return Block(Kind.HEADING, now.heading, "".join(run.text for run in runs))
        if now.pre and self.program and not now.lists:
            return Block(Kind.CODE, 0, "".join(run.text for run in runs).strip("\n"))
        if now.lists:
            kind = Kind.BULLET if now.lists[-1] == "ul" else Kind.NUMBER
            kind = kind if self.item else Kind.MORE
            return paragraph(kind, min(LISTS, len(now.lists) - 1), runs, max(0, now.count[0]))
        return paragraph(Kind.QUOTE if now.quoted else Kind.PARAGRAPH, 0, runs)

    def _put(self, block: Block) -> None:
        blocks = self.into[-1]
        if self.gap and blocks and block.kind is blocks[-1].kind and block.kind in {Kind.PARAGRAPH, Kind.QUOTE}:
            blocks.append(EMPTY if block.kind is Kind.PARAGRAPH else Block(Kind.QUOTE, 0, ""))
        blocks.append(block)
        self.gap = False

    def li(self, about: Mapping[str, str]) -> None:
        """An item of a list begins."""
        self.item = "li"
        count = self.open[-1].count
        count[0] = min(MOST_NUMBER, _number(about.get("value", ""), count[0] + 1))
        if not self.open[-1].lists:
            self.open[-1].lists = ("ul",)

    def code(self, _about: Mapping[str, str]) -> None:
        """Words of a program."""
        self.program = True

    def br(self, _about: Mapping[str, str]) -> None:
        """A line ends."""
        if self.runs and self.runs[-1].text.endswith(" ") and not self.open[-1].pre:
            self.runs[-1] = self.runs[-1]._replace(text=self.runs[-1].text[:-1])
        self.add("\n")

    def hr(self, _about: Mapping[str, str]) -> None:
        """A line across the page."""
        self._put(Block(Kind.RULE, 0, ""))

    def q(self, _about: Mapping[str, str]) -> None:
        """Words in quotation marks."""
        self.add("“")

    def end_q(self) -> None:
        """They end."""
        self.add("”")

    def table(self, _about: Mapping[str, str]) -> None:
        """A table begins."""
        self.tables.append(_Table())

    def tr(self, _about: Mapping[str, str]) -> None:
        """A row begins."""
        self._break()
        if self.tables:
            self.tables[-1].rows.append([])

    def td(self, about: Mapping[str, str]) -> None:
        """A cell begins."""
        self._break()
        self.into.append([])
        self.open[-1].lists, self.open[-1].quoted, self.open[-1].heading = (), False, 0
        wide = about.get("colspan", "")
        if self.tables:
            self.without(NO_SPANS if {about.get("colspan", "1"), about.get("rowspan", "1")} - {"1", ""} else "")
            self.tables[-1].wide = min(MOST_COLUMNS, int(wide)) if wide.isascii() and wide.isdecimal() and len(wide) < 5 else 1  # noqa: PLR2004

    def end_td(self) -> None:
        """It ends."""
        self._break()
        cell = self.into.pop() if len(self.into) > 1 else []
        if self.tables and self.tables[-1].rows:
            row, more = self.tables[-1].rows[-1], max(0, self.tables[-1].wide - 1)
            row += [cell, *([[]] * more)][: MOST_COLUMNS - len(row)] if len(row) < MOST_COLUMNS else []
            self.count(more)
        else:
            self.into[-1].extend(cell)

    def end_table(self) -> None:
        """A table ends; within a cell it is its words, and one of one column is a frame around paragraphs."""
        self._break()
        rows = self.tables.pop().rows if self.tables else []
        if self.tables:
            said = (" ".join(plain(block) for cell in row for block in cell) for row in rows)
            self.into[-1].extend(Block(Kind.PARAGRAPH, 0, words) for words in said if words.strip())
            self.without(NO_LINES)
        elif max(map(len, rows), default=0) <= 1:
            self.into[-1].extend(block for row in rows for cell in row for block in cell)
        else:
            self.without(NO_LINES if any(is_simplified(cell) for row in rows for cell in row) else "")
            self.into[-1].append(Block(Kind.TABLE, 0, [[cell_of(cell) for cell in row] for row in rows]))


def _number(text: str, otherwise: int) -> int:
    return int(text) if _WHOLE.fullmatch(text) else otherwise


def _trimmed(runs: list[Run], *, pre: bool) -> list[Run]:
    """Without the space and the line ends around."""
    while runs and not runs[0].text.strip():
        runs = runs[1:]
    while runs and not runs[-1].text.strip():
        runs = runs[:-1]
    if not pre:
        runs = [runs[0]._replace(text=runs[0].text.lstrip(" \n")), *runs[1:]]
    return [*runs[:-1], runs[-1]._replace(text=runs[-1].text.rstrip(" \n"))]


BEGINS = {"li": Words.li, "code": Words.code, "br": Words.br, "hr": Words.hr, "q": Words.q, "table": Words.table,
          "tr": Words.tr, "td": Words.td, "th": Words.td}  # fmt: skip
ENDS = {"q": Words.end_q, "td": Words.end_td, "th": Words.end_td, "table": Words.end_table}
