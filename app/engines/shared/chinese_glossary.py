"""Chinese for an engine that was taught in English: the words that it knows drawings for, and colours and looks.

No translation, a glossary: the longest known word first, particles left out. What it does not know stays as it is, so
that the artist sees it was not read. The words' sources are named in chinese.json.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import regex

_RUN = regex.compile(r"\p{Han}+")
_PUNCTUATION = str.maketrans({"，": ", ", "、": ", ", "。": ", ", "；": ", ", "：": ": ", "！": "! ", "？": "? "})


@lru_cache(maxsize=1)
def _glossary() -> tuple[dict[str, str], int]:
    """Chinese to English, and the length of the longest Chinese word."""
    read = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    words: dict[str, str] = read["labels"] | read["words"]
    return words, max(map(len, words))


def named(word: str) -> str | None:
    """What the glossary calls a whole Chinese word; None for one that it does not list."""
    return _glossary()[0].get(word)


def english(text: str) -> str:
    """`text` with the Chinese words of the glossary in English."""
    return _RUN.sub(lambda run: f" {_spoken(run[0])} ", text.translate(_PUNCTUATION)) if _RUN.search(text) else text


def _spoken(run: str) -> str:
    words, longest = _glossary()
    said: list[str] = []
    unknown = start = 0
    while start < len(run):
        lengths = range(min(longest, len(run) - start), 0, -1)
        length = next((length for length in lengths if run[start : start + length] in words), 0)
        if length:
            said += [run[unknown:start], words[run[start : start + length]]]
            unknown = start + length
        start += length or 1
    return " ".join(part for part in (*said, run[unknown:]) if part)
