"""Whether the client for whom something is worked on has left."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING

import anyio
import anyio.from_thread

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_left: ContextVar[Callable[[], bool] | None] = ContextVar("left", default=None)


class Leaving:
    """ASGI middleware: lets whoever works for a request in a thread ask whether its client is still there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _left.set(_asking(receive))
        await self.app(scope, receive, send)


def _asking(receive: Receive) -> Callable[[], bool]:
    gone = False

    async def look() -> None:
        """A look at what came in, without waiting: the handler has read the body, so it can only be that."""
        nonlocal gone
        with anyio.CancelScope() as scope:
            scope.cancel()
            gone = (await receive())["type"] == "http.disconnect"

    def left() -> bool:
        if not gone:
            try:
                anyio.from_thread.run(look)
            except RuntimeError:  # not in a thread of this request, or the web is ending
                return False
        return gone

    return left


def has_left() -> bool:
    """Whether the client of the present request has left; False where there is no request."""
    left = _left.get()
    return left is not None and left()
