"""A studio of its own in which the example is made, and its backup: the bundle that new studios open on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2

from app.commands.backup import backup
from app.errors import StemmaError, _
from app.example.make import make
from app.example.stories import NAME, STORIES
from app.settings import EXAMPLE, ROOT, Settings

START = 180.0  # seconds a studio may take until its worker has loaded the models


def remake(target: Path | None = None) -> Path:
    """Run a studio in a temporary folder, make the example in it, write its backup to `target`."""
    target = target or EXAMPLE
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "STEMMA_DATA": folder,
            "STEMMA_PORT": str(port),
            "STEMMA_EXAMPLE": "0",
            "STEMMA_DATABASE": "",
        }
        command = [sys.executable, "-m", "app.cli", "studio"]
        running = subprocess.Popen(command, env=environment, cwd=ROOT)  # noqa: S603 (our own command)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url)
            make(url, NAME, STORIES)
        finally:
            running.terminate()
            running.wait()
        backup(Settings(data=Path(folder), database=""), target)
    return target


def _wait(url: str) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        try:
            if httpx2.get(f"{url}/readyz").json().get("workers"):
                return
        except (httpx2.TransportError, ValueError):
            pass
        time.sleep(0.5)
    raise StemmaError(_("The example could not be made: %(reason)s"), reason="no worker")
