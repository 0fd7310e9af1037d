"""People: a keeper lists who has an account, and makes the links by which others come in (studios with accounts alone)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import orm

from app.errors import NotFoundError, SignInError, raises
from app.models.account import INVITED, RESET, Account, Standing, invite
from app.web.deps import OneTurn, Transactions, TransactionsOf, body
from app.web.pages import answer
from app.web.root import root_of
from app.web.schemas import Listed

router = APIRouter(route_class=OneTurn, prefix="/artists", tags=["accounts"])


class PersonOut(BaseModel):
    """Somebody with an account; `standing` is member or keeper."""

    id: UUID
    name: str
    standing: str


class Wanted(BaseModel):
    """What the new person is to be."""

    standing: Standing = Standing.MEMBER


class LinkOut(BaseModel):
    """A link that is good once, for so many hours. Its code is told here, and never again."""

    link: str
    code: str
    hours: int


def _keeper(transactions: Transactions, session: orm.Session) -> Account:
    """The account of whoever asks, where they are a keeper: to all others none of this is there."""
    account = transactions.asker.account(session)
    if not account.keeper:
        raise NotFoundError
    return account


@router.get("", response_model=Listed[PersonOut])
@raises(SignInError, NotFoundError)
def index(request: Request, transactions: TransactionsOf) -> Response:
    """Everybody with an account."""
    with transactions.reading() as (session, _artist):
        _keeper(transactions, session)
        rows = session.scalars(sa.select(Account).order_by(Account.handle)).all()
        people = [PersonOut(id=row.artist_id, name=row.artist.name, standing=row.standing) for row in rows]
    return answer(request, Listed[PersonOut](items=people), "accounts/people.html", people=people)


@router.post("", status_code=201, response_model=LinkOut)
@raises(SignInError, NotFoundError)
def add(request: Request, transactions: TransactionsOf, wanted: Annotated[Wanted, Depends(body(Wanted))]) -> Response:
    """A link by which somebody new comes in, with works of their own."""
    with transactions.writing() as (session, artist):
        _keeper(transactions, session)
        code = invite(session, artist, wanted.standing)
    return told_link(request, "join", code, INVITED, back="/artists")


@router.post("/{id}/resets", status_code=201, response_model=LinkOut)
@raises(SignInError)
def reset(id: UUID, request: Request, transactions: TransactionsOf) -> Response:
    """A link by which somebody sets a new password; it signs all their browsers out."""
    with transactions.writing() as (session, artist):
        _keeper(transactions, session)
        account = session.get(Account, id)
        if account is None:
            raise NotFoundError
        code = invite(session, artist, account.standing, account.artist)
    return told_link(request, "join", code, RESET, back="/artists")


def told_link(request: Request, page: str, code: str, lasts: timedelta, *, back: str) -> Response:
    """A link with its code behind the #, told once; `back` is where it was asked for."""
    link = f"{request.url.scheme}://{request.url.netloc}{root_of(request)}/{page}#{code}"
    out = LinkOut(link=link, code=code, hours=round(lasts.total_seconds() / 3600))
    headers = {"Cache-Control": "no-store"}
    return answer(request, out, "accounts/link.html", status=201, headers=headers, told=out, back=back)
