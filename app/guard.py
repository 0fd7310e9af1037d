"""What stands before every handler: hosts, origins, body sizes, and the headers that keep a page to itself."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import ForbiddenError, ForeignHostError, StemmaError, TooLargeError
from app.settings import Settings

SAFE = {"GET", "HEAD", "OPTIONS"}
SLACK = 1024 * 1024  # bytes of a request besides the file it carries
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
}


def host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    name = host.strip().lower()
    return name.split("]")[0] + "]" if name.startswith("[") else name.rsplit(":", 1)[0] if ":" in name else name


def foreign(method: str, headers: Headers) -> bool:
    """True for an unsafe request that a page of another origin sends.

    Sec-Fetch-Site tells (W3C Fetch Metadata, 2.4); older browsers send Origin at least. A request with neither comes
    from a program, which cannot be tricked into using somebody's browser.
    """
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


class Guard:
    """ASGI middleware. Refusals are problem+json: no page of ours sends such requests."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self.settings.max_upload + SLACK
        declared = headers.get("content-length", "0")
        if host_name(headers.get("host", "")) not in self.settings.allowed_hosts:
            await refuse(send, ForeignHostError())
        elif foreign(scope["method"], headers):
            await refuse(send, ForbiddenError())
        elif declared.isdigit() and int(declared) > limit:
            await refuse(send, TooLargeError(limit=f"{self.settings.max_upload // 2**20} MB"))
        else:
            await self.app(scope, limited(receive, limit), with_headers(send))


def limited(receive: Receive, limit: int) -> Receive:
    """`receive`, ending with TooLargeError when more than `limit` bytes arrive (a body may come without a length)."""
    read = 0

    async def counting() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise TooLargeError(limit=f"{limit // 2**20} MB")
        return message

    return counting


def with_headers(send: Send) -> Send:
    """`send`, adding our headers where the handler set none of its own."""

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return adding


async def refuse(send: Send, error: StemmaError) -> None:
    """Answer with the error and nothing else; the body is not read."""
    problem = {"type": f"urn:stemma:{error.code}", "title": error.message(), "status": error.status, "code": error.code}
    body = json.dumps(problem).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
