"""An artist who remembers all that a studio said it has kept, and looks for it after a fault of the storage."""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
from PIL import Image

from app.storage.store import Store
from tests.running import Running

QUICKLY = {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0", "STEMMA_JUDGE": "", "STEMMA_GRACE": "1"}
WRITES = ("project", "work", "draft", "generation", "import")


def noise(side: int = 400) -> bytes:
    """A PNG of about 500 KB: noise does not compress."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(buffer, "PNG")
    return buffer.getvalue()


class Artist:
    """Somebody who works in a studio, and remembers everything that it said it has kept."""

    def __init__(self, running: Running) -> None:
        self.running, self.http = running, running.http
        self.project = running.project()
        self.work = running.work("Fox", self.project)
        self.version, self.words = 1, ""
        self.projects, self.works = {self.project}, {self.work}
        self.revisions, self.generations = set[str](), set[str]()

    def writes(self, kind: str) -> httpx2.Response:
        """Write something; what was accepted is remembered."""
        if kind == "project":
            answer = self.http.post("/projects", json={"name": "Coast"})
            self._keep(answer, self.projects)
        elif kind == "work":
            answer = self.http.post(f"/projects/{self.project}/works", json={"title": "Hare", "medium": "image"})
            self._keep(answer, self.works)
        elif kind == "draft":
            words = f"a fox, version {self.version}. " + os.urandom(1000).hex()
            answer = self.http.put(f"/works/{self.work}/draft", json={"version": self.version, "brief": {"intent": words}})
            if answer.is_success:
                self.version, self.words = answer.json()["version"], words
        elif kind == "generation":
            body = {"brief": {"intent": "a fox"}, "engine": "fake-slow", "params": {"steps": 2, "seconds": 0.0}, "count": 1}
            answer = self.http.post(f"/works/{self.work}/generations", json=body)
            self._keep(answer, self.generations)
        else:
            answer = self.http.post(f"/works/{self.work}/imports", files={"file": ("noise.png", noise())})
            self._keep(answer, self.revisions)
        return answer

    def _keep(self, answer: httpx2.Response, kept: set[str]) -> None:
        if answer.is_success:
            kept.add(answer.json()["id"])

    def works_on(self) -> None:
        """Everything is accepted."""
        for kind in WRITES:
            answer = self.writes(kind)
            assert answer.is_success, (kind, answer.text)

    def finds_everything(self, *, ended: bool = True) -> None:
        """All that was accepted is there, once, and whole; generations are done."""
        for id in self.projects:
            assert self.http.get(f"/projects/{id}").status_code == 200
        for id in self.works:
            assert self.http.get(f"/works/{id}").status_code == 200
        draft = self.http.get(f"/works/{self.work}/draft").json()
        assert (draft["version"], draft["brief"]["intent"]) == (self.version, self.words)
        for id in self.revisions:
            assert self.http.get(f"/revisions/{id}/content").status_code == 200
        if ended:
            for id in self.generations:
                made = self.running.wait(id, 120)
                assert (made["status"], len(made["variants"])) == ("done", 1), made
                assert self.http.get(f"/revisions/{made['variants'][0]['id']}/content").status_code == 200

    def reads(self) -> None:
        """Pages and bytes are there while nothing can be written."""
        assert self.http.get("/projects").status_code == 200
        assert self.http.get(f"/works/{self.work}", headers={"Accept": "text/html"}).status_code == 200
        for id in self.revisions:
            assert self.http.get(f"/revisions/{id}/content").status_code == 200


def said(answer: httpx2.Response, status: int, code: str) -> None:
    """A problem with a sentence, of this kind, that says when to come back."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], len(answer.json()["title"]) > 20) == (code, True)
    assert int(answer.headers["retry-after"]) > 0


def in_both_languages(running: Running, path: str, *words: str) -> None:
    """A person who sends a form reads the sentence, in English and in Chinese."""
    for language, expected in zip(("en", "zh-Hans"), words, strict=True):
        headers = {"HX-Request": "true", "Accept": "text/html", "Accept-Language": language}
        answer = running.http.post(path, data={"name": "Coast"}, headers=headers)
        assert expected in answer.text, answer.text


def sound(running: Running) -> None:
    """The database is whole, and every file of the store is what its name says."""
    with closing(sqlite3.connect(running.data / "stemma.sqlite")) as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        known = {sha256 for (sha256,) in rows.execute("select sha256 from assets")}
    store = Store(running.data)
    for sha256 in known:
        assert store.get(sha256)


@contextmanager
def running_on(folder: Path, log: Path, **more: str) -> Iterator[Running]:
    """A studio of two processes on a disk, with its log elsewhere."""
    running = Running(folder, QUICKLY | more)
    running.log = log
    try:
        running.start()
        running.wait_for_worker()
        yield running
    finally:
        running.stop()
