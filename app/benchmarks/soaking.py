"""An artist of the soak: opens pages, types, asks, looks, picks and brings files in, as a browser would."""

from __future__ import annotations

import io
import random
import threading
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx2
from PIL import Image

from app.benchmarks.studio import Studio

PAGE = {"Accept": "text/html"}
WISHES: dict[str, dict[str, Any]] = {
    "image": {"engine": "house", "params": {"pace": "sketch"}, "count": 2},
    "text": {"engine": "verse", "count": 1},
    "music": {"engine": "tunes", "params": {"bars": 4, "drafts": 1}, "count": 1},
}
WORDS = ("a quiet harbour", "a red fox", "rain on a roof", "秋日", "an orchard", "a lighthouse at dusk")
ACTS = {"saves": 8, "opens": 5, "looks": 5, "asks": 3, "picks": 2, "brings": 1, "wanders": 3}


class Artist:
    """One artist with a work of each medium. `done` counts acts, `failed` holds the answers that were none."""

    def __init__(self, studio: Studio, stop: threading.Event, pause: float, dice: random.Random) -> None:
        self.stop, self.pause, self.dice = stop, pause, dice
        self.http = httpx2.Client(base_url=studio.url, headers={"Accept": "application/json"}, timeout=60)
        self.project = studio.post("/projects", json={"name": f"Half a day {dice.random():.3f}"})["id"]
        path = f"/projects/{self.project}/works"
        self.works = {medium: studio.post(path, json={"title": medium, "medium": medium})["id"] for medium in WISHES}
        self.versions = dict.fromkeys(WISHES, 1)
        self.done: Counter[str] = Counter()
        self.failed: list[str] = []

    def work(self) -> None:
        """Act until told to stop."""
        while not self.stop.wait(self.pause * self.dice.uniform(0.5, 1.5)):
            act = self.dice.choices(list(ACTS), list(ACTS.values()))[0]
            try:
                getattr(self, act)(self.dice.choice(list(WISHES)))
                self.done[act] += 1
            except httpx2.HTTPError as error:
                self.failed.append(f"{act}: {error}")
        self.http.close()

    def ask(self, method: str, path: str, **given: Any) -> httpx2.Response:
        """The answer, which must be a good one."""
        return self.http.request(method, path, **given).raise_for_status()

    def saves(self, medium: str) -> None:
        """Types a few words into the draft."""
        draft = {"version": self.versions[medium], "brief": {"intent": self.dice.choice(WORDS)}}
        self.versions[medium] = self.ask("PUT", f"/works/{self.works[medium]}/draft", json=draft).json()["version"]

    def opens(self, medium: str) -> None:
        """Opens a bench with its stream, for as long as the first words of it take."""
        self.ask("GET", f"/works/{self.works[medium]}", headers=PAGE)
        with suppress(httpx2.ReadTimeout), self.http.stream("GET", f"/works/{self.works[medium]}/events", timeout=1) as events:
            next(events.iter_lines(), None)

    def looks(self, medium: str) -> None:
        """Looks at a revision: page, content, thumbnail, what it came from."""
        if revision := self._any(medium):
            self.ask("GET", f"/revisions/{revision}", headers=PAGE)
            self.ask("GET", f"/revisions/{revision}/content")
            if medium == "image":
                self.ask("GET", f"/revisions/{revision}/content?w=256")

    def asks(self, medium: str) -> None:
        """Asks for variants and follows them to their end."""
        wish = WISHES[medium] | {"brief": {"intent": self.dice.choice(WORDS)}, "seed": self.dice.randrange(10**6)}
        if medium == "text":
            wish["brief"] = {"intent": "秋日"}
        made = self.ask("POST", f"/works/{self.works[medium]}/generations", json=wish).json()
        with self.http.stream("GET", f"/generations/{made['id']}/events", timeout=120) as events:
            for _line in events.iter_lines():
                if self.stop.is_set():
                    return
        ended = self.ask("GET", f"/generations/{made['id']}").json()
        if ended["status"] != "done":
            self.failed.append(f"a generation of {medium} ended {ended['status']}: {ended['error']}")

    def picks(self, medium: str) -> None:
        """Picks a revision, and goes on from there."""
        if revision := self._any(medium):
            self.ask("POST", f"/revisions/{revision}/pick")
            draft = self.ask("POST", f"/works/{self.works[medium]}/draft/base", json={"revision": revision}).json()
            self.versions[medium] = draft.get("version", self.versions[medium])

    def brings(self, medium: str) -> None:
        """Brings a file in."""
        file = io.BytesIO()
        Image.frombytes("RGB", (64, 64), self.dice.randbytes(64 * 64 * 3)).save(file, "PNG")
        files = {
            "image": ("leaf.png", file.getvalue()),
            "text": ("rain.txt", f"Rain, {self.dice.random()}".encode()),
            "music": ("reel.abc", b"X:1\nT:Reel\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n"),
        }
        self.ask("POST", f"/works/{self.works[medium]}/imports", files={"file": files[medium]})

    def wanders(self, medium: str) -> None:
        """Looks at the lineage, the gallery, the engine room, and searches."""
        places = [f"/works/{self.works[medium]}/lineage", f"/projects/{self.project}", "/engine-room", "/search?q=fox"]
        self.ask("GET", self.dice.choice(places), headers=PAGE)

    def _any(self, medium: str) -> str | None:
        nodes = self.ask("GET", f"/works/{self.works[medium]}/lineage").json()["nodes"]
        return str(self.dice.choice(nodes)["id"]) if nodes else None
