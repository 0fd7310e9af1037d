"""Where a text has the words that were looked for: a passage around the first of them, cut in the database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Revision
from app.models.work import SEARCHED

Passage = tuple[tuple[str, bool], ...]  # (text, is one of the words)

BEFORE, LENGTH = 40, 240  # code points before the first word, and of the whole passage
LOOKED_FOR = 8  # words that decide where the passage lies


def passages(session: Session, ids: Sequence[UUID], words: Sequence[str]) -> dict[UUID, Passage]:
    """A passage of each of these texts: around the first of `words` that it has, else its beginning."""
    if not ids:
        return {}
    find = sa.func.instr if session.get_bind().dialect.name == "sqlite" else sa.func.strpos
    text = sa.func.lower(sa.func.substr(Revision.text, 1, SEARCHED))
    places = [find(text, word.lower()) for word in words[:LOOKED_FOR]]
    at = sa.case(*((place > 0, place) for place in places), else_=1) if places else sa.literal(1)
    start = sa.case((at > BEFORE, at - BEFORE), else_=1)
    columns = (start.label("start"), sa.func.substr(Revision.text, start, LENGTH).label("said"), sa.func.length(Revision.text))
    rows = session.execute(sa.select(Revision.id, *columns).where(Revision.id.in_(ids), Revision.text.is_not(None)))
    return {id: _marked(said, words, start > 1, length >= start + LENGTH) for id, start, said, length in rows}


def _marked(said: str, words: Sequence[str], begun: bool, more: bool) -> Passage:
    """`said` with its words told apart, and ellipses where it is cut."""
    said = f"{'…' if begun else ''}{said.strip()}{'…' if more else ''}"
    if not words:
        return ((said, False),)
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    found = re.split(f"({either})", said, flags=re.IGNORECASE)
    return tuple((part, at % 2 == 1) for at, part in enumerate(found) if part)
