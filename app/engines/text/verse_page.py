"""Between a poem as it stands on the page and as the verse model reads it: characters, marks of either width, lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from app.media.text.prosody.chinese import simplified
from app.media.text.prosody.lines import CLAUSE
from app.media.text.scripts import is_han

COMMA, STOP = "，", "。"
NARROW = {COMMA: ",", STOP: "."}
_READ = {mark: COMMA if mark in ",;:；：" else STOP for mark in CLAUSE}
_PARTED = re.compile(r"[，,]\s*\n")


def encoded(text: str, known: Mapping[str, int]) -> list[int]:
    """`text` as ids: in simplified characters, with the model's own two marks; what it knows nothing of is not read."""
    marks = [word for word in known if len(word) > 1]
    ids: list[int] = []
    while text:
        word = next((mark for mark in marks if text.startswith(mark)), text[0])
        text = text[len(word) :]
        word = word if word in known else _READ.get(word, simplified(word))
        ids += [known[word]] if word in known else []
    return ids


def unread(text: str, known: Collection[str]) -> str:
    """The characters of `text` that the model does not know: it goes on as if they were not there."""
    return "".join(dict.fromkeys(char for char in text if is_han(char) and char not in known and simplified(char) not in known))


def mark_in_width(mark: str, text: str) -> str:
    """A mark in the width that `text` writes most of its own in."""
    narrow = sum(char in CLAUSE and char.isascii() for char in text)
    return NARROW[mark] if narrow > sum(char in CLAUSE for char in text) / 2 else mark


def ends(text: str, *, every: bool) -> list[str]:
    """The marks, as `text` writes them, after which a line of the page ends: a sentence's; after `every` clause, or where
    `text` does so already, a clause's too.
    """
    return [mark_in_width(mark, text) for mark in ((COMMA, STOP) if every or _PARTED.search(text) else (STOP,))]


def pieces(known: Collection[str], text: str, *, every: bool) -> list[bytes]:
    """What each token adds to `text`."""
    over = ends(text, every=every)
    said = {
        mark: f"{mark_in_width(mark, text)}\n" if mark_in_width(mark, text) in over else mark_in_width(mark, text)
        for mark in (COMMA, STOP)
    }
    return [said.get(word, word).encode() for word in known]
