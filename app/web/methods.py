"""Methods that no handler declares: HEAD and OPTIONS, as RFC 9110 promises them; PATCH and DELETE of a form."""

from __future__ import annotations

from urllib.parse import parse_qs

import anyio
from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.root import root_of


def methods_of(request: Request) -> list[str]:
    """The methods that this address takes, of all its routes together (RFC 9110, 10.2.1); empty where there is nothing."""
    path = request.scope["path"].removeprefix(root_of(request))
    routes = [one for one in iter_route_contexts(request.app.routes) if one.path_regex.match(path)]
    found = {method for route in routes for method in route.methods or {"GET"}}
    return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())) if found else []


class Head:
    """ASGI middleware: HEAD is answered as GET is, without its content (RFC 9110, 9.3.2).

    The application sees a GET, and ends as soon as it has sent its headers: a file is not read, a stream not followed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}

        async def heading(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                answering.cancel()

        with anyio.CancelScope() as answering:
            await self.app(asked, receive, heading)
        if "route" in asked:  # the log and the metrics, outside, name it
            scope["route"] = asked["route"]


class FormMethod:
    """ASGI middleware: a form can only GET and POST; `POST /works/1?method=DELETE` of a form is a DELETE.

    So what a page changes and deletes needs no script.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and b"method=" in scope["query_string"]:
            kind = Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower()
            [meant, *_more] = parse_qs(scope["query_string"].decode("latin-1")).get("method", [""])
            if kind == "application/x-www-form-urlencoded" and meant in {"PATCH", "DELETE"}:
                scope = {**scope, "method": meant}
        await self.app(scope, receive, send)
