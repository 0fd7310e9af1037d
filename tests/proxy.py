"""nginx from Debian before a studio, set up as docs/hosting.md says."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from functools import partial
from pathlib import Path

from app.settings import ROOT
from tests.running import free_port, until

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
OUTER = """\
daemon off;
master_process off;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""


def advised() -> str:
    """The `server` of the page, word by word."""
    [block] = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs/hosting.md").read_text("utf-8"), re.DOTALL)
    return str(block)


def settings_advised() -> dict[str, str]:
    """The settings of the page's command."""
    [line] = re.findall(r"^(STEMMA_\w+=.*) bin/studio$", (ROOT / "docs/hosting.md").read_text("utf-8"), re.MULTILINE)
    return dict(one.split("=", 1) for one in line.split())


class Proxy:
    """One nginx with two servers: https as advised, and plain http that leaves the path and drops the port from Host."""

    def __init__(self, folder: Path, studio: int) -> None:
        self.folder, self.secure, self.plain = folder, free_port(), free_port()
        certificate, key = folder / "own.pem", folder / "own.key"
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=example.org"]
        subprocess.run([*make, "-out", str(certificate), "-keyout", str(key)], check=True, capture_output=True, timeout=60)
        secure = replaced(
            advised(),
            {
                "listen 443 ssl": f"listen 127.0.0.1:{self.secure} ssl",
                "/etc/ssl/example.org.pem": str(certificate),
                "/etc/ssl/example.org.key": str(key),
                "127.0.0.1:8000": f"127.0.0.1:{studio}",
            },
        )
        plain = replaced(
            re.sub(r" *ssl_certificate.*\n", "", advised()),
            {"listen 443 ssl": f"listen 127.0.0.1:{self.plain}", "http://127.0.0.1:8000/": f"http://127.0.0.1:{studio}"},
        )
        self.config = folder / "nginx.conf"
        self.config.write_text(OUTER.format(folder=folder, servers=secure + plain), "utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until both ports are open."""
        self.process = subprocess.Popen([str(NGINX), "-p", str(self.folder), "-c", str(self.config)])
        for port in (self.secure, self.plain):
            until(partial(open_at, port), 20, f"nginx ({self.folder}/error.log)")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)


def replaced(text: str, places: dict[str, str]) -> str:
    """`text` with what a machine of our own has in the places of the page's examples; each must be there."""
    for there, ours in places.items():
        assert there in text, there
        text = text.replace(there, ours)
    return text


def open_at(port: int) -> bool:
    """True when somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
