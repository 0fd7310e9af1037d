"""What a text may hold: Unicode as it was given, so that offsets stay; line ends as `\\n`; nothing that cannot be read."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from app.errors import UnfitError, _

LONGEST = 1_000_000  # code points of one text
UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def written(text: str) -> str:
    """`text` with its line ends as `\\n`; not normalised, since offsets count its code points.

    Raises UnfitError for more than LONGEST code points, and for lone surrogates and control characters other than line
    ends and tabs, saying where.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LONGEST:
        raise UnfitError(_("a text has at most %(most)d characters; this one has %(length)d"), most=LONGEST, length=len(text))
    if found := UNREADABLE.search(text):
        said = _("contains a control character or half a character (U+%(code)s) at %(at)d")
        raise UnfitError(said, code=f"{ord(found.group()):04X}", at=found.start())
    return text


def _written(value: Any) -> Any:
    """Before pydantic's own look, which has no words for a lone surrogate."""
    return written(value) if isinstance(value, str) else value


Writing = Annotated[str, BeforeValidator(_written)]
