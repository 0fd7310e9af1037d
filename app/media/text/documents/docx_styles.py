"""What the styles of a DOCX file mean: which are headings, quotations, bold (ECMA-376-1, 17.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.media.text.documents.docx_lists import Lists
from app.media.text.documents.docx_tags import OFF, is_look, is_on, is_placed, tag_of, value

HEADING = re.compile(r"(?:heading|标题|überschrift|titre)\s*([1-9])", re.IGNORECASE)
PROGRAMS = {"macro", "macro text", "html preformatted", "preformatted text", "source code", "html 预设格式"}
DEEPER = re.compile(r"list (?:bullet|number|continue) ([2-9])$")
MOST = 20  # styles that one is based on


@dataclass(slots=True)
class Style:
    """A style as far as it says what words are."""

    name: str = ""
    based_on: str = ""
    outline: int | None = None  # 0 is a heading of the first level
    list_: str = ""
    bold: bool | None = None
    italic: bool | None = None
    looks: bool = False  # others than bold and italic
    placed: bool = False  # elsewhere on the page than at its beginning


@dataclass(slots=True)
class Styles:
    """Gathers styles.xml while it streams by, and has the lists beside."""

    styles: dict[str, Style] = field(default_factory=dict)
    lists: Lists = field(default_factory=Lists)
    now: Style = field(default_factory=Style)
    default: str = ""  # of paragraphs that name none

    def start(self, name: str, about: dict[str, str]) -> None:
        """An element begins."""
        tag = tag_of(name)
        if tag == "style":
            self._style(about)
        elif tag == "name":
            self.now.name = self.now.name or value(about)
        elif tag == "basedOn":
            self.now.based_on = value(about)
        elif tag == "outlineLvl" and value(about).isdecimal():
            self.now.outline = int(value(about)[:2])
        elif tag == "numId":
            self.now.list_ = value(about)
        elif tag == "b":
            self.now.bold = is_on(about)
        elif tag == "i":
            self.now.italic = is_on(about)
        else:
            self.now.looks = self.now.looks or is_look(tag, about)
            self.now.placed = self.now.placed or is_placed(tag, about)

    def _style(self, about: dict[str, str]) -> None:
        self.now = self.styles[value(about, "styleId")] = Style()
        if value(about, "type") == "paragraph" and value(about, "default").lower() not in {"", *OFF}:
            self.default = value(about, "styleId")

    def chain(self, id: str) -> list[Style]:
        """A style, the one that it is based on, and so on."""
        found: list[Style] = []
        while id in self.styles and len(found) < MOST:
            found.append(self.styles[id])
            id = found[-1].based_on
        return found

    def heading(self, id: str) -> int:
        """The level of a heading; 0 for what is none."""
        for style in self.chain(id):
            if style.name.lower() == "title":
                return 1
            if named := HEADING.fullmatch(style.name):
                return int(named[1])
            if style.outline is not None:
                return style.outline + 1 if style.outline < 9 else 0  # noqa: PLR2004 (the tenth is body text)
        return 0

    def quotes(self, id: str) -> bool:
        """Whether it is for quotations."""
        return any(
            style.name.lower() in {"quote", "intense quote", "block text", "引用", "明显引用"} for style in self.chain(id)
        )

    def programs(self, id: str) -> bool:
        """Whether it is for lines that stay as they are."""
        return any(style.name.lower() in PROGRAMS for style in self.chain(id))

    def continues(self, id: str) -> bool:
        """Whether it is for further paragraphs of a list's item."""
        return any(style.name.lower().startswith("list continue") for style in self.chain(id))

    def list_of(self, id: str) -> str:
        """The list that paragraphs of a style are in."""
        return next((style.list_ for style in self.chain(id) if style.list_), "")

    def depth(self, id: str) -> int:
        """How deep the lists of a style are (List Bullet 2, List Number 3)."""
        found = next((found for style in self.chain(id) if (found := DEEPER.search(style.name.lower()))), None)
        return int(found[1]) - 1 if found else 0

    def placed(self, id: str) -> bool:
        """Whether its paragraphs stand elsewhere on the page than at its beginning."""
        return any(style.placed for style in self.chain(id))

    def looks(self, id: str) -> tuple[bool, bool, bool]:
        """Of a style's words: bold, italic, and whether they have other looks."""
        chain = self.chain(id)
        bold = next((style.bold for style in chain if style.bold is not None), False)
        italic = next((style.italic for style in chain if style.italic is not None), False)
        return bold, italic, any(style.looks for style in chain)
