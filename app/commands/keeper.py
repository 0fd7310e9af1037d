"""`stemma keeper`: links that only whoever has the terminal can make, in a studio with accounts."""

from __future__ import annotations

import sqlalchemy as sa

from app.errors import NotFoundError, _
from app.models.account import Account, Standing, handle_of, invite
from app.settings import Settings
from app.storage.db import Database


def link(config: Settings, name: str = "") -> str:
    """A link for a new keeper (the first of all takes over what is there) or, with a name, for that person's new password.

    Raises NotFoundError for a name that nobody has.
    """
    database = Database(config)
    try:
        with database.writing() as session:
            account = session.scalar(sa.select(Account).where(Account.handle == handle_of(name))) if name else None
            if name and account is None:
                raise NotFoundError(_("Nobody here goes by that name."))
            standing = account.standing if account else Standing.KEEPER
            code = invite(session, None, standing, account.artist if account else None)
    finally:
        database.close()
    return f"{address(config)}/join#{code}"


def first_link(config: Settings) -> str | None:
    """The link for the first keeper; None where there is one, or where the studio has no accounts."""
    if not config.accounts:
        return None
    database = Database(config)
    try:
        with database.reading() as session:
            known = session.scalar(sa.select(Account.artist_id).limit(1))
    finally:
        database.close()
    return None if known else link(config)


def address(config: Settings) -> str:
    """Where a browser finds the studio: what it is told to be seen as, else where it listens."""
    seen = next(iter(sorted(config.trusted_origins)), None)
    host = "localhost" if config.host in {"127.0.0.1", "0.0.0.0", "::1", "::"} else config.host  # noqa: S104 (not listened on)
    return f"{seen or f'http://{host}:{config.port}'}{config.root}"
