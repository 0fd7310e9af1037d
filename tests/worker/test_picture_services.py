"""Pictures from a service in a studio that runs: previews, what is kept, and a worker killed in the middle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.image.picture_service import PictureServer
from tests.engines.text.service import KEY, Serving
from tests.running import Running, until

pytestmark = [pytest.mark.kill, pytest.mark.timeout(400)]


@pytest.fixture
def double() -> PictureServer:
    return PictureServer("openai")


@pytest.fixture
def running(tmp_path: Path, double: PictureServer) -> Iterator[Running]:
    """A studio with that service."""
    with Serving(double) as url:
        far = {"name": "far", "title": "Far", "url": url, "model": "gpt-image-2", "key": "far"}
        environment = {"STEMMA_PICTURES": json.dumps([far]), "STEMMA_KEYS": json.dumps({"far": KEY})}
        studio = Running(tmp_path, environment | {"STEMMA_PRELOAD": "0", "STEMMA_JUDGE": "", "STEMMA_DEVICE": "cpu"})
        studio.start()
        yield studio
        studio.stop()


def test_pictures_come_with_previews_and_a_killed_worker_ends_a_run_once(running: Running, double: PictureServer) -> None:
    double.pause = 4  # long enough for the first preview, for which the gate must be opened
    work = running.work("Fox")
    id = str(running.ask(work, "a fox", params={}, count=2, seed=3)["id"])  # by the standing of what somebody set up
    shown = 0
    for name, data in running.events(f"/works/{work}/events"):  # what its page hears
        shown += name == "step" and any(data.get("previews", ()))
        if name == "done":
            break
    assert shown
    made = running.wait(id)
    assert (made["status"], made["engine"], len(made["variants"])) == ("done", "far", 2)
    assert len(double.asked) == 2

    double.pause = 60
    id = str(running.ask(work, "a fox", engine="far", params={}, count=1, seed=3)["id"])
    until(lambda: len(double.asked) == 3, 120, "the service to be asked")
    running.kill("worker")
    double.pause = 0.1
    running.start("worker")
    made = running.wait(id)
    assert (made["status"], made["attempt"], len(made["variants"])) == ("done", 2, 1)
    assert len(double.asked) == 4
    assert KEY not in running.log.read_text("utf-8", "replace")
