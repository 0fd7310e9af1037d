"""What a text may hold: Unicode as it was given, so that offsets stay; line ends as `\\n`; nothing that cannot be read."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.errors import TooLargeError, UnfitError, _
from app.gate import look, unix

LONGEST = 1_000_000  # code points of one text


def too_long(most: int) -> TooLargeError:
    """Of a file whose text has more than `most` code points."""
    return TooLargeError(_("A text has at most %(most)d characters."), most=most)


def unix_line_ends(text: str) -> str:
    """`text` with its line ends as `\\n`; not normalised, since offsets count its code points.

    Raises UnfitError for more than LONGEST code points, and for lone surrogates and control characters other than line
    ends and tabs, saying where.
    """
    text = unix(text)
    if len(text) > LONGEST:
        raise UnfitError(_("a text has at most %(most)d characters; this one has %(length)d"), most=LONGEST, length=len(text))
    look(text)
    return text


def _checked_writing(value: Any) -> Any:
    """Before pydantic's own look, which has no words for a lone surrogate."""
    return unix_line_ends(value) if isinstance(value, str) else value


WRITTEN = BeforeValidator(_checked_writing)
Writing = Annotated[str, Field(max_length=LONGEST), WRITTEN]
