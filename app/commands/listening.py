"""Can the studio listen where it should? Asked before anything begins, so that a taken port is a sentence and not a loop."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from app.errors import StemmaError, _
from app.settings import Settings


class AddressError(StemmaError):
    """Nothing can listen there."""

    status, code = 503, "address"
    exit_status = os.EX_UNAVAILABLE
    title = _("The studio cannot listen on %(host)s, port %(port)d: %(reason)s. Nothing was started.")


class PortTakenError(AddressError):
    """Something listens there already."""

    code = "port-taken"
    title = _(
        "Port %(port)d of %(host)s is taken: another program, perhaps another studio, listens there. Nothing was started."
        " Choose another port (--port, STEMMA_PORT), or end that program."
    )


def insist_on_a_free_address(config: Settings) -> None:
    """Raises PortTakenError, or AddressError when none of the host's addresses is this machine's, or is allowed."""
    where: dict[str, Any] = {"host": config.host, "port": config.port}
    refused: OSError | None = None
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AddressError(**where, reason=error.strerror or str(error)) from error
    bound = 0
    for family, kind, protocol, _name, address in found:
        try:
            _bind_once(family, kind, protocol, address)
            bound += 1
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTakenError(**where) from error
            refused = error
    if refused is not None and not bound:
        raise AddressError(**where, reason=refused.strerror or str(refused)) from refused


def _bind_once(family: int, kind: int, protocol: int, address: tuple[Any, ...]) -> None:
    """Take an address as the web will (asyncio's create_server), and let it go."""
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what lies in TIME_WAIT is no listener
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)
