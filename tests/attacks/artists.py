"""Artists at work while the studio is attacked: each repeats what was not answered, and writes down what it was promised."""

from __future__ import annotations

import io
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
from PIL import Image

from tests.running import ENDED, Running

PAUSE = 0.3  # seconds before a request is repeated
LATER = {429, 503}  # answers that say: come back
ENGINES = {"image": "fake-slow", "text": "fake-words", "music": "fake-notes"}


@dataclass
class Ledger:
    """What the studio promised by its answers, and what it was asked for without an answer."""

    generations: dict[str, dict[str, Any]] = field(default_factory=dict)  # by id: what was accepted
    keys: set[str] = field(default_factory=set)  # Idempotency-Keys that were sent
    drafts: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # by work: acknowledged, then perhaps saved
    imports: dict[str, str] = field(default_factory=dict)  # by revision: the file's name
    files: set[str] = field(default_factory=set)  # names of files that were sent
    wrong: list[str] = field(default_factory=list)  # answers that no attack excuses
    requests: int = 0
    unanswered: int = 0


class Artist:
    """One artist with one kind of work, in a thread."""

    def __init__(self, running: Running, ledger: Ledger, medium: str, name: str) -> None:
        self.running, self.ledger, self.medium, self.name = running, ledger, medium, name
        self.work = running.work(name, medium=medium)
        self.stop = threading.Event()
        self.http = httpx2.Client(base_url=running.url, headers={"Accept": "application/json"}, timeout=40)
        self.thread = threading.Thread(target=self._go, daemon=True)

    def _go(self) -> None:
        number = 0
        while not self.stop.is_set():
            try:
                self.act(number)
            except Exception as error:  # noqa: BLE001 (whatever it is belongs into the report of the test)
                self.ledger.wrong.append(f"{self.name}: {type(error).__name__}: {error}")
                self.stop.wait(1)
            number += 1

    def act(self, number: int) -> None:
        """Do one thing; `number` counts."""
        raise NotImplementedError

    def ask(self, method: str, path: str, **given: Any) -> httpx2.Response | None:
        """The answer, or None where there was none, or one that says to come back."""
        self.ledger.requests += 1
        try:
            answer = self.http.request(method, path, **given)
        except httpx2.TransportError:
            self.ledger.unanswered += 1
            self.stop.wait(PAUSE)
            return None
        if answer.status_code in LATER:
            self.stop.wait(PAUSE)
            return None
        return answer

    def insist(self, method: str, path: str, **given: Any) -> httpx2.Response | None:
        """The answer, asked for until there is one; None when it is time to stop."""
        while not self.stop.is_set():
            if (answer := self.ask(method, path, **given)) is not None:
                return answer
        return None

    def unless(self, answer: httpx2.Response, *statuses: int) -> bool:
        """Whether the answer has one of `statuses`; others are written down."""
        if answer.status_code in statuses:
            return True
        self.ledger.wrong.append(f"{self.name}: {answer.request.method} {answer.request.url}: {answer.text[:300]}")
        self.stop.wait(PAUSE)
        return False


class Asker(Artist):
    """Asks for variants under a key, and waits for them."""

    def act(self, number: int) -> None:
        key = f"{self.name}-{number}"
        wish = {
            "brief": {"intent": "a harbour in the rain"},
            "engine": ENGINES[self.medium],
            "params": {"steps": 8, "seconds": 0.05},
            "count": 2,
            "seed": 10 * number,
        }
        self.ledger.keys.add(key)
        made = self.insist("POST", f"/works/{self.work}/generations", json=wish, headers={"Idempotency-Key": key})
        if made is None or not self.unless(made, 202):
            return
        id = made.json()["id"]
        self.ledger.generations[id] = wish | {"work": self.work, "key": key}
        while not self.stop.is_set():
            now = self.insist("GET", f"/generations/{id}")
            if now is not None and self.unless(now, 200) and now.json()["status"] in ENDED:
                return
            self.stop.wait(PAUSE)


class Drafter(Artist):
    """Types: saves a draft, again and again."""

    def act(self, number: int) -> None:
        saves = self.ledger.drafts.setdefault(self.work, [(1, "")])
        version, words = saves[0][0], f"words {number}"
        saves[1:] = [(version + 1, words)]
        saved = self.ask("PUT", f"/works/{self.work}/draft", json={"version": version, "brief": {"intent": words}})
        if saved is None:
            self._look()
        elif self.unless(saved, 200):
            saves[:] = [(saved.json()["version"], words)]
        self.stop.wait(0.02)

    def _look(self) -> None:
        """Which of both it is: what was acknowledged, or what was sent and not answered."""
        saves = self.ledger.drafts[self.work]
        draft = self.insist("GET", f"/works/{self.work}/draft")
        if draft is None or not self.unless(draft, 200):
            return
        found = (draft.json()["version"], draft.json()["brief"]["intent"])
        if found not in saves:
            self.ledger.wrong.append(f"{self.name}: the draft is {found}, and was {saves}")
        saves[:] = [found]


class Importer(Artist):
    """Brings files in, each once."""

    def act(self, number: int) -> None:
        name = f"{self.name}-{number}.{ {'image': 'png', 'text': 'txt', 'music': 'abc'}[self.medium] }"
        self.ledger.files.add(name)
        kept = self.ask("POST", f"/works/{self.work}/imports", files={"file": (name, CONTENT[self.medium](name))})
        if kept is not None and self.unless(kept, 201):
            self.ledger.imports[kept.json()["id"]] = name
        self.stop.wait(0.1)


def picture(name: str) -> bytes:
    """A picture that no other name has."""
    dice, file = random.Random(name), io.BytesIO()
    Image.frombytes("RGB", (48, 48), dice.randbytes(48 * 48 * 3)).save(file, "PNG")
    return file.getvalue()


CONTENT: dict[str, Callable[[str], bytes]] = {
    "image": picture,
    "text": lambda name: f"The rain in {name}.\n".encode(),
    "music": lambda name: f"X:1\nT:{name}\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n".encode(),
}


def at_work(running: Running, ledger: Ledger) -> list[Artist]:
    """An asker and an importer of each medium, and two who type; started."""
    artists: list[Artist] = []
    for medium in ENGINES:
        artists += [Asker(running, ledger, medium, f"asks-{medium}"), Importer(running, ledger, medium, f"brings-{medium}")]
    artists += [Drafter(running, ledger, "text", "types"), Drafter(running, ledger, "image", "describes")]
    for artist in artists:
        artist.thread.start()
    return artists


def at_rest(artists: list[Artist]) -> None:
    """Let them finish what they do."""
    for artist in artists:
        artist.stop.set()
    for artist in artists:
        artist.thread.join(60)
        artist.http.close()
