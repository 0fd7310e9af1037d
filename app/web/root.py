"""The path below which a proxy shows the studio (STEMMA_ROOT), before every address that leaves the studio.

Routes, templates and handlers write addresses as if the studio had a host of its own. The path comes before them in four
places, and nowhere else: templates (`Rooted`), headers (`Root`), scripts (static/js/shared/http.js, `rooted`), and the few
addresses in JSON (`root_of`).
"""

from __future__ import annotations

import re

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from jinja2.ext import Extension
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import StemmaError, _

LEADING = ("location", "content-location", "hx-redirect", "hx-location", "hx-push-url", "hx-replace-url")
COOKIE_PATH = re.compile(r"(?i)(;\s*path=)/(?=;|$)")
# An attribute whose value is an address of ours: a slash and a letter. An expression may name the verb of htmx.
ADDRESS = re.compile(r"""(\s(?:href|src|action|formaction|poster|hx-[a-z-]+|hx-\{\{[^}]*\}\}|data-[a-z-]+)=")(?=/\w)""")


class Root:
    """ASGI middleware around everything: requests with and without the path (a proxy may strip it or not) are the same.

    Inside, `path` begins with `root_path`, as ASGI wants it. Headers that lead somewhere and the cookies' path get the path,
    and cookies are sent over https alone where the page came that way.
    """

    def __init__(self, app: ASGIApp, root: str) -> None:
        self.app, self.root = app, root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        secure = scope.get("scheme") == "https"

        async def leading(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.lead(MutableHeaders(scope=message), secure)
            await send(message)

        await self.app(self.below(scope), receive, leading)

    def below(self, scope: Scope) -> Scope:
        """The scope of a request as the application reads it."""
        path, raw = str(scope["path"]), bytes(scope.get("raw_path") or b"")
        if not self.root or path.startswith(f"{self.root}/"):
            return {**scope, "root_path": self.root}
        if path == self.root:
            path, raw = "/", b"/"
        return {**scope, "root_path": self.root, "path": self.root + path, "raw_path": self.root.encode() + raw}

    def lead(self, headers: MutableHeaders, secure: bool) -> None:
        """Put the path before what an answer's headers say of ours."""
        for name in LEADING if self.root else ():
            if name in headers:
                headers[name] = self.outside(headers[name])
        cookies = headers.getlist("set-cookie")
        if cookies and (self.root or secure):
            del headers["set-cookie"]
            for cookie in cookies:
                told = COOKIE_PATH.sub(rf"\g<1>{self.root or '/'}", cookie)
                headers.append("set-cookie", f"{told}; Secure" if secure else told)

    def outside(self, address: str) -> str:
        """An address of ours, as a browser asks for it; any other as it is."""
        ours = address.startswith("/") and not address.startswith(("//", f"{self.root}/")) and address != self.root
        return self.root + address if ours else address


class Rooted(Extension):
    """Jinja's templates with the path before each address in an attribute; elsewhere a template writes {{ root }} itself."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source of the template `name`, before it is read."""
        del name, filename
        return ADDRESS.sub(r"\1{{ root }}", source)


def root_of(request: Request) -> str:
    """The path before every address, without a slash at its end; empty where the studio has a host of its own."""
    return str(request.scope.get("app_root_path", request.scope.get("root_path", "")))


def insist_on_its_own(root: str, app: FastAPI) -> None:
    """Refuse a path that begins as an address of ours does: nobody could tell the two apart when a proxy strips it."""
    first = root.split("/")[1] if root else ""
    if first and any(str(route.path).split("/")[1:2] == [first] for route in iter_route_contexts(app.routes)):
        raise StemmaError(_("STEMMA_ROOT cannot begin with /%(name)s: the studio has such addresses itself."), name=first)
