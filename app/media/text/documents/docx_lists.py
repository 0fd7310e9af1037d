"""The lists of a DOCX file: what stands before their items, and which number comes next (ECMA-376-1, 17.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.media.text.documents.docx_tags import tag_of, value

LEVELS = 9
MOST = 999_999_999  # the largest number that begins an item in Markdown (CommonMark 5.2)
WHOLE = re.compile(r"\d{1,9}")
PLAIN = re.compile(r"[(（]?%\d[.．、)）]?\s*")
SAID = {"start", "startOverride", "numFmt", "lvlText"}


@dataclass(slots=True)
class Lists:
    """Gathers numbering.xml while it streams by, then counts the items of the document."""

    said: dict[tuple[str, int, str], str] = field(default_factory=dict)  # by list, level and element
    abstract: dict[str, str] = field(default_factory=dict)  # the abstract list of a list
    counts: dict[tuple[str, int], int] = field(default_factory=dict)  # the last number, by abstract list and level
    begun: set[tuple[str, int]] = field(default_factory=set)  # lists that have items at a level
    now: str = ""
    level: int = 0

    def start(self, name: str, about: dict[str, str]) -> None:
        """An element begins."""
        tag = tag_of(name)
        if tag == "abstractNum":
            self.now = f"abstract {value(about, 'abstractNumId')}"
        elif tag == "num":
            self.now = value(about, "numId")
        elif tag == "abstractNumId":
            self.abstract[self.now] = f"abstract {value(about)}"
        elif tag in {"lvl", "lvlOverride"}:
            self.level = _whole(value(about, "ilvl"), 0)
        elif tag in SAID:
            self.said.setdefault((self.now, self.level, tag), value(about))

    def _of(self, number: str, level: int, tag: str, otherwise: str) -> str:
        """What a list says of a level, or else the abstract one that it follows."""
        inherited = self.said.get((self.abstract.get(number, ""), level, tag), otherwise)
        return self.said.get((number, level, tag), inherited)

    def bullet(self, number: str, level: int) -> bool:
        """Whether there are signs before its items, not numbers."""
        return self._of(number, level, "numFmt", "bullet") in {"bullet", "none"}

    def plain(self, number: str, level: int) -> bool:
        """Whether its items are counted 1, 2, 3, with at most a point or brackets around."""
        counted = self._of(number, level, "numFmt", "decimal") == "decimal"
        return counted and bool(PLAIN.fullmatch(self._of(number, level, "lvlText", "%1.")))

    def next(self, number: str, level: int) -> int:
        """The number of the next item. Lists that follow the same abstract one count on, unless one says where it begins."""
        anew = self._of(number, level, "startOverride", "")
        place = (self.abstract.get(number, number), level)
        if place in self.counts and (not anew or (number, level) in self.begun):
            found = self.counts[place] + 1
        else:
            found = _whole(anew or self._of(number, level, "start", "1"), 1)
        self.begun.add((number, level))
        self.counts[place] = found = min(MOST, found)
        for deeper in range(level + 1, LEVELS):  # they begin again below the next item
            self.counts.pop((place[0], deeper), None)
        return found


def _whole(text: str, otherwise: int) -> int:
    return int(text) if WHOLE.fullmatch(text) else otherwise
