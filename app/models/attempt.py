"""Attempts: how often somebody tried to sign in under a name, or with a code, from one part of the network.

From the sixth failure on each has to wait, twice as long each time, five minutes at most. Who tries from elsewhere, and whoever
is signed in, notices nothing: nobody can lock another out by guessing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.errors import ThrottledError
from app.storage.columns import Whole, Words
from app.storage.db import Base, now

FREE, LONGEST, FORGOTTEN = 5, 300, timedelta(hours=1)  # failures without a wait; seconds; since the last one


class Attempt(Base):
    """Failures of one key in a row. `until` is when the next try is looked at."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(Words(64), primary_key=True)
    count: Mapped[int] = mapped_column(Whole(0))
    until: Mapped[datetime] = mapped_column(index=True)


def key_of(what: str, address: str) -> str:
    """The key of tries for `what` from the network around an address: /24 of IPv4, /56 of IPv6."""
    try:
        found = ip_address(address.partition("%")[0])
        around = str(ip_network((found, 24 if found.version == 4 else 56), strict=False))  # noqa: PLR2004 (IP versions)
    except ValueError:
        around = address
    return hashlib.sha256(f"{around} {what}".encode("utf-8", "surrogatepass")).hexdigest()


def begin(session: Session, key: str) -> None:
    """Count a try, before it is looked at: many at once are as many one after another. Raises ThrottledError."""
    moment = now()
    session.execute(sa.delete(Attempt).where(Attempt.until < moment - FORGOTTEN))
    row = session.get(Attempt, key, with_for_update=True)
    if row is None:
        row = Attempt(key=key, count=0, until=moment)
        session.add(row)
    if row.until > moment:
        raise ThrottledError((row.until - moment).total_seconds())
    row.count += 1
    row.until = moment + timedelta(seconds=min(LONGEST, 2 ** min(30, row.count - FREE)) if row.count > FREE else 0)
    session.flush()


def forget(session: Session, key: str) -> None:
    """It was the right one: the next failure is the first."""
    session.execute(sa.delete(Attempt).where(Attempt.key == key))
