"""The web process under uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import resource
import socket
import sys
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.errors import StemmaError, _
from app.settings import Settings, settings

if TYPE_CHECKING:
    from app.web.live.live import Live

TICK = 1.0  # seconds between two looks at the clock; uvicorn's own are a tenth of it, day and night
OPEN = 16_384  # files, connections included
NOT_STARTED = 3  # as uvicorn itself would exit
# After a minute and a half without a sign of life, or in which the other end takes nothing of what lies there for it, the
# kernel closes a connection (tcp(7)): a stream that has nothing to say would not notice.
WATCH = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 90_000}


def check_exposure(config: Settings) -> None:
    """Refuse an address that others reach, unless it was asked for twice: there are no accounts yet."""
    name = config.host.strip("[]")
    try:
        local = ipaddress.ip_address(name).is_loopback
    except ValueError:
        local = name == "localhost"
    if not local and not config.expose:
        said = _("%(host)s can be reached by others and the studio has no accounts yet. Set STEMMA_EXPOSE=1 if you want that.")
        raise StemmaError(said, host=config.host)


class Connection(H11Protocol):
    """A connection that is closed when no request begins, or when not all of its head comes: bodies have limits of their own
    (app.web.bodies), and between two requests uvicorn waits for a while.
    """

    patience = 20.0  # seconds
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """From here on a head is waited for."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Some of a head, or of a body."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif self._late is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._late = self.loop.call_later(self.patience, self.transport.close)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class Server(uvicorn.Server):
    """Ends the open event streams when it is told to stop, so that it need not wait for them: pages connect again."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self.live = live
        self._told = asyncio.Event()  # to stop
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, on sockets that notice who is gone."""
        await super().startup(sockets)
        for server in self.servers:
            for listening in server.sockets:
                for option, value in WATCH.items():
                    if hasattr(socket, option):  # Linux has them all; each connection inherits them
                        listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    async def main_loop(self) -> None:
        """Wait until told to stop; the Date header is renewed each second."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), TICK)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: no more streams, and then what uvicorn does."""
        self.live.close()
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)


def room_for_connections() -> None:
    """As many open files as this system allows, up to OPEN: each page holds a stream, and each stream is one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN if hard == resource.RLIM_INFINITY else min(OPEN, hard), hard))


def serve() -> None:
    """Serve until told to stop."""
    from app.commands.listening import insist_on_a_free_address
    from app.integrity.startup import patiently, ready
    from app.web.main import create_app
    from app.web.observe import set_up_logging

    config = settings()
    check_exposure(config)
    set_up_logging(config)
    patiently(lambda: ready(config))
    room_for_connections()
    Connection.patience = config.silence
    insist_on_a_free_address(config)
    app = create_app(config)
    how = uvicorn.Config(
        app,
        host=config.host,
        port=config.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=Connection,
        proxy_headers=bool(config.proxy),
        forwarded_allow_ips=config.proxy,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=30,
    )
    server = Server(how, app.state.studio.live)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(NOT_STARTED)
