"""What handlers ask for: a session, the artist, the studio's parts, and a body that is JSON or a form."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from sqlalchemy import orm

from app.db import Database
from app.engines.engine import Engine
from app.errors import InvalidError, TooLargeError, _
from app.live import Live
from app.models.artist import Artist, local_artist
from app.queue import Queue
from app.search.index import Index
from app.settings import Settings
from app.store import Store

SAFE = {"GET", "HEAD", "OPTIONS"}
MAX_BODY = 4 * 1024 * 1024  # bytes of a JSON or form body; files have their own limit
WRITING = 8 * 1024 * 1024  # … of one that holds a text: a million characters of any script, and who wrote them


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


def session(request: Request, parts: Parts) -> Iterator[orm.Session]:
    """A session for this request: it commits when the handler returns, before the answer is sent."""
    with parts.database.open(writes=request.method not in SAFE) as opened:
        yield opened
        if request.method not in SAFE:
            opened.commit()


Session = Annotated[orm.Session, Depends(session, scope="function")]


def current_artist(session: Session) -> Artist:
    """Who asks: the one local artist, until accounts come."""
    return local_artist(session)


CurrentArtist = Annotated[Artist, Depends(current_artist, scope="function")]
Model = TypeVar("Model", bound=BaseModel)


def body(model: type[Model], limit: int = MAX_BODY) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that reads `model` from JSON or a form of `limit` bytes, whichever was sent (dotted form names nest)."""

    async def read(request: Request) -> Model:
        raw = await _raw(request, limit)
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            raise RequestValidationError(error.errors()) from error

    return read


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` for a handler that takes `body(model)`: the same schema as JSON and as a form."""
    whole = model.model_json_schema()
    schema = {"schema": _inlined(whole, whole.pop("$defs", {}))}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": schema, "application/x-www-form-urlencoded": schema},
        }
    }


def _inlined(schema: Any, known: dict[str, Any]) -> Any:
    """`schema` with what it refers to in its place: OpenAPI looks for references elsewhere."""
    if isinstance(schema, list):
        return [_inlined(below, known) for below in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    whole = {**known[name], **{k: v for k, v in schema.items() if k != "$ref"}} if name in known else schema
    return {key: _inlined(below, known) for key, below in whole.items()}


async def _raw(request: Request, limit: int) -> Any:
    declared = request.headers.get("content-length", "0")
    too_large = TooLargeError(_("That is too much at once: at most %(limit)s."), limit=f"{limit // 2**20} MB")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.form(max_fields=400, max_part_size=limit)
        return nest([(name, value) for name, value in form.multi_items() if isinstance(value, str)])
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise too_large
    if not data:
        return {}
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidError("body", _("is not JSON")) from error


def nest(pairs: list[tuple[str, str]]) -> Any:
    """`[("brief.intent", "x"), ("parents.0.role", "vary")]` as nested dicts; digits make lists, a repeated name a list."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        at, *rest = root, *name.split(".")
        for key in rest[:-1]:
            below = at.setdefault(key, {})
            if not isinstance(below, dict):
                raise InvalidError(name, _("does not fit the other fields"))
            at = below
        known = at.get(rest[-1])
        at[rest[-1]] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return _lists(root)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(below) for key, below in value.items()}
