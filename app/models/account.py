"""Accounts: who may sign in, the links by which people come in, and the browsers that are signed in.

A studio has them where STEMMA_ACCOUNTS says so. What is handed out (the code of a link, the token of a browser) is kept as
its SHA-256 alone: who reads the database signs in as nobody.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.errors import InvalidError, NotFoundError, _
from app.models.artist import Artist, local_artist
from app.storage.columns import Word, Words
from app.storage.db import Base, now, uuid7

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # of a code: none looks like another
CODE, GROUP = 20, 4  # letters of a code (100 bits), and between its hyphens
INVITED, RESET = timedelta(days=7), timedelta(hours=1)  # how long a link is good
LASTS = timedelta(days=30)  # a browser stays signed in


class Standing(StrEnum):
    """What somebody is in the studio: a keeper adds people; into what is others', a keeper sees no further than a member."""

    MEMBER = "member"
    KEEPER = "keeper"


class Account(Base):
    """What an artist signs in with. `handle` is the artist's name as it is compared."""

    __tablename__ = "accounts"

    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"), primary_key=True)
    handle: Mapped[str] = mapped_column(Words(120), unique=True)
    password: Mapped[str] = mapped_column(Words(200))  # argon2id
    standing: Mapped[Standing] = mapped_column(Word(Standing, Standing.MEMBER, 10), default=Standing.MEMBER)
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)  # the password

    artist: Mapped[Artist] = relationship(lazy="joined")

    @property
    def keeper(self) -> bool:
        """Whether they may add people."""
        return self.standing == Standing.KEEPER


class Invitation(Base):
    """A link that is good once: it brings somebody in or, of `artist_id`, gives them a new password."""

    __tablename__ = "invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    digest: Mapped[str] = mapped_column(Words(64), unique=True)
    standing: Mapped[Standing] = mapped_column(Word(Standing, Standing.MEMBER, 10), default=Standing.MEMBER)
    artist_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("artists.id"))
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("artists.id"))  # None: whoever has the studio's terminal
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignIn(Base):
    """A browser that is signed in, or was."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    artist_id: Mapped[UUID] = mapped_column(sa.ForeignKey("artists.id"), index=True)
    digest: Mapped[str] = mapped_column(Words(64), unique=True)
    address: Mapped[str] = mapped_column(Words(60), default="")
    agent: Mapped[str] = mapped_column(Words(200), default="")  # what the browser says of itself
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


def handle_of(name: str) -> str:
    """A name as it is compared: no two people are told apart by capitals, by spaces, or by forms of one letter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())[:120]


def digest_of(secret: str) -> str:
    """What is kept of a code or a token; a code may be typed in any way."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def bare(code: str) -> str:
    """A code without what was typed between its letters."""
    return "".join(letter for letter in code.upper() if letter.isalnum())[:100]


def new_code() -> str:
    """A code that nobody guesses, without what stands between its letters."""
    return "".join(secrets.choice(LETTERS) for _letter in range(CODE))


def grouped(code: str) -> str:
    """A code as a person reads it."""
    return "-".join(code[at : at + GROUP] for at in range(0, CODE, GROUP))


def invite(session: Session, by: Artist | None, standing: Standing, artist: Artist | None = None) -> str:
    """The code of a new link for somebody new, or for a new password of `artist`. It is told here, and never again."""
    code = new_code()
    lasts = RESET if artist else INVITED
    session.add(
        Invitation(
            digest=digest_of(code),
            standing=standing,
            artist_id=artist.id if artist else None,
            by_id=by.id if by else None,
            expires_at=now() + lasts,
        )
    )
    session.flush()
    return grouped(code)


def known(session: Session, code: str) -> Invitation:
    """The link of this code, while it is good. Raises NotFoundError."""
    good = (Invitation.used_at.is_(None), Invitation.expires_at > now())
    found = session.scalar(sa.select(Invitation).where(Invitation.digest == digest_of(bare(code)), *good))
    if found is None:
        raise NotFoundError(_("This link is used up, too old, or mistyped. Ask for a new one."))
    return found


def redeem(session: Session, code: str, name: str, password: str) -> Account:
    """Who the link brings in, or gives a new password (`password` is hashed); it is good no more. The first of all takes over
    what the studio's one artist made.

    Raises NotFoundError where the link is not good, and InvalidError for a name that is taken or another's.
    """
    link = known(session, code)
    mine = sa.update(Invitation).where(Invitation.id == link.id, Invitation.used_at.is_(None)).values(used_at=now())
    if session.execute(mine.execution_options(synchronize_session=False)).rowcount != 1:  # type: ignore[attr-defined]  # as of any UPDATE
        raise NotFoundError(_("This link is used up, too old, or mistyped. Ask for a new one."))
    if link.artist_id is not None:
        return _renewed(session, link.artist_id, name, password)
    handle = handle_of(name)
    taken = sa.select(Account.artist_id).where(Account.handle == handle)
    first = session.scalar(sa.select(Account.artist_id).limit(1)) is None
    artist = local_artist(session) if first else Artist(name=name)
    others = sa.select(Artist.id).where(Artist.name == name, Artist.id != artist.id)
    if not handle or session.scalar(taken) or session.scalar(others):
        raise InvalidError("name", _("somebody here has this name"))
    artist.name = name
    session.add(artist)
    session.flush()
    account = Account(artist=artist, artist_id=artist.id, handle=handle, password=password, standing=link.standing)
    session.add(account)
    session.flush()
    return account


def _renewed(session: Session, artist: UUID, name: str, password: str) -> Account:
    """The account with its new password, and every browser of it signed out."""
    account = session.get_one(Account, artist)
    if account.handle != handle_of(name):
        raise InvalidError("name", _("this link is for another name"))
    account.password, account.changed_at = password, now()
    end_all(session, artist)
    return account


def sign_in(session: Session, artist: UUID, address: str, agent: str) -> str:
    """The token of a browser that is signed in from now on: always a new one."""
    token = secrets.token_urlsafe(32)
    row = SignIn(artist_id=artist, digest=digest_of(token), address=address[:60], agent=agent[:200], expires_at=now() + LASTS)
    session.add(row)
    session.flush()
    return token


def lasting() -> tuple[sa.ColumnElement[bool], ...]:
    """What a row of a browser that is signed in fulfils."""
    return SignIn.ended_at.is_(None), SignIn.expires_at > now()


def signed_in(session: Session, token: str | None) -> Account | None:
    """Whose browser has this token; None where nobody's has."""
    if not token:
        return None
    query = sa.select(Account).join(SignIn, SignIn.artist_id == Account.artist_id)
    return session.scalar(query.where(SignIn.digest == digest_of(token), *lasting()))


def end_all(session: Session, artist: UUID) -> None:
    """Sign every browser of the artist out."""
    mine = sa.update(SignIn).where(SignIn.artist_id == artist, SignIn.ended_at.is_(None)).values(ended_at=now())
    session.execute(mine.execution_options(synchronize_session=False))
