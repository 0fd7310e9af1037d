"""What handlers ask for: a session, the artist, the studio's parts, and a body that is JSON or a form.

A session is opened where its handler runs, in one turn of one thread, and closed there: so nothing is begun while a body is
read, and no lock and no connection is held while a thread is waited for.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from sqlalchemy import orm
from starlette.concurrency import run_in_threadpool

from app import gate
from app.engines.engine import Engine
from app.errors import (
    DiskFullError,
    InvalidError,
    MalformedError,
    SignInError,
    TooLargeError,
    UnavailableError,
    UnfitError,
    _,
    raises,
)
from app.models.account import Account, signed_in
from app.models.artist import Artist, local_artist
from app.models.sight import see_as
from app.search.index import Index
from app.settings import Settings
from app.storage.db import Database
from app.storage.faults import DamagedError
from app.storage.queue import Queue
from app.storage.store import Store
from app.web.live.live import Live

SIGNED_IN = "stemma_session"  # the cookie of a browser that is signed in
SAFE = {"GET", "HEAD", "OPTIONS"}
MAX_BODY = 4 * 1024 * 1024  # bytes of a JSON or form body; files have their own limit
DEEPEST_NAME = 8  # parts of a form field's name, between dots
WRITING = 8 * 1024 * 1024  # … of one that holds a text: a million characters of any script, and who wrote them
QUICK = 64 * 1024  # bytes of a body that are read in less time than a thread takes to begin
WRITERS = 24  # threads of handlers that change something: when they all wait for the database, reading still goes on


@dataclass
class Studio:
    """The parts one web process is made of."""

    settings: Settings
    database: Database
    store: Store
    queue: Queue
    live: Live
    engines: dict[str, Engine]
    index: Index


async def studio(request: Request) -> Studio:
    """The parts of this process (async, since a plain function would cost every request a turn in a thread)."""
    parts: Studio = request.app.state.studio
    return parts


Parts = Annotated[Studio, Depends(studio)]


class Asker(NamedTuple):
    """Who asks: the studio's one artist or, where it has accounts, whose browser has this token."""

    accounts: bool
    token: str | None

    def account(self, session: orm.Session) -> Account:
        """Whose browser it is, in a studio with accounts. Raises SignInError."""
        found = signed_in(session, self.token)
        if found is None:
            raise SignInError
        return found

    def artist(self, session: orm.Session) -> Artist:
        """The artist. Raises SignInError where nobody is signed in."""
        return self.account(session).artist if self.accounts else local_artist(session)


def asker_of(request: Request, parts: Studio) -> Asker:
    """Who asks, by the cookie of their browser."""
    return Asker(parts.settings.accounts, request.cookies.get(SIGNED_IN))


class Transactions:
    """A request's way to the database, for a handler with work to do before its write: look, work, then write."""

    def __init__(self, database: Database, what: str, *, writes: bool, asker: Asker) -> None:
        self.database, self.what, self.writes, self.asker = database, what, writes, asker

    @contextmanager
    def reading(self) -> Iterator[tuple[orm.Session, Artist]]:
        """A session for reads, and the artist in it. A request that goes on to write is refused here already where it must be:
        what a damaged database gives to read is no ground to answer on.
        """
        if self.writes and self.database.forbids_writing():
            raise DamagedError
        with self.database.reading() as session:
            yield session, self._seen(session)

    @contextmanager
    def writing(self) -> Iterator[tuple[orm.Session, Artist]]:
        """A transaction, and the artist in it; it commits at the end. Nobody else writes meanwhile."""
        with self.database.writing(self.what) as session:
            yield session, self._seen(session)

    def _seen(self, session: orm.Session) -> Artist:
        """Who asks. The session sees what they may see, and no more."""
        artist = self.asker.artist(session)
        see_as(session, artist, changes=self.writes)
        return artist

    def own(self) -> Any:
        """The one that fits the request's method."""
        return self.writing() if self.writes else self.reading()


class Later(NamedTuple):
    """Stands for what a handler takes of a session, until the handler runs."""

    transactions: Transactions
    place: int  # in the pair that a transaction gives


@raises(UnavailableError, DiskFullError)
async def transactions(request: Request, parts: Parts) -> Transactions:
    """What a handler takes that says itself when it writes."""
    route = getattr(request.scope.get("route"), "path_format", request.url.path)
    return Transactions(
        parts.database, f"{request.method} {route}", writes=request.method not in SAFE, asker=asker_of(request, parts)
    )


TransactionsOf = Annotated[Transactions, Depends(transactions)]


class Me(NamedTuple):
    """Who is signed in, as every page tells."""

    name: str
    keeper: bool


@raises(SignInError)
async def somebody(request: Request, transactions: TransactionsOf) -> None:
    """Whoever asks must be signed in, in a studio with accounts. For the routes that ask for no artist, too."""

    def look() -> Me:
        with transactions.database.reading() as session:
            account = transactions.asker.account(session)
            return Me(account.artist.name, account.keeper)

    if transactions.asker.accounts:
        request.state.me = await run_in_threadpool(look)


async def session(transactions: TransactionsOf) -> Later:
    """A session for this request: it commits when the handler returns, before the answer is sent."""
    return Later(transactions, 0)


async def current_artist(transactions: TransactionsOf) -> Later:
    """Who asks (Transactions._seen tells)."""
    return Later(transactions, 1)


Session = Annotated[orm.Session, Depends(session)]
CurrentArtist = Annotated[Artist, Depends(current_artist)]
_writers: RunVar[CapacityLimiter] = RunVar("writers")


class OneTurn(APIRoute):
    """A route whose handler has its session, from first to last, in one turn of one thread; those that change something
    have threads of their own.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        unsafe = not {method.upper() for method in given.get("methods") or ("GET",)} <= SAFE
        super().__init__(path, in_one_turn(endpoint, given.get("status_code") or 200, unsafe=unsafe), **given)


def in_one_turn(handler: Callable[..., Any], status: int, *, unsafe: bool) -> Callable[..., Any]:
    """`handler` with what it takes of a session in the place of what stood for it, and a model that it gives as JSON: FastAPI
    would write it where every other request waits.
    """
    if inspect.iscoroutinefunction(handler):
        return handler

    @functools.wraps(handler)
    def turn(**given: Any) -> Any:
        later = next((value for value in given.values() if isinstance(value, Later)), None)
        if later is None:
            return written(handler(**given), given)
        with later.transactions.own() as found:
            return written(handler(**{k: found[v.place] if isinstance(v, Later) else v for k, v in given.items()}), given)

    def written(made: Any, given: dict[str, Any]) -> Any:
        if not isinstance(made, BaseModel):
            return made
        answer = Response(made.model_dump_json(), status, media_type="application/json")
        for headers in (value.headers for value in given.values() if isinstance(value, Response)):
            answer.headers.raw.extend(headers.raw)  # what the handler says of its answer, as FastAPI takes it
        return answer

    @functools.wraps(handler)
    async def among_writers(**given: Any) -> Any:
        limiter = _writers.get(None) or CapacityLimiter(WRITERS)
        _writers.set(limiter)
        return await run_sync(functools.partial(turn, **given), limiter=limiter)

    return among_writers if unsafe else turn


Model = TypeVar("Model", bound=BaseModel)
FIELDS = 400  # of a form


class Encoded(bytes):
    """A form as it came (application/x-www-form-urlencoded): eight megabytes of `%41` take a second to read."""


Given = bytes | Encoded | list[tuple[str, str]]  # JSON, a form, or a form's fields


def body(model: type[Model], limit: int = MAX_BODY) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that reads `model` from JSON or a form of `limit` bytes, whichever was sent (dotted form names nest)."""

    @raises(MalformedError, TooLargeError, InvalidError)
    async def read(request: Request) -> Model:
        given = await _given(request, limit)
        size = len(given) if isinstance(given, bytes) else sum(len(value) for _name, value in given)
        return await run_in_threadpool(_parsed, model, given) if size > QUICK else _parsed(model, given)

    read.model = model  # type: ignore[attr-defined]  # what the description of the interface says of this body
    return read


def _parsed(model: type[Model], given: Given) -> Model:
    if isinstance(given, Encoded):
        given = _fields(given)
    try:
        return model.model_validate(nest(given) if isinstance(given, list) else _json(given))
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


def _fields(form: Encoded) -> list[tuple[str, str]]:
    try:
        return parse_qsl(form.decode("latin-1"), keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError as error:
        raise MalformedError from error


def _json(data: bytes) -> Any:
    try:
        return gate.parsed(data, numbers=False) if data else {}
    except UnfitError as error:
        raise InvalidError("body", error.title, **error.details) from error


async def _given(request: Request, limit: int) -> Given:
    """The bytes of a body, or the fields of a form. Raises TooLargeError."""
    declared = request.headers.get("content-length", "0")
    too_large = TooLargeError(_("That is too much at once: at most %(limit)s."), limit=f"{limit // 2**20} MB")
    if (gate.whole(declared) or 0) > limit:
        raise too_large
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_fields=FIELDS, max_part_size=limit) as form:
            return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise too_large
    return Encoded(data) if kind == "application/x-www-form-urlencoded" else bytes(data)


def nest(pairs: list[tuple[str, str]]) -> Any:
    """`[("brief.intent", "x"), ("parents.0.role", "vary")]` as nested dicts; digits make lists, a repeated name a list.

    Raises InvalidError for a name of more than DEEPEST_NAME parts, and for names that contradict one another.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        at, *rest = root, *name.split(".", DEEPEST_NAME)
        if len(rest) > DEEPEST_NAME:
            raise InvalidError(gate.printable(name, 80), _("is nested too deep: at most %(most)d levels"), most=DEEPEST_NAME)
        for key in rest[:-1]:
            below = at.setdefault(key, {})
            if not isinstance(below, dict):
                raise _contradiction(name)
            at = below
        known = at.get(rest[-1])
        if isinstance(known, dict):
            raise _contradiction(name)
        at[rest[-1]] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return _lists(root)


def _contradiction(name: str) -> InvalidError:
    return InvalidError(gate.printable(name, 80), _("does not fit the other fields"))


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    places = [gate.whole(key) for key in value]
    if value and None not in places:
        return [_lists(value[key]) for _place, key in sorted(zip(places, value, strict=True))]
    return {key: _lists(below) for key, below in value.items()}
