"""A text as it is written, by a real worker on a real queue: followed, joined in the middle, stopped, cancelled, killed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.text.tiny_hub import tiny_hub
from tests.running import Running, until

pytestmark = [pytest.mark.kill, pytest.mark.timeout(400)]
LONG = {"tokens": 2500, "min_p": 0, "repetition_penalty": 1, "temperature": 1.5}


class Reader:
    """A page that follows one generation: it does what the page's script does with every word."""

    def __init__(self, running: Running, id: str) -> None:
        self.texts: dict[int, str] = {}
        self.ended: set[int] = set()
        self.attempts: list[int] = []  # as they began
        self.words = 0
        self.last = ""
        self.broken: list[str] = []
        self.longest = 0  # that was shown at any time
        self._events = running.events(f"/generations/{id}/events")
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        for name, data in self._events:
            self.last = name
            if name != "step":
                continue
            self.words += 1
            if data["step"] == 0:
                self.texts, self.ended = {}, set()
                if data["attempt"] not in self.attempts:  # once more when its engine has come into memory
                    self.attempts.append(data["attempt"])
            for piece in data.get("pieces", ()):
                text = self.texts.get(piece["index"], "")
                if piece["start"] != len(text):
                    self.broken.append(f"variant {piece['index']} has {len(text)}, the piece begins at {piece['start']}")
                self.texts[piece["index"]] = text + piece["text"]
                self.longest = max(self.longest, len(self.texts[piece["index"]]))
            self.ended |= set(data.get("ended", ()))

    def join(self) -> None:
        self._thread.join(120)
        assert not self._thread.is_alive()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A studio with a language model small enough to write quickly for a long time."""
    texts = [{"name": "tiny", "kind": "transformers", "model": str(tiny_hub(tmp_path / "tiny", endless=True))}]
    environment = {"STEMMA_TEXTS": json.dumps(texts), "STEMMA_ATTEMPTS": "10", "STEMMA_PRELOAD": "0", "STEMMA_DEVICE": "cpu"}
    studio = Running(tmp_path, environment)
    studio.start()
    yield studio
    studio.stop()


def ask(running: Running, work: str, count: int = 2, **params: Any) -> str:
    wish = {"engine": "tiny", "params": LONG | params, "count": count, "seed": 3}
    return str(running.ask(work, "rain", **wish)["id"])


def test_killed_in_the_middle_of_a_stream_it_is_written_anew_and_never_mixed(running: Running) -> None:
    work = running.work("Rain", medium="text")
    id = ask(running, work, tokens=900)
    reader = Reader(running, id)
    until(lambda: len(reader.texts.get(0, "")) > 50, 120, "the first words")
    running.kill("worker")
    shown = dict(reader.texts)
    time.sleep(0.5)  # nothing is to happen
    assert reader.texts[0].startswith(shown[0])  # nothing is taken back before the next worker begins
    running.start("worker")
    until(lambda: reader.attempts[-1] == 2 and len(reader.texts.get(0, "")) > 20, 120, "the second attempt")
    late = Reader(running, id)  # a page that comes in the middle
    made = running.wait(id)
    assert (made["status"], made["attempt"]) == ("done", 2)
    reader.join()
    late.join()
    kept = {index: variant["text"] for index, variant in enumerate(made["variants"])}
    for one in (reader, late):
        assert one.broken == []
        assert {index: text.rstrip() for index, text in one.texts.items()} == kept
        assert one.ended == {0, 1}
        assert one.last == "done"
    assert reader.attempts == [1, 2]
    assert late.attempts == [2]
    assert late.words < reader.words  # what was written before comes as one


def test_one_variant_is_stopped_and_the_others_write_on(running: Running) -> None:
    work = running.work("Rain", medium="text")
    id = ask(running, work, count=3, tokens=900)
    reader = Reader(running, id)
    until(lambda: len(reader.texts.get(1, "")) > 20, 120, "the first words")
    assert running.http.post(f"/generations/{id}/stops", json={"index": 1}).status_code == 202
    until(lambda: 1 in reader.ended, 30, "the variant to end")
    made = running.wait(id)
    reader.join()
    stopped, *others = [made["variants"][1], made["variants"][0], made["variants"][2]]
    assert stopped["facts"]["ended"] == "stopped"
    assert stopped["text"] == reader.texts[1].rstrip()
    assert all(len(other["text"]) > len(stopped["text"]) for other in others)
    tokens = running.http.get(f"/revisions/{stopped['id']}/tokens").raise_for_status().json()
    items = tokens if isinstance(tokens, list) else tokens["items"]
    assert "".join(token["text"] for token in items) == stopped["text"]


def test_a_cancelled_text_keeps_what_was_written(running: Running) -> None:
    work = running.work("Rain", medium="text")
    id = ask(running, work)
    reader = Reader(running, id)
    until(lambda: len(reader.texts.get(1, "")) > 20, 120, "the first words")
    began = time.monotonic()
    assert running.http.post(f"/generations/{id}/cancellation").status_code == 202
    made = until(lambda: (now := running.generation(id))["variants"] and now, 30, "what was written")
    assert time.monotonic() - began < 20
    assert made["status"] == "cancelled"
    assert [variant["facts"]["ended"] for variant in made["variants"]] == ["stopped", "stopped"]
    for index, variant in enumerate(made["variants"]):
        assert variant["text"].startswith(reader.texts[index].rstrip()[:20])
        assert variant["origins"] == [{"start": 0, "end": len(variant["text"]), "by": "engine"}]
    again = ask(running, work, count=1, tokens=5)
    assert running.wait(again)["status"] == "done"  # the worker goes on


def test_where_a_model_expected_an_artists_text(running: Running) -> None:
    work = running.work("Rain", medium="text")
    version = running.http.get(f"/works/{work}/draft").json()["version"]
    text = "rain on the lake\nand nobody there"
    saved = running.http.put(f"/works/{work}/draft", json={"version": version, "text": text})
    assert saved.status_code == 200, saved.text
    revision = running.http.post(f"/works/{work}/revisions", json={}).raise_for_status().json()["id"]
    asked = running.http.post(f"/revisions/{revision}/readings", json={"engine": "tiny", "selection": [0, 16]})
    assert asked.status_code == 202, asked.text
    told = until(lambda: (now := running.http.get(f"/readings/{asked.json()['id']}").json())["ready"] and now, 60, "a reading")
    assert told["error"] is None
    assert told["perplexity"] > 1
    assert "".join(token["text"] for token in told["tokens"]) == text[:16]
