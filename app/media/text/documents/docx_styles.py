"""What the styles and lists of a DOCX file mean: which are headings, quotations, bullets, bold (ECMA-376-1, 17.7 and 17.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"  # the same in ISO/IEC 29500 Strict
SPACES = {WORDS, STRICT}
OFF = {"0", "false", "off", "none"}
HEADING = re.compile(r"(?:heading|标题|überschrift|titre)\s*([1-9])", re.IGNORECASE)
PROGRAMS = {"macro", "macro text", "html preformatted", "preformatted text", "source code", "html 预设格式"}
DEEPER = re.compile(r"list (?:bullet|number|continue) ([2-9])$")
MOST = 20  # styles that one is based on


def tag_of(name: str) -> str:
    """The name of an element of WordprocessingML; of any other nothing."""
    space, _gap, tag = name.rpartition(" ")
    return tag if space in SPACES else ""


def value(about: dict[str, str], name: str = "val") -> str:
    """An attribute of WordprocessingML."""
    return about.get(f"{WORDS} {name}", about.get(f"{STRICT} {name}", ""))


def is_on(about: dict[str, str]) -> bool:
    """A toggle property: there is on, unless it says otherwise (17.3.2)."""
    return value(about).lower() not in OFF


@dataclass(slots=True)
class Style:
    """A style as far as it says what words are."""

    name: str = ""
    based_on: str = ""
    outline: int | None = None  # 0 is a heading of the first level
    list_: str = ""
    bold: bool | None = None
    italic: bool | None = None


@dataclass(slots=True)
class Styles:
    """Gathers styles.xml and numbering.xml while they stream by."""

    styles: dict[str, Style] = field(default_factory=dict)
    formats: dict[tuple[str, str], str] = field(default_factory=dict)  # by abstract list and level
    lists: dict[str, str] = field(default_factory=dict)  # the abstract list of a list
    now: Style = field(default_factory=Style)
    abstract: str = ""
    level: str = ""
    number: str = ""

    def start(self, name: str, about: dict[str, str]) -> None:
        """An element begins."""
        tag = tag_of(name)
        if tag == "style":
            self.now = self.styles[value(about, "styleId")] = Style()
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
            self._numbering(tag, about)

    def _numbering(self, tag: str, about: dict[str, str]) -> None:
        if tag == "abstractNum":
            self.abstract = value(about, "abstractNumId")
        elif tag == "lvl":
            self.level = value(about, "ilvl")
        elif tag == "numFmt":
            self.formats.setdefault((self.abstract, self.level), value(about))
        elif tag == "num":
            self.number = value(about, "numId")
        elif tag == "abstractNumId":
            self.lists[self.number] = value(about)

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

    def bullet(self, number: str, level: int) -> bool:
        """Whether a list has signs before its items, not numbers."""
        return self.formats.get((self.lists.get(number, ""), str(level)), "bullet") in {"bullet", "none"}

    def looks(self, id: str) -> tuple[bool, bool]:
        """Bold and italic of a character style."""
        chain = self.chain(id)
        bold = next((style.bold for style in chain if style.bold is not None), False)
        return bold, next((style.italic for style in chain if style.italic is not None), False)
