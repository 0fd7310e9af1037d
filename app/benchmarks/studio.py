"""A studio for measuring: the real web and worker as processes on a free port, in a temporary folder."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from PIL import Image, ImageDraw

from app.benchmarks.figures import UnmeasuredError
from app.settings import ROOT, Settings
from app.storage.db import Database

PATIENCE = 120.0  # seconds for anything that must happen


def until(true: Callable[[], Any], what: str, seconds: float = PATIENCE, pause: float = 0.05) -> Any:
    """The first truthy value of `true()`. Raises UnmeasuredError when none came within `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(httpx2.TransportError):
            if value := true():
                return value
        time.sleep(pause)
    raise UnmeasuredError("waited %(seconds)d s for %(what)s", seconds=seconds, what=what)


class Studio:
    """One studio. Web and worker start when a measurement wants them."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stemma-bench-")
        self.data = Path(self._folder.name) / "data"
        self.log = Path(self._folder.name) / "studio.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"DATA": str(self.data), "PORT": str(self.port), "HOST": "127.0.0.1", "EXAMPLE": "0", "LOG_LEVEL": "INFO"}
        own["CACHE"] = str(Settings().cache_folder.resolve())  # a model is converted once a machine, not once a bench
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")}
        self.environment = kept | {f"STEMMA_{name}": value for name, value in own.items()}
        self.http = httpx2.Client(base_url=self.url, headers={"Accept": "application/json"}, timeout=60)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._migrate()
        self.database = Database(Settings(data=self.data, database=""))

    def _migrate(self) -> None:
        line = [sys.executable, "-m", "app.cli", "migrate"]
        done = subprocess.run(line, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UnmeasuredError("the tables could not be made: %(error)s", error=done.stderr[-500:])

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start `serve` or `worker`, unless it runs."""
        running = self.processes.get(name)
        if running is None or running.poll() is not None:
            line = [sys.executable, "-m", "app.cli", name]
            with self.log.open("ab") as log:
                running = subprocess.Popen(line, env=self.environment, cwd=ROOT, stdout=log, stderr=log)
            self.processes[name] = running
        return running

    def stop(self, name: str) -> None:
        """End it the way a person does."""
        process = self.processes.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End everything and take the folder away."""
        for name in ("worker", "serve"):
            self.stop(name)
        self.http.close()
        self.database.close()
        self._folder.cleanup()

    def need_web(self) -> None:
        """Wait until the web answers."""
        self.start("serve")
        until(lambda: self.http.get("/readyz").status_code == 200, "the web")  # noqa: PLR2004 (a status)

    def need_worker(self) -> None:
        """Wait until a worker has its models in memory."""
        self.need_web()
        self.start("worker")

        def ready() -> bool:
            return any(one["state"] in {"idle", "busy"} for one in self.http.get("/workers").json()["items"])

        until(ready, "the worker")

    def post(self, path: str, **given: Any) -> dict[str, Any]:
        """The answer to a POST that must succeed."""
        return dict(self.http.post(path, **given).raise_for_status().json())

    def work(self, title: str = "Harbour", medium: str = "image") -> str:
        """The id of a new work in a new project."""
        self.need_web()
        project = self.post("/projects", json={"name": "Bench"})["id"]
        return str(self.post(f"/projects/{project}/works", json={"title": title, "medium": medium})["id"])

    def ask(self, work: str, steps: int, count: int = 4) -> str:
        """Ask for a generation; its id."""
        wish = {
            "brief": {"intent": "a quiet harbour at dawn"},
            "engine": "house",
            "params": {"steps": steps},
            "count": count,
            "seed": 7,
        }
        return str(self.post(f"/works/{work}/generations", json=wish)["id"])

    def wait(self, generation: str) -> dict[str, Any]:
        """The generation when it is done."""

        def ended() -> dict[str, Any] | None:
            now = self.http.get(f"/generations/{generation}").json()
            return dict(now) if now["status"] in {"done", "failed", "cancelled"} else None

        made: dict[str, Any] = until(ended, "a generation", pause=0.2)
        if made["status"] != "done":
            raise UnmeasuredError("a generation ended %(status)s: %(error)s", status=made["status"], error=made["error"])
        return made

    def pictures(self, work: str, count: int) -> list[tuple[UUID, str]]:
        """(revision, asset) of `count` different pictures of 256 × 256 pixels, imported into `work`."""
        made = []
        for number in range(count):
            picture = Image.radial_gradient("L").convert("RGB")
            ImageDraw.Draw(picture).ellipse((20 + number, 40, 180, 200), fill=f"hsl({number * 47 % 360}, 60%, 50%)")
            file = io.BytesIO()
            picture.save(file, "PNG")
            revision = self.post(f"/works/{work}/imports", files={"file": (f"{number}.png", file.getvalue())})
            made.append((UUID(revision["id"]), str(revision["asset"]["sha256"])))
        return made
