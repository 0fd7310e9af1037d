"""The web process under uvicorn."""

from __future__ import annotations

import ipaddress

import uvicorn

from app.errors import StemmaError, _
from app.settings import Settings, settings


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


def serve() -> None:
    """Serve until told to stop."""
    from app.main import create_app
    from app.observe import set_up_logging
    from app.starting import patiently, ready

    config = settings()
    check_exposure(config)
    set_up_logging(config)
    patiently(lambda: ready(config))
    uvicorn.run(
        create_app(config),
        host=config.host,
        port=config.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,  # open event streams end with the process: pages connect again
        timeout_keep_alive=30,
    )
