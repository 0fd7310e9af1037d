"""From a model's tokens to records with code points: characters that tokens split are put together again."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from app.engines.engine import Alternative, Token

REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class RawToken:
    """A token as bytes, before it is known which characters it belongs to; log-probabilities as in `Token`."""

    data: bytes
    logprob: float | None
    forced: bool = False
    alternatives: tuple[tuple[bytes, float], ...] = ()


class Transcript:
    """What one variant wrote: bytes in, records out, each at its place in the whole text.

    A record is held back until its characters are whole and it cannot be the beginning of a stop. A stop ends the text and
    is no part of it. White space at the beginning can be dropped.
    """

    def __init__(self, start: int = 0, stops: Sequence[str] = (), *, lstrip: bool = False) -> None:
        """`start` is the code point at which the text is written into a whole."""
        self.tokens: list[Token] = []
        self.ended = False
        self._stops = tuple(stop for stop in stops if stop)
        self._start, self._lstrip = start, lstrip
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._group: list[RawToken] = []
        self._group_text = ""
        self._held: list[Token] = []

    @property
    def text(self) -> str:
        """What was written so far, what is held back not included."""
        return "".join(token.text for token in self.tokens)

    def add(self, heard: RawToken) -> tuple[Token, ...]:
        """Take a token; the records that are sure now."""
        if self.ended:
            return ()
        self._group.append(heard)
        self._group_text += self._decoder.decode(heard.data)
        if self._decoder.getstate()[0]:  # a character is not whole yet
            return ()
        return self._settle()

    def finish(self, *, rstrip: bool = False) -> tuple[Token, ...]:
        """The last records: half a character is a replacement character. `rstrip` drops white space at the end of all."""
        if not self.ended and self._group:
            self._group_text += self._decoder.decode(b"", final=True)
            self._settle()
        settled = len(self.tokens)
        if not self.ended:
            self.tokens += self._held
        self._held, self.ended = [], True
        while rstrip and self.tokens and (stripped := self.tokens[-1].text.rstrip()) != self.tokens[-1].text:
            last = self.tokens.pop()
            if stripped:
                self.tokens.append(replace(last, text=stripped, end=last.start + len(stripped)))
                break
        return tuple(self.tokens[settled:])

    def cut(self, count: int) -> None:
        """Keep the first `count` records, white space at their end left out."""
        self.tokens = self.tokens[:count]
        self.finish(rstrip=True)

    def _settle(self) -> tuple[Token, ...]:
        """The group is whole: a record of it, and those that need not be held back any longer."""
        group, text = self._group, seen(self._group_text)
        self._group, self._group_text = [], ""
        if self._lstrip and not self.tokens and not self._held:
            text = text.lstrip()
        if not text:
            return ()
        start = self._held[-1].end if self._held else self.tokens[-1].end if self.tokens else self._start
        self._held.append(_record(group, text, start))
        held = "".join(token.text for token in self._held)
        at = min((found for stop in self._stops if (found := held.find(stop)) >= 0), default=None)
        if at is not None:
            sure = _until(self._held, at)
            self._held, self.ended = [], True
        else:
            sure = self._held[: self._sure(held)]
            self._held = self._held[len(sure) :]
        self.tokens += sure
        return tuple(sure)

    def _sure(self, held: str) -> int:
        """How many held records end before whatever could still become a stop."""
        longest = max(
            (n for stop in self._stops for n in range(1, min(len(stop), len(held) + 1)) if held.endswith(stop[:n])), default=0
        )
        rest = len(held) - longest
        count = 0
        for token in self._held:
            rest -= len(token.text)
            if rest < 0:
                break
            count += 1
        return count


def seen(text: str) -> str:
    """`text` with control characters (but tabs and line ends) replaced: they are never meant, and no text may hold them.

    Of a line end of two characters the second stays.
    """
    if text.isprintable():
        return text
    text = text.replace("\r", "")
    return "".join(REPLACEMENT if unicodedata.category(char) == "Cc" and char not in "\n\t" else char for char in text)


def _until(tokens: Iterable[Token], length: int) -> list[Token]:
    """The first `length` characters of `tokens`; one that goes beyond is cut."""
    kept = []
    for token in tokens:
        text = token.text[:length]
        if not text:
            break
        kept.append(token if text == token.text else replace(token, text=text, end=token.start + len(text)))
        length -= len(text)
    return kept


def _record(group: Sequence[RawToken], text: str, start: int) -> Token:
    """One record of the tokens that make `text`: by the chain rule their log-probabilities add up.

    Its alternatives are those to the first token that are whole characters, and `text` itself among them.
    """
    known = [heard.logprob for heard in group if heard.logprob is not None]
    logprob = sum(known) if len(known) == len(group) else None
    return Token(
        start=start,
        end=start + len(text),
        text=text,
        logprob=logprob,
        forced=all(heard.forced for heard in group),
        alternatives=_alternatives(group, text, logprob),
    )


def _alternatives(group: Sequence[RawToken], text: str, logprob: float | None) -> tuple[Alternative, ...]:
    found: dict[str, float] = {}
    if not group[0].alternatives:
        return ()
    for data, value in group[0].alternatives:
        whole = _utf8(data)
        if whole:
            found[whole] = max(value, found.get(whole, value))
    if len(group) > 1 and logprob is not None:
        found[text] = max(logprob, found.get(text, logprob))
    return tuple(Alternative(*item) for item in sorted(found.items(), key=lambda item: -item[1]))


@lru_cache(maxsize=1 << 16)
def _utf8(data: bytes) -> str:
    """`data` as text; empty when it is a part of a character or would not be seen as it is."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if seen(text) == text else ""
