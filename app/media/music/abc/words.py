"""The words in a tune, for search: titles, makers, where it is from, what is sung; not its notes."""

from __future__ import annotations

import re

WORDED = re.compile(r"^[TCORSWw]:[ \t]*(.*)$", re.MULTILINE)


def words_in(text: str) -> str:
    """Of a tune in ABC; lines of words, in their order."""
    return "\n".join(WORDED.findall(text))
