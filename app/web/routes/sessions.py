"""Signing in and out, and coming in by a link: what is open to who is not signed in yet (studios with accounts alone)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeVar

import sqlalchemy as sa
from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.errors import (
    DiskFullError,
    InvalidError,
    NotFoundError,
    SignInError,
    StemmaError,
    ThrottledError,
    UnavailableError,
    _,
    raises,
)
from app.gate import LINE
from app.models import attempt, passwords
from app.models.account import LASTS, Account, SignIn, digest_of, handle_of, known, redeem, sign_in
from app.storage.db import Database, now
from app.web.deps import SIGNED_IN, OneTurn, Parts, body
from app.web.pages import Reader, answer, language_of, page, reader
from app.web.templates import translations

router = APIRouter(route_class=OneTurn, tags=["accounts"])
AT_ONCE = 2  # passwords that are looked at together: each takes a core and 64 MiB, and nobody else waits for a thread
OWN = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")  # a path of ours: no other site can be led to
CLEARED = {"Clear-Site-Data": '"cache", "storage"'}  # what a shared machine would keep (ASVS 14.3.1)
_hashers: RunVar[CapacityLimiter] = RunVar("hashers")
Made = TypeVar("Made")
Person = Annotated[str, Field(min_length=1, max_length=120), LINE]
Password = Annotated[str, Field(min_length=1, max_length=passwords.MOST)]


class Credentials(BaseModel):
    """What somebody signs in with; `next` is the path that they go to then."""

    name: Person
    password: Password
    next: str = Field("", max_length=2_000)


class Joining(BaseModel):
    """What somebody comes in with: the code of their link, the name they go by here, a password of 12 characters or more."""

    code: Annotated[str, Field(min_length=1, max_length=100), LINE]
    name: Person
    password: Password


class SignedInOut(BaseModel):
    """Who is signed in; null: nobody."""

    name: str | None


async def in_turn(work: Callable[[], Made]) -> Made:
    """`work`, when it is its turn among those that look at a password."""
    limiter = _hashers.get(None) or CapacityLimiter(AT_ONCE)
    _hashers.set(limiter)
    return await run_sync(work, limiter=limiter)


def address_of(request: Request) -> str:
    """Where the request comes from; "" where nobody tells."""
    return request.client.host if request.client else ""


@router.get("/sign-in", response_model=SignedInOut)
def look(request: Request, parts: Parts, next: Annotated[str, Field(max_length=2_000)] = "") -> Response:
    """The page to sign in on."""
    with parts.database.reading() as session:
        empty = session.scalar(sa.select(Account.artist_id).limit(1)) is None
    return answer(request, SignedInOut(name=None), "accounts/sign_in.html", next=next, empty=empty, problem="")


@router.post("/session", status_code=201, response_model=SignedInOut)
@raises(SignInError, ThrottledError, UnavailableError, DiskFullError)
async def begin(request: Request, parts: Parts, given: Annotated[Credentials, Depends(body(Credentials))]) -> Response:
    """Sign in: this browser is known by a new cookie from now on, for thirty days."""
    try:
        token = await in_turn(partial(_signed_in, parts.database, request, given))
    except (SignInError, ThrottledError) as error:
        return again(request, error, "accounts/sign_in.html", next=given.next, empty=False)
    return _welcome(request, given.name, token, given.next if OWN.fullmatch(given.next) else "/projects")


def _signed_in(database: Database, request: Request, given: Credentials) -> str:
    key = attempt.key_of(handle_of(given.name), address_of(request))
    with database.writing("sign-in") as session:
        attempt.begin(session, key)
    with database.reading() as session:
        account = session.scalar(sa.select(Account).where(Account.handle == handle_of(given.name)))
    kept = account.password if account else passwords.nobodys()
    if not passwords.fits(kept, given.password) or account is None:
        raise SignInError(_("Name and password do not fit together."))
    with database.writing("sign-in") as session:
        attempt.forget(session, key)
        return sign_in(session, account.artist_id, address_of(request), request.headers.get("user-agent", ""))


@router.delete("/session", response_model=SignedInOut)
def end(request: Request, parts: Parts) -> Response:
    """Sign out: the cookie is worth nothing from now on, and the browser is told to forget what it kept."""
    with parts.database.writing("sign-out") as session:
        mine = sa.update(SignIn).where(
            SignIn.digest == digest_of(request.cookies.get(SIGNED_IN, "")), SignIn.ended_at.is_(None)
        )
        session.execute(mine.values(ended_at=now()).execution_options(synchronize_session=False))
    gone = answer(request, SignedInOut(name=None), location="/sign-in", headers=CLEARED)
    gone.delete_cookie(SIGNED_IN, path="/", secure=secure(request), httponly=True, samesite="lax")
    return gone


@router.get("/join", response_model=SignedInOut)
def arrive(request: Request) -> Response:
    """The page that a link leads to. Its code stands behind the #, which no server and no log is told of."""
    return answer(request, SignedInOut(name=None), "accounts/join.html", code="", name="", problem="")


@router.post("/joins", status_code=201, response_model=SignedInOut)
@raises(NotFoundError, ThrottledError, UnavailableError, DiskFullError)
async def join(request: Request, parts: Parts, given: Annotated[Joining, Depends(body(Joining))]) -> Response:
    """Come in by a link, or set a new password by one. The link is good no more."""
    try:
        token = await in_turn(partial(_joined, parts.database, request, given))
    except (NotFoundError, InvalidError, ThrottledError) as error:
        return again(request, error, "accounts/join.html", code=given.code, name=given.name)
    return _welcome(request, given.name, token, "/projects")


def _joined(database: Database, request: Request, given: Joining) -> str:
    key = attempt.key_of("a code", address_of(request))
    with database.writing("join") as session:
        attempt.begin(session, key)
    with database.reading() as session:
        known(session, given.code)
    passwords.check(given.password, given.name)
    kept = passwords.hashed(given.password)
    with database.writing("join") as session:
        account = redeem(session, given.code, given.name, kept)
        attempt.forget(session, key)
        return sign_in(session, account.artist_id, address_of(request), request.headers.get("user-agent", ""))


def again(request: Request, error: StemmaError, template: str, **fields: Any) -> Response:
    """The form once more for a person, with what was wrong; a program gets the error itself."""
    if reader(request) is not Reader.BROWSER:
        raise error
    say = translations(language_of(request)).gettext
    said = [one["message"] for one in error.errors(say)] if isinstance(error, InvalidError) else [error.message(say)]
    return page(request, template, error.status, error.headers, problem="; ".join(said), **fields)


def _welcome(request: Request, name: str, token: str, where: str) -> Response:
    come = answer(request, SignedInOut(name=name), status=201, location=where)
    lasts = int(LASTS.total_seconds())
    come.set_cookie(SIGNED_IN, token, max_age=lasts, path="/", secure=secure(request), httponly=True, samesite="lax")
    return come


def secure(request: Request) -> bool:
    """Whether the cookie is for https alone: where the browser came by https, it is never sent without."""
    return request.url.scheme == "https"
