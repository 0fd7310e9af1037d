"""A workflow of ComfyUI in a studio that runs: a worker killed in the middle, and what is cancelled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.image.comfy_service import ComfyServer, workflow
from tests.engines.text.service import Serving
from tests.running import Running, until

pytestmark = [pytest.mark.kill, pytest.mark.timeout(400)]


@pytest.fixture
def double() -> ComfyServer:
    return ComfyServer()


@pytest.fixture
def running(tmp_path: Path, double: ComfyServer) -> Iterator[Running]:
    """A studio with that server and one workflow."""
    file = tmp_path / "portrait.json"
    file.write_text(json.dumps(workflow()), "utf-8")
    with Serving(double) as url:
        far = {"name": "comfy", "kind": "comfyui", "url": url.removesuffix("/v1"), "workflow": str(file)}
        environment = {"STEMMA_PICTURES": json.dumps([far]), "STEMMA_PRELOAD": "0", "STEMMA_JUDGE": "", "STEMMA_DEVICE": "cpu"}
        studio = Running(tmp_path, environment)
        studio.start()
        yield studio
        studio.stop()


def test_a_killed_worker_finds_its_job_again_and_a_cancelled_one_ends_there(running: Running, double: ComfyServer) -> None:
    double.seconds = 8
    work = running.work("Fox")
    id = str(running.ask(work, "a fox", engine="comfy", params={}, count=2, seed=3)["id"])
    until(lambda: double.running == id, 120, "the server to draw")
    running.kill("worker")
    until(lambda: id in double.history, 60, "the server to end the job that nobody listens to")
    double.seconds = 0.3
    running.start("worker")
    made = running.wait(id)
    assert (made["status"], made["attempt"], len(made["variants"])) == ("done", 2, 2)
    assert len(double.ran) == len(set(double.ran)) == 2
    assert double.ran[0] == id

    double.seconds = 60
    id = str(running.ask(work, "a fox", engine="comfy", params={}, count=1, seed=4)["id"])
    until(lambda: double.running == id, 120, "the server to draw")
    running.http.post(f"/generations/{id}/cancellation")
    until(lambda: double.running is None, 60, "the server to stop")
    assert double.interrupted == [id]
    assert running.wait(id)["status"] == "cancelled"
