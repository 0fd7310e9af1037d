"""Errors as answers: problem+json (RFC 9457) for a program, a page for a person, a toast for htmx."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import (
    InvalidError,
    MalformedError,
    MethodError,
    NotFoundError,
    SignInError,
    StemmaError,
    UnfitError,
    _,
    filled,
)
from app.storage.faults import database_fault, system_fault
from app.web.methods import methods_of
from app.web.observe import request_id
from app.web.pages import VARY, is_htmx, language_of, page, sent, wants_html
from app.web.root import root_of
from app.web.templates import translations

log = logging.getLogger(__name__)
WHERE = {"body", "query", "path", "header", "cookie"}


def problem(request: Request, error: StemmaError) -> Response:
    """The one answer to every error."""
    say = translations(language_of(request)).gettext
    fields = error.errors(say) if isinstance(error, InvalidError) else list(error.extra.get("fields", []))
    message = error.message(say)
    if wants_html(request):
        if isinstance(error, SignInError) and error.title == SignInError.title:
            return sent_to_sign_in(request)
        return _shown(request, error, message, fields)
    body: dict[str, Any] = {
        "type": f"urn:stemma:{error.code}",
        "title": message,
        "status": error.status,
        "code": error.code,
        "detail": "; ".join(f"{f['field']}: {f['message']}" for f in fields) or message,
        "instance": request.url.path,
        "request": request_id.get(),
    }
    body |= {"fields": fields} if fields else {}
    body |= {key: value for key, value in error.extra.items() if key != "fields"}
    return JSONResponse(body, error.status, {**VARY, **error.headers}, media_type="application/problem+json")


def sent_to_sign_in(request: Request) -> Response:
    """The way to the sign-in, and from there back to what was asked for."""
    asked = request.url.path.removeprefix(root_of(request)) + (f"?{request.url.query}" if request.url.query else "")
    where = f"/sign-in?next={quote(asked)}" if request.method == "GET" and not is_htmx(request) else "/sign-in"
    return sent(request, where)


def _shown(request: Request, error: StemmaError, message: str, fields: list[dict[str, str]]) -> Response:
    context = {"status": error.status, "code": error.code, "message": message, "fields": fields, "request_id": request_id.get()}
    context |= {"extra": error.extra}
    if is_htmx(request):
        headers = {"HX-Retarget": "#problem", "HX-Reswap": "innerHTML", **error.headers}
        return page(request, "errors/_problem.html", error.status, headers, **context)
    return page(request, "errors/error.html", error.status, error.headers, **context)


def _invalid(errors: Any, say: Callable[[str], str]) -> StemmaError:
    """What pydantic found, by field; a body's place in the request is not part of its name."""
    fields = []
    for one in errors:
        place = [str(part) for part in one["loc"]]
        name = ".".join(place[1:] if place and place[0] in WHERE and len(place) > 1 else place)
        found = one.get("ctx", {}).get("error")  # what one of our validators raised: in the reader's language
        ours = filled(say(found.title), found.details) if isinstance(found, UnfitError) else None
        fields.append({"field": name, "message": ours or say(str(one["msg"]).removeprefix("Value error, "))})
    error = StemmaError(_("Please check what you entered."), extra={"fields": fields})
    error.status, error.code = 422, "invalid"
    return error


def _framework(request: Request, error: HTTPException) -> StemmaError:
    """What FastAPI and Starlette raise, as ours: no such address or method, or a body that cannot be taken apart."""
    if isinstance(error.__cause__, StemmaError):  # ours, met while FastAPI read the body
        return error.__cause__
    if error.status_code == NotFoundError.status:
        return NotFoundError()
    if error.status_code == MethodError.status:
        return MethodError(methods_of(request))
    if error.status_code == MalformedError.status:
        return MalformedError()
    ours = StemmaError(str(error.detail))
    ours.status, ours.code = error.status_code, "http"
    return ours


def install(app: FastAPI) -> None:
    """Turn every error of the application into an answer."""

    @app.exception_handler(StemmaError)
    def _ours(request: Request, error: StemmaError) -> Response:
        return problem(request, error)

    @app.exception_handler(RequestValidationError)
    def _validation(request: Request, error: RequestValidationError) -> Response:
        bad_path = all(one["loc"][:1] == ("path",) for one in error.errors())
        say = translations(language_of(request)).gettext
        return problem(request, NotFoundError() if bad_path else _invalid(error.errors(), say))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code == MethodError.status and request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ", ".join(methods_of(request))})
        return problem(request, _framework(request, error))

    @app.exception_handler(sa.exc.SQLAlchemyError)
    def _sql(request: Request, error: sa.exc.SQLAlchemyError) -> Response:
        log.error("the database refused", exc_info=error)
        return problem(request, database_fault(error))

    @app.exception_handler(OSError)
    def _os(request: Request, error: OSError) -> Response:
        log.error("the system refused", exc_info=error)
        return problem(request, system_fault(error))


class Unexpected:
    """ASGI middleware around the application: what nobody foresaw is logged, and the person still gets an answer.

    It stands inside the guard, so that this answer too carries the guard's headers and the request's id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception:
            log.exception("unexpected")
            if started or scope["type"] != "http":
                raise
            response = await run_in_threadpool(problem, Request(scope, receive), StemmaError())
            await response(scope, receive, send)
