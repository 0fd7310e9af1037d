"""What a page shows of a text: the language it is written in, and the passage that is new beside its parent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.diff.align import common_head, common_tail
from app.media.text import scripts

LOOKED_AT = 4_000  # code points that decide about the language
AROUND = 80  # code points shown before and after what is new


@dataclass(frozen=True, slots=True)
class Passage:
    """`written` begins at code point `start` of the text; `before` and `after` are the ends of what surrounds it."""

    start: int
    before: str
    written: str
    after: str


def by_rank(variants: Sequence[Any]) -> list[Any]:
    """Candidates for a line, the best first as their engine ranked them."""

    def place(variant: Any) -> int:
        rank: int | None = variant.facts.rank
        return len(variants) if rank is None else rank

    return sorted(variants, key=place)


def tongue(text: str) -> str:
    """The BCP 47 tag for `text`: `zh-Hans` where it has more Chinese characters than words in Latin letters, else `en`."""
    return "zh-Hans" if scripts.tongue(text[:LOOKED_AT]) == "zh" else "en"


def passage(text: str, parent: str | None = None) -> Passage:
    """What of `text` is new beside `parent`: all of it without one."""
    if parent is None:
        return Passage(0, "", text, "")
    start = common_head(text, 0, len(text), parent, 0, len(parent))
    end = len(text) - common_tail(text, start, len(text), parent, start, len(parent))
    return Passage(start, lead(text[:start]), text[start:end], follow(text[end:]))


def lead(before: str) -> str:
    """The end of what stands before a passage: its last line, and an ellipsis where there is more."""
    tail = before[-AROUND:]
    line = tail[tail.rstrip("\n").rfind("\n") + 1 :]
    return ("…" if len(line) < len(before) else "") + line


def follow(after: str) -> str:
    """The beginning of what stands after a passage: its first line, and an ellipsis where there is more."""
    head = after[:AROUND]
    end = head.find("\n", len(head) - len(head.lstrip("\n")))
    line = head if end < 0 else head[:end]
    return line + ("…" if len(line) < len(after.rstrip("\n")) else "")
