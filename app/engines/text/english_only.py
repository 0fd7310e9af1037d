"""English without a form: any words, in the letters that English is written with."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_SIGNS = "‘’“”–—…•·£€°§©×½¼¾"
_LATIN = "".join(chr(code) for code in range(0xC0, 0x100))  # naïve, Zoë, façade
_KNOWN = [sign.encode() for sign in _SIGNS + _LATIN]
# A remark instead of the text: "Here is the poem you asked for", "Title: Autumn".
_REMARK = re.compile(
    r"^\W*(here('s|\s+is|\s+are)|this\s+is|below\s+is|sure|certainly|of\s+course|title|stanza|verse\s+\d)\b", re.IGNORECASE
)
_OF_TEXTS = re.compile(r"\b(texts?|poems?|verses?|lyrics?|stanzas?|title|request(ed)?|answer)\b", re.IGNORECASE)


Spelled = tuple[tuple[int, ...], ...]
AWAY = -5.0  # what is added to the logits of a word that is led away from


class EnglishOnly:
    """Holds a variant to English letters, and leads it away from some words. It is a Leaning of `decode`."""

    away: Spelled = ()  # words, as tokens, that are led away from

    def __init__(self, usable: torch.Tensor, pieces: Sequence[bytes]) -> None:
        """`pieces` are the bytes of each token, of which `usable` ([vocab] of bool) may be written."""
        self.mask = usable.clone()
        self.mask[[id for id, piece in enumerate(pieces) if id < len(usable) and not _english(piece)]] = False
        self.large = [id for id, piece in enumerate(pieces) if id < len(usable) and piece.lstrip()[:1].isupper()]
        self.first: torch.Tensor | None = None  # what may come at the beginning, where that is less

    def allowed(self, written: Sequence[int]) -> torch.Tensor:
        """What may come next: [vocab] of bool."""
        return self.mask if written or self.first is None else self.first

    def leaning(self, written: Sequence[int]) -> dict[int, float]:
        """What is added to the logits of tokens, by id."""
        return {tokens[-1]: AWAY for tokens in self.away if begun(written, tokens)}

    def away_from(self, words: Spelled, *, small: bool = False) -> EnglishOnly:
        """The same, led away from these words; `small`: without a capital at the beginning."""
        other = copy.copy(self)
        other.away = words
        if small:
            other.first = self.mask.clone()
            other.first[self.large] = False
        return other


def begun(written: Sequence[int], tokens: Sequence[int]) -> bool:
    """Whether all of a word's `tokens` but the last stand at the end of what is written."""
    return list(written[len(written) - len(tokens) + 1 :]) == list(tokens[:-1]) if len(tokens) > 1 else True


def spelled(words: Iterable[str], encoded: Callable[[str], Sequence[int]]) -> Spelled:
    """The ways in which each of `words` is written, as tokens: after a space, with a capital, at a line's beginning."""
    ways = (form for word in words for form in (f" {word}", f" {word.capitalize()}", word.capitalize()))
    return tuple(dict.fromkeys(tuple(encoded(form)) for form in ways))


def _english(piece: bytes) -> bool:
    """Whether a token can be a part of English: ASCII, or bytes of a sign or letter that it knows."""
    foreign = bytes(code for code in piece if code > 0x7F)  # noqa: PLR2004 (ASCII ends there)
    if not foreign:
        return True
    try:
        return all(char.encode() in _KNOWN for char in foreign.decode())
    except UnicodeDecodeError:  # a part of one
        return any(foreign in known for known in _KNOWN)


def remarks(line: str) -> bool:
    """Whether `line` speaks of the text instead of being its first line."""
    return bool(_REMARK.search(line) and _OF_TEXTS.search(line)) or line.rstrip().endswith(":")
