"""What takes time is done before the write: nothing is decoded, stored, compared or packed while others wait to write."""

from __future__ import annotations

import functools
import io
import pkgutil
import wave
from collections.abc import Callable
from typing import Any
from uuid import UUID

import docx
import pytest
from fastapi.testclient import TestClient

from app.bounded.task import TASKS, Task
from app.models import Generation
from app.models.generation import Status
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store
from tests.hands import hands

TUNE = "X:1\nT:Air\nM:4/4\nL:1/8\nK:G\nGABc d2e2|d2B2 G4|\n"
TEXT = "Rain on the roof.\nThe lamp burns low.\n"
# What takes time and is no bounded task (those are all looked at), by the module that calls it.
COSTLY = (
    "app.requests.build.place_of",
    "app.requests.build.form_wanted",
    "app.web.routes.generations.refuse_overlong",
    "app.web.routes.texts.selection_in",
    "app.web.routes.texts.told_of_hand",
    "app.web.routes.drafts.prompt_of",
    "app.engines.music.asking.prompt",
    "app.engines.text.verse_brief.prompt",
    "app.worker.save_results.keep",
    "app.worker.save_results.pack_tokens",
    "app.worker.save_results._origins",
    "app.worker.save_results.facts_of",
)
STORING = ("put", "adopt", "get", "keep_derived")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What of COSTLY was done, and which tasks; it fails as soon as one is done within a write."""
    found: set[str] = set()
    writing: list[str] = []
    real = Database.writing

    def watched(self: Database, what: str = "") -> Any:
        inner = real(self, what or "test")

        class Around:
            def __enter__(self) -> Any:
                session = inner.__enter__()
                writing.append(what)
                return session

            def __exit__(self, *raised: object) -> Any:
                writing.pop()
                return inner.__exit__(*raised)

        return Around()

    def noting(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(work)
        def noted(*args: Any, **given: Any) -> Any:
            assert not writing, f"{name} within {writing}"
            found.add(name)
            return work(*args, **given)

        return noted

    monkeypatch.setattr(Database, "writing", watched)
    for name in STORING:
        monkeypatch.setattr(Store, name, noting(name, getattr(Store, name)))
    real_call = Task.__call__
    monkeypatch.setattr(Task, "__call__", lambda task, *args, **given: noting(task.name, real_call)(task, *args, **given))
    for name in COSTLY:
        monkeypatch.setattr(name, noting(name, pkgutil.resolve_name(name)))
    return found


def recording() -> bytes:
    """A second of silence that is not quite silent."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(bytes(range(256)) * 63)
    return out.getvalue()


def document() -> bytes:
    """A DOCX."""
    out, made = io.BytesIO(), docx.Document()
    made.add_paragraph("Rain on the roof.")
    made.save(out)
    return out.getvalue()


@pytest.fixture
def ask(web: TestClient) -> Callable[..., dict[str, Any]]:
    """Sends JSON, as a program or as htmx; the JSON that answers."""

    def send(method: str, path: str, **given: Any) -> dict[str, Any]:
        answer = web.request(method, path, **given)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    return send


Ask = Callable[..., dict[str, Any]]


def new(ask: Ask, project: str, medium: str) -> str:
    """The id of a new work."""
    return str(ask("POST", f"/projects/{project}/works", json={"title": "Work", "medium": medium})["id"])


def test_what_artists_bring_and_write(ask: Ask, project: str, picture: Callable[..., bytes], done: set[str]) -> None:
    image, text, music = (new(ask, project, medium) for medium in ("image", "text", "music"))
    ask("POST", f"/works/{image}/imports", files={"file": ("a.jpg", picture(kind="JPEG"))})
    ask("POST", "/probes", files={"file": ("a.png", picture())})
    for name, data in (("a.txt", TEXT.encode()), ("a.docx", document())):
        poem = ask("POST", f"/works/{text}/imports", files={"file": (name, data)})["id"]
    for name, data in (("a.abc", TUNE.encode()), ("a.wav", recording())):
        sound = ask("POST", f"/works/{music}/imports", files={"file": (name, data)})["id"]
    ask("POST", f"/works/{music}/trims", json={"revision": sound, "start": 0.1, "end": 0.6})
    for work, first, second in ((text, TEXT, TEXT.replace("lamp", "candle")), (music, TUNE, TUNE.replace("d2", "e2"))):
        version = ask("GET", f"/works/{work}/draft")["version"]
        for words in (first, second):
            draft = {"version": version, "text": words, "keep": True, "brief": {"intent": "月 moon"}}
            version = ask("PUT", f"/works/{work}/draft", json=draft)["version"]
        made = ask("POST", f"/works/{work}/revisions", json={})["id"]
        ask("POST", f"/works/{work}/draft/base", json={"revision": made})
        save = ask("GET", f"/works/{work}/draft/saves")["items"][0]["id"]
        ask("POST", f"/works/{work}/draft/restoration", json={"save": save})
    ask("POST", f"/works/{music}/generations", json={"verb": "transpose", "parents": [{"revision": made}], "semitones": 2})
    ask("POST", f"/works/{music}/generations", json={"verb": "replace", "parents": [{"revision": made}], "bars": [1, 2]})
    ask("POST", f"/works/{text}/generations", json={"verb": "continue", "parents": [{"revision": poem}]})
    ask("POST", f"/revisions/{poem}/readings", json={"selection": [0, 4]})
    seen = {name for name in COSTLY if "save_results" not in name} | {"adopt"}
    assert seen <= done, seen - done
    tasks = {name.rpartition(":")[2] for name in done if name in TASKS}
    assert {"admit", "look_at", "read", "describe_abc", "carried", "cut_recording"} <= tasks, tasks


def test_what_a_worker_made(
    config: Settings, ask: Ask, work: str, done: set[str], monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    worker, _told = hands(config, monkeypatch)
    wish = {"brief": {"intent": "a fox"}, "engine": "fake-slow", "params": {"steps": 2, "seconds": 0.0}, "count": 2}
    id = ask("POST", f"/works/{work}/generations", json=wish)["id"]
    assert worker.make(id) == "done"
    assert {"put", "app.worker.save_results.keep"} <= done
    with database.reading() as session:
        assert session.get_one(Generation, UUID(id)).status == Status.DONE
