"""A tune as it is written, by a real worker with the house's weights on a real queue: killed, cancelled, taken up again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.media.music.abc.abc import read_tune
from app.media.music.notation.checks import checks
from tests.running import Running, until
from tests.worker.test_texts_kill import Reader

pytestmark = [pytest.mark.kill, pytest.mark.timeout(400)]
LONG = {"bars": 48, "drafts": 1}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A studio that loads an engine when it is asked for."""
    studio = Running(tmp_path, {"STEMMA_ATTEMPTS": "10", "STEMMA_PRELOAD": "0", "STEMMA_DEVICE": "cpu", "STEMMA_JUDGE": ""})
    studio.start()
    yield studio
    studio.stop()


def test_killed_in_the_middle_of_a_tune_it_is_written_anew_and_never_mixed(running: Running) -> None:
    work = running.work("Reels", medium="music")
    id = running.ask(work, "a reel in D", params=LONG, count=2, seed=3)["id"]
    reader = Reader(running, id)
    until(lambda: len(reader.texts.get(0, "")) > 120, 120, "the first bars")
    running.kill("worker")
    assert running.http.get(f"/works/{work}").json()["revisions"] == 0  # nothing half-written
    running.start("worker")
    until(lambda: reader.attempts[-1] == 2 and len(reader.texts.get(0, "")) > 120, 120, "the second attempt")
    late = Reader(running, id)  # a page that comes in the middle
    made = running.wait(id)
    assert (made["status"], made["attempt"]) == ("done", 2)
    reader.join()
    late.join()
    kept = {index: variant["text"] for index, variant in enumerate(made["variants"])}
    for one in (reader, late):
        assert one.broken == []
        assert one.texts == kept
        assert one.last == "done"
    assert reader.attempts == [1, 2]
    again = running.make(work, "a reel in D", params=LONG, count=2, seed=3)
    assert {
        index: variant["text"] for index, variant in enumerate(again["variants"])
    } == kept  # the same request, the same tune


def test_a_cancelled_tune_keeps_what_was_written_as_a_tune(running: Running) -> None:
    work = running.work("Reels", medium="music")
    id = running.ask(work, "a slow air in A minor", params=LONG, count=2, seed=5)["id"]
    reader = Reader(running, id)
    until(lambda: len(reader.texts.get(1, "")) > 120, 120, "the first bars")
    began = time.monotonic()
    assert running.http.post(f"/generations/{id}/cancellation").status_code == 202
    made = until(lambda: (now := running.generation(id))["variants"] and now, 60, "what was written")
    assert time.monotonic() - began < 30
    assert made["status"] == "cancelled"
    for index, variant in enumerate(made["variants"]):
        assert variant["facts"]["ended"] == "stopped"
        assert checks(read_tune(variant["text"])).parses
        assert variant["text"].startswith(reader.texts[index][:100])
    first = made["variants"][0]["id"]
    wish: dict[str, Any] = {"params": None, "parents": [{"revision": first}], "semitones": 2}
    assert running.make(work, verb="transpose", **wish)["status"] == "done"  # the worker goes on, and so can the artist
