"""Transcripts: what an engine wrote, token by token, beside the revision it wrote; loaded only when somebody asks."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import Base

Record = list[Any]  # [start, end, text, logprob, forced, [[text, logprob], …]]


class AnAlternative(Protocol):
    """What could have stood in a token's place (app.engines.engine.Alternative is one)."""

    @property
    def text(self) -> str: ...
    @property
    def logprob(self) -> float: ...


class AToken(Protocol):
    """What is asked of a token here (app.engines.engine.Token is one)."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def logprob(self) -> float | None: ...
    @property
    def forced(self) -> bool: ...
    @property
    def alternatives(self) -> Iterable[AnAlternative]: ...


class Transcript(Base):
    """The tokens of a revision. `start` and `end` of each are code points of the revision's text."""

    __tablename__ = "transcripts"

    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("revisions.id"), primary_key=True)
    tokens: Mapped[bytes]  # as `packed` makes it

    @property
    def records(self) -> list[dict[str, Any]]:
        """One a token: {start, end, text, logprob, forced, alternatives: [{text, logprob}]}, in the text's order."""
        return unpack_tokens(self.tokens)


def pack_tokens(tokens: Iterable[AToken]) -> bytes:
    """`tokens` as bytes: `packed` from [start, end, text, logprob, forced, [[text, logprob], …]] each."""
    records: list[Record] = [
        [
            token.start,
            token.end,
            token.text,
            _finite(token.logprob),
            token.forced,
            [[other.text, _finite(other.logprob)] for other in token.alternatives],
        ]
        for token in tokens
    ]
    return packed(records)


def packed(records: list[Record]) -> bytes:
    """Records as a row keeps them."""
    return zlib.compress(json.dumps(records, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())


def unpacked(data: bytes) -> list[Record]:
    """The records that were packed; of damaged bytes none."""
    try:
        found = json.loads(zlib.decompress(data))
    except (zlib.error, ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []


def unpack_tokens(data: bytes) -> list[dict[str, Any]]:
    """What `pack_tokens` packed, as JSON shows it; a logprob is null where the service gave none. Of damaged bytes nothing."""
    try:
        return _told(unpacked(data))
    except (ValueError, TypeError):
        return []


def _told(records: list[Record]) -> list[dict[str, Any]]:
    return [
        {
            "start": start,
            "end": end,
            "text": text,
            "logprob": logprob,
            "forced": forced,
            "alternatives": [{"text": other, "logprob": chance} for other, chance in alternatives],
        }
        for start, end, text, logprob, forced, alternatives in records
    ]


def _finite(logprob: float | None) -> float | None:
    """Rounded to what anybody reads; JSON has no infinity, so a chance of nothing is null."""
    return round(logprob, 5) if logprob is not None and math.isfinite(logprob) else None
