"""Where a passage lies between the words of a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.engines.engine import Token
from app.media.text.scripts import HAN


def words_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The range that holds the words in which `start` to `end` begins and ends, with the spaces before them: a model expects
    a word together with the space before it.
    """
    while 0 < start < len(text) and text[start].isalnum() and text[start - 1].isalnum() and not HAN.match(text[start - 1]):
        start -= 1
    start = len(text[:start].rstrip(" "))
    while 0 < end < len(text) and text[end - 1].isalnum() and text[end].isalnum() and not HAN.match(text[end]):
        end += 1
    return start, end


def clipped(tokens: Iterable[Token], start: int, end: int) -> Iterator[Token]:
    """What of the records lies between `start` and `end`."""
    for token in tokens:
        first, last = max(start, token.start), min(end, token.end)
        if first < last:
            yield replace(token, start=first, end=last, text=token.text[first - token.start : last - token.start])
