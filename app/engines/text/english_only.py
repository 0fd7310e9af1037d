"""English without a form: any words, in the letters that English is written with."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


class EnglishOnly:
    """Holds a variant to English letters. It is a Constraint of `decode`."""

    def __init__(self, usable: torch.Tensor, pieces: Sequence[bytes]) -> None:
        """`pieces` are the bytes of each token, of which `usable` ([vocab] of bool) may be written."""
        self.mask = usable.clone()
        self.mask[[id for id, piece in enumerate(pieces) if id < len(usable) and not _english(piece)]] = False

    def allowed(self, _written: Sequence[int]) -> torch.Tensor:
        """What may come next: [vocab] of bool."""
        return self.mask


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
