"""A studio as processes: started, asked, killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2

from app.settings import ROOT

CACHE = Path(tempfile.gettempdir()) / f"stemma-test-cache-{os.getuid()}"  # of all studios of all tests: converted once
ENDED = {"done", "failed", "cancelled"}


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], seconds: float, what: str, pause: float = 0.05) -> Any:
    """Wait for `true()` to be truthy and give it back; TimeoutError says what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(httpx2.TransportError):
            if value := true():
                return value
        time.sleep(pause)
    raise TimeoutError(f"waited {seconds:.0f} s for {what}")


class Running:
    """One studio: web and worker as two processes of their own, so that a test can kill either."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "studio.log"
        self.environment = {
            **os.environ,
            "STEMMA_DATA": str(self.data),
            "STEMMA_CACHE": str(CACHE),
            "STEMMA_PORT": str(self.port),
            "STEMMA_THREADS": "1",
            "STEMMA_EXAMPLE": "0",
            "STEMMA_LOG_FORMAT": "text",
            **(environment or {}),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.http = httpx2.Client(base_url=self.url, headers={"Accept": "application/json"}, timeout=30)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a `stemma` command to its end."""
        line = [sys.executable, "-m", "app.cli", *command]
        return subprocess.run(line, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)

    def start(self, *names: str) -> None:
        """Start web and worker, or those named. A test that does is marked slow or kill, and no part of bin/test --quick."""
        assert "QUICK_TESTS" not in os.environ, "this test starts a studio: mark it slow, or kill"
        if not self.processes:
            migrated = self.run("migrate")
            assert migrated.returncode == 0, migrated.stderr
        with self.log.open("ab") as log:
            for name in names or ("serve", "worker"):
                line = [sys.executable, "-m", "app.cli", name]
                self.processes[name] = subprocess.Popen(line, env=self.environment, cwd=ROOT, stdout=log, stderr=log)
        self.wait_for_web()

    def wait_for_web(self) -> None:
        """Wait until the web answers."""
        if "serve" in self.processes:
            until(lambda: self.http.get("/healthz").status_code == 200, 180, f"the web ({self.log})")

    def wait_for_worker(self) -> None:
        """Wait until a worker has loaded its models."""

        def ready() -> bool:
            found = self.http.get("/workers").json()["items"]
            return any(worker["state"] in {"idle", "busy"} for worker in found)

        until(ready, 120, f"the worker ({self.log})")

    def kill(self, *names: str) -> None:
        """SIGKILL, as a power cut would: no process gets to say anything."""
        for name in names:
            os.kill(self.processes[name].pid, signal.SIGKILL)
        for name in names:
            self.processes[name].wait()

    def stop(self) -> None:
        """End what runs, the way a person does."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def project(self, name: str = "Coast") -> str:
        """A new project's id."""
        return str(self.http.post("/projects", json={"name": name}).raise_for_status().json()["id"])

    def work(self, title: str = "Fox", project: str | None = None, medium: str = "image") -> str:
        """A new work's id."""
        body = {"title": title, "medium": medium}
        made = self.http.post(f"/projects/{project or self.project()}/works", json=body)
        return str(made.raise_for_status().json()["id"])

    def ask(self, work: str, intent: str = "a red apple", **fields: Any) -> dict[str, Any]:
        """Ask for a generation, by default of the house's model for pictures in a few steps; what the studio accepted."""
        body: dict[str, Any] = {"brief": {"intent": intent}, "params": {"steps": 4}} | fields
        if "engine" not in fields and {"steps", "pace"} & set(body["params"] or {}):
            body["engine"] = "house"
        made = self.http.post(f"/works/{work}/generations", json={k: v for k, v in body.items() if v is not None})
        assert made.status_code == 202, made.text
        return dict(made.json())

    def generation(self, id: str) -> dict[str, Any]:
        """A generation as it is now."""
        return dict(self.http.get(f"/generations/{id}").raise_for_status().json())

    def wait(self, id: str, seconds: float = 120) -> dict[str, Any]:
        """A generation when it has ended."""

        def ended() -> dict[str, Any] | None:
            now = self.generation(id)
            return now if now["status"] in ENDED else None

        return dict(until(ended, seconds, f"generation {id} ({self.log})", 0.1))

    def make(self, work: str, intent: str = "a red apple", **fields: Any) -> dict[str, Any]:
        """Ask, wait, and insist that it was done."""
        made = self.wait(self.ask(work, intent, **fields)["id"])
        assert made["status"] == "done", made["error"]
        return made

    def events(self, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Server-sent events of `path` as (name, data)."""
        with self.http.stream("GET", path, timeout=60) as stream:
            name = ""
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    yield name, json.loads(line[6:])
