"""A text that ends with a sentence, though it may have only so many tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.engines.text.transcript import Transcript

RESERVE = 60  # tokens before the last one in which a text looks for its end: two sentences, about
_OVER = re.compile(r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\b[A-Z])[.!?…][\"'”’)\]]*\s*$")


@dataclass(frozen=True, slots=True)
class Ending:
    """Of a text of at most so many `tokens`: in its last ones it is over with the first sentence that ends, or, where it is
    written in `lines`, with a line.
    """

    tokens: int
    lines: bool = False

    def over(self, number: int, sheet: Transcript) -> bool:
        """Whether the text may end after its `number`-th token: a sentence does, and no quotation is open."""
        return number >= self._begins and self._whole(sheet.text)

    def sure(self, number: int, sheet: Transcript) -> int:
        """How many records belong to the text whatever comes: near the end only those up to the last whole sentence."""
        if number < self._begins:
            return len(sheet.tokens)
        text, found = sheet.text, 0
        for at, token in enumerate(sheet.tokens, 1):
            if token.text.rstrip()[-1:] in "\"'”’)].!?…" and self._whole(text[: token.end - sheet.tokens[0].start]):
                found = at
        return found

    def _whole(self, text: str) -> bool:
        return ends_sentence(text) or (self.lines and text.endswith("\n") and bool(text.strip()))

    @property
    def _begins(self) -> int:
        return self.tokens - min(RESERVE, self.tokens // 2)


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with `text`, and its last paragraph leaves no quotation open."""
    paragraph = text.rpartition("\n")[2]
    whole = paragraph.count('"') % 2 == 0 and paragraph.count("“") <= paragraph.count("”")
    return bool(_OVER.search(text)) and whole
