"""What stands before every handler: hosts, origins, and the headers that keep a page to itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Set as AbstractSet

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import ForbiddenError, ForeignHostError, StemmaError, SubPathError
from app.gate import address
from app.settings import Settings, origin_of
from app.web.pages import wants_html
from app.web.problems import problem

SAFE = {"GET", "HEAD", "OPTIONS"}
DRAINED = 64 * 1024 * 1024  # bytes of a refused body that are thrown away, so that its sender gets to hear why
LINGER, IDLE = 10.0, 1.0  # seconds that this takes at most, and that nothing comes before it ends
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",  # what an answer is to be kept for, and by whom, its handler says
}


def host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    name = host.strip().lower()
    return name.split("]")[0] + "]" if name.startswith("[") else name.rsplit(":", 1)[0] if ":" in name else name


def foreign(method: str, headers: Headers, trusted: AbstractSet[str]) -> bool:
    """True for an unsafe request that a page of another origin sends.

    Sec-Fetch-Site tells (W3C Fetch Metadata, 2.4); older browsers send Origin at least. A request with neither comes
    from a program, which cannot be tricked into using somebody's browser. `trusted` are origins of our own that a proxy
    does not tell in Host; they never outweigh Sec-Fetch-Site, which no proxy changes.
    """
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return False
    if origin_of(origin) in trusted:
        return False
    found = address(origin)
    return found is None or found.netloc.lower() != headers.get("host", "").lower()


class Guard:
    """ASGI middleware around the application: what it refuses, no handler sees."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings, self.trusted = app, settings, settings.trusted_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if host_name(headers.get("host", "")) not in self.settings.allowed_hosts:
            await refuse(scope, receive, send, ForeignHostError())
        elif foreign(scope["method"], headers, self.trusted):
            await refuse(scope, receive, send, ForbiddenError())
        elif headers.get("x-forwarded-prefix", "").strip("/ ") not in {"", self.settings.root[1:]} and wants_html(
            Request(scope)
        ):
            await refuse(scope, receive, send, SubPathError())
        else:
            await self.app(scope, receive, with_headers(send, personal=self.settings.accounts))


def with_headers(send: Send, *, personal: bool = False) -> Send:
    """`send`, adding our headers where the handler set none of its own. `personal`: what a browser keeps of one person's it
    uses for nobody who signs in after them.
    """

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if personal and headers["cache-control"].startswith("private"):
                headers.add_vary_header("Cookie")
        await send(message)

    return adding


async def refuse(scope: Scope, receive: Receive, send: Send, error: StemmaError) -> None:
    """Answer with the error as every error is answered, and close the connection."""
    response = await run_in_threadpool(problem, Request(scope, receive), error)
    response.headers["Connection"] = "close"
    await response(scope, receive, with_headers(lingering(receive, send)))


def lingering(receive: Receive, send: Send) -> Send:
    """`send` for an answer that closes the connection before its request was read.

    A connection that is closed while data lies unread is reset, and the reset may take the answer with it (RFC 9112, 9.6):
    so the answer goes out, then what still comes is thrown away for a while, and only then the connection is closed.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            await send({**message, "more_body": True})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    await drained(receive)
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return sending


async def drained(receive: Receive) -> None:
    """Throw away what is left of a body, up to DRAINED bytes. Raises TimeoutError when nothing comes for IDLE seconds."""
    left = DRAINED
    while left > 0:
        async with asyncio.timeout(IDLE):
            message = await receive()
        left -= len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
