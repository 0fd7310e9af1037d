"""Oneself: the name one goes by here, and the browsers that are signed in (studios with accounts alone)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.archive.writing import Archive
from app.errors import DiskFullError, NotFoundError, SignInError, UnavailableError, raises
from app.models.account import SignIn, digest_of, lasting
from app.models.artist import Artist
from app.models.project import Project
from app.storage.db import now
from app.web.deps import SIGNED_IN, CurrentArtist, OneTurn, Parts, Session, TransactionsOf
from app.web.files import called
from app.web.pages import Reader, answer, reader, sent
from app.web.routes.archives import ENDING, ZIP, sent_whole
from app.web.routes.interface import files

router = APIRouter(route_class=OneTurn, prefix="/me", tags=["accounts"])


class BrowserOut(BaseModel):
    """A browser that is signed in; `here`: this one."""

    id: UUID
    agent: str
    address: str
    created_at: datetime
    expires_at: datetime
    here: bool


class MeOut(BaseModel):
    """Whoever asks; `standing` is member or keeper."""

    id: UUID
    name: str
    standing: str
    browsers: list[BrowserOut]


@router.get("", response_model=MeOut)
@raises(SignInError)
def show(request: Request, transactions: TransactionsOf) -> Response:
    """Who you are here, and where you are signed in."""
    with transactions.reading() as (session, artist):
        account = transactions.asker.account(session)
        here = digest_of(request.cookies.get(SIGNED_IN, ""))
        rows = session.scalars(sa.select(SignIn).where(*_own(artist)).order_by(SignIn.id.desc()))
        names = ("id", "agent", "address", "created_at", "expires_at")
        browsers = [BrowserOut(**{name: getattr(row, name) for name in names}, here=row.digest == here) for row in rows]
        out = MeOut(id=artist.id, name=artist.name, standing=account.standing, browsers=browsers)
    return answer(request, out, "accounts/me.html", browsers=browsers, keeper=account.keeper)


@router.get("/archive", **files(ZIP))
@raises(SignInError, DiskFullError, UnavailableError)
def take_along(artist: CurrentArtist, session: Session, parts: Parts) -> Response:
    """All projects of one's own as one zip, as each of them is by itself (GET /projects/{id}/archive)."""
    mine = sa.select(Project.id).where(Project.owner_id == artist.id)
    return sent_whole(Archive(session, parts.store, artist, mine), called("stemma", artist.name, ENDING))


@router.delete("/sessions/{id}", status_code=204)
@raises(SignInError)
def end(id: UUID, request: Request, transactions: TransactionsOf) -> Response:
    """Sign one of your browsers out. What it keeps open ends within ten seconds."""
    with transactions.writing() as (session, artist):
        row = session.scalar(sa.select(SignIn).where(SignIn.id == id, *_own(artist)))
        if row is None:
            raise NotFoundError
        row.ended_at = now()
    return Response(status_code=204) if reader(request) is Reader.PROGRAM else sent(request, "/me")


def _own(artist: Artist) -> tuple[sa.ColumnElement[bool], ...]:
    return SignIn.artist_id == artist.id, *lasting()
