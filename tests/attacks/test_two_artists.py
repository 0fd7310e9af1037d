"""Two artists in one studio: whatever the first asks for, nothing of the second's is in the answer.

The second has works of every medium, and they are entangled with the first's: a parent and a child of each revision, a
parent of each generation, a draft of each work. What they are called, what is written in them, their ids and hashes are
searched for in every answer of every route; every id in an address, a query and a body is replaced by one of theirs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.models import (
    Artist,
    Asset,
    Checkpoint,
    Comment,
    Generation,
    GenerationParent,
    Mask,
    Parent,
    Preset,
    Probe,
    Reading,
    Revision,
    Status,
    Style,
    WordList,
    Work,
    Worker,
)
from app.models.draft import DraftSave, draft_of
from app.settings import Settings
from app.storage.db import Database
from tests import interface
from tests.attacks.asking import PROGRAM, READERS, ask, kind, name, routes
from tests.attacks.atelier import Atelier, full
from tests.attacks.test_answers_agree import addresses
from tests.attacks.test_changes_agree import NOBODY, UNSAFE, WISHES, Wish, send
from tests.growing import Garden
from tests.hands import hands

pytestmark = pytest.mark.timeout(1200)  # a thousand requests and more
WORDS = ("Zanzibar", "quokka", "numbat", "okapi", "quagga", "pangolin", "axolotl", "tarsier")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAMED = re.compile(rf'{ID.pattern}|"request":"\w+"')  # in what two refusals differ: what was asked for, and the request


class Second:
    """The second artist, and what is theirs: ids by noun, and all that must not be told."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.artist = Artist(name="Zanzibar quokka")
        session.add(self.artist)
        session.flush()
        self.ids: dict[str, str] = {}
        self.secrets = {*WORDS, *self._written(self.artist.id)}
        self.gardens = {medium: self._garden(medium) for medium in ("image", "text", "music")}
        self.roots = {medium: garden.grow(**self._made(medium))[0] for medium, garden in self.gardens.items()}

    def _written(self, id: Any) -> set[str]:
        self_said = str(id)
        return {self_said, self_said.replace("-", "")}

    def _garden(self, medium: str) -> Garden:
        garden = Garden(self.session, f"quagga {medium}", self.artist)
        garden.work.medium, garden.work.project.name = medium, "okapi"  # type: ignore[assignment]  # a word of it
        garden.work.words = "quagga"
        return garden

    def _made(self, medium: str) -> dict[str, Any]:
        made = {"brief_data": {"intent": "a numbat"}, "params": {"axolotl": 1}, "facts_data": {"prompt": "pangolin"}}
        if medium != "image":
            return {**made, "text": "X:1\nT:tarsier\nK:C\nCDEF|\n" if medium == "music" else "tarsier and rain\n"}
        digest = hashlib.sha256(b"quokka").hexdigest()
        self.secrets.add(digest)
        self.session.merge(Asset(sha256=digest, media_type="image/png", bytes=6, width=64, height=48, colour="#123456"))
        return {**made, "asset_id": digest}

    def entangle(self, first: Atelier) -> None:
        """Hang something of theirs onto everything of the first's."""
        for id in first.ids["revisions"]:
            mine = self.session.get_one(Revision, UUID(id))
            root = self.roots[mine.work.medium]
            edge = Parent(child_id=mine.id, parent_id=root.id, role="inspire", position=len(mine.parents))
            self.session.add(edge)
            self.gardens[mine.work.medium].grow((mine, "vary"), **self._made(mine.work.medium))
        for id in first.ids["generations"]:
            asked = self.session.get_one(Generation, UUID(id))
            start = {"revision_id": self.roots[asked.work.medium].id, "role": "inspire", "position": len(asked.parents)}
            self.session.add(GenerationParent(generation_id=asked.id, **start))
        for id in first.ids["works"]:
            self.draft(self.session.get_one(Work, UUID(id)))
        self.session.flush()

    def draft(self, work: Work) -> DraftSave:
        """Their draft of a work, with an earlier save."""
        for _turn in range(2):
            draft = draft_of(self.session, work, self.artist, write=True)
            draft.save(draft.version, keep=True, brief_data={"intent": f"a numbat {_turn}"}, text="tarsier")
        return draft.saves()[0]

    def own(self) -> None:
        """One thing of each noun, busy where it can be."""
        garden, root = self.gardens["image"], self.roots["image"]
        running = Generation(
            work=garden.work, artist_id=self.artist.id, verb="create", engine="house", seed=1, count=2, status=Status.RUNNING
        )
        reading = Reading(artist_id=self.artist.id, revision_id=self.roots["text"].id, engine="house-verse")
        probe = Probe(artist_id=self.artist.id, picture=b"x")
        mask = Mask(work_id=root.work_id, revision_id=root.id, artist_id=self.artist.id, asset_id=root.asset_id, share=0.5)
        thread = uuid4()
        birds = WordList(project_id=garden.work.project_id, name="numbats", key="numbats", lines="axolotl")
        said = Comment(id=thread, revision_id=root.id, thread_id=thread, author_id=self.artist.id, body="axolotl")
        style = Preset(project_id=garden.work.project_id, name="pangolins", key="pangolins", medium="image")
        style.brief_data = {"style": "axolotl"}
        blots = Style(project_id=garden.work.project_id, name="numbat blots", key="numbats", consent="axolotl")
        blots.taught_by = self.artist
        blots.checkpoints.append(Checkpoint(step=1, spent=1.0, sha256="0" * 64, weights=b"x", sheet=b"x", repeats=[]))
        self.session.add_all([running, reading, probe, mask, birds, said, style, blots])
        self.session.flush()
        facts = {"version": "1", "engines": {}}
        self.session.add(Worker(id="w", name="host", device="cpu", state="busy", generation_id=running.id, facts=facts))
        things = {"projects": garden.work.project, "works": garden.work, "revisions": root, "generations": running}
        things |= {
            "readings": reading,
            "probes": probe,
            "masks": mask,
            "lists": birds,
            "comments": said,
            "presets": style,
            "styles": blots,
            "checkpoints": blots.checkpoints[0],
            "saves": self.draft(garden.work),
        }
        self.ids = {noun: str(thing.id) for noun, thing in things.items()}

    def all_ids(self) -> None:
        """Every id of a row that is theirs is a secret."""
        works = [garden.work.id for garden in self.gardens.values()]
        for table in (Revision, Generation):
            for id in self.session.scalars(sa.select(table.id).where(table.work_id.in_(works))):
                self.secrets |= self._written(id)
        for garden in self.gardens.values():
            self.secrets |= self._written(garden.work.id) | self._written(garden.work.project_id)
        self.secrets |= {one for id in self.ids.values() for one in self._written(id)}


@pytest.fixture
def atelier(web: TestClient, database: Database, config: Settings, monkeypatch: pytest.MonkeyPatch) -> Atelier:
    worker, _told = hands(config, monkeypatch)
    return full(web, database, worker)


@pytest.fixture
def second(database: Database, atelier: Atelier) -> Second:
    with database.writing() as session:
        other = Second(session)
        other.entangle(atelier)
        other.own()
        other.all_ids()
    return other


def told(answer: httpx2.Response, secrets: set[str]) -> list[str]:
    """What of the secrets is in an answer."""
    said = (answer.text if not kind(answer).startswith(("image/", "audio/")) else "") + str(dict(answer.headers))
    return [secret for secret in secrets if secret.lower() in said.lower()]


def test_no_answer_tells_of_another_artist(web: TestClient, atelier: Atelier, second: Second) -> None:
    wrong, asked = [], 0
    for route in routes(web, "GET"):
        if name(route).startswith("events_"):
            continue  # streams: tests/web/routes/test_events.py
        for path in addresses(route, atelier):
            for who in READERS:
                answer = ask(web, path, who)
                asked += 1
                assert answer.status_code < 500, (path, answer.text[:300])
                if found := told(answer, second.secrets):
                    wrong.append(f"{who} {path}: {found}")
    print(f"{asked} answers")
    assert not wrong, "\n".join(wrong)


def test_another_artists_words_find_nothing(web: TestClient, atelier: Atelier, second: Second) -> None:
    project = atelier.ids["projects"][0]
    for word in WORDS:
        assert web.get("/search", params={"q": word}).json()["items"] == [], word
        assert web.get(f"/projects/{project}/works", params={"q": word}).json()["items"] == [], word
    atelier.draft(atelier.ids["works"][0], brief={"intent": "a capybara"})
    found = web.get(f"/projects/{project}/works", params={"q": "capybara"}).json()["items"]
    assert [one["id"] for one in found] == [atelier.ids["works"][0]]  # by one's own draft


def test_every_answer_says_that_others_may_not_keep_it(web: TestClient, atelier: Atelier) -> None:
    for route in routes(web, "GET"):
        if not name(route).startswith("events_"):
            for path in list(addresses(route, atelier))[:4]:
                kept = ask(web, path, PROGRAM).headers.get("cache-control", "")
                assert "no-store" in kept or "private" in kept, (path, kept)


def foreign(path: str, second: Second, id: str | None = None) -> str:
    """The path of a route with what is theirs in it, or `id` everywhere."""
    noun = path.split("/")[1]
    theirs = {"number": "0", "save": id or second.ids["saves"]}
    return re.sub(r"{(\w+)}", lambda found: theirs.get(found[1], id or second.ids[noun]), path)


def same_as_nothing(make: Callable[[str | None], httpx2.Response], said: str) -> Iterator[str]:
    """An answer about what is theirs is the one about what is not there."""
    theirs, nothing = make(None), make(NOBODY)
    if (theirs.status_code, nothing.status_code) != (404, 404):
        yield f"{said}: {theirs.status_code}, and {nothing.status_code} for nothing: {theirs.text[:200]}"
    elif NAMED.sub("", theirs.text) != NAMED.sub("", nothing.text):
        yield f"{said}: {theirs.text[:300]} is not {nothing.text[:300]}"


def test_what_is_theirs_is_not_there_in_any_address(web: TestClient, atelier: Atelier, second: Second) -> None:
    wrong = list[str]()
    for method in ("GET", *UNSAFE):
        for route in routes(web, method):
            path = str(route.path_format)
            if "{" not in path:
                continue
            good = WISHES[name(route)](atelier) if method != "GET" else Wish("")

            def make(id: str | None, method: str = method, path: str = path, good: Wish = good) -> httpx2.Response:
                return send(web, method, good._replace(path=foreign(path, second, id)), PROGRAM)

            wrong += same_as_nothing(make, f"{method} {path}")
    assert not wrong, "\n".join(wrong)


def test_what_is_theirs_is_not_there_in_any_query(web: TestClient, atelier: Atelier, second: Second) -> None:
    wrong, asked = list[str](), 0
    nouns = {"like": "revisions", "probe": "probes", "project": "projects", "work": "works", "of": "revisions"}
    for path, operations in interface.WHOLE["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            formats = {one.get("format") for one in parameter["schema"].get("anyOf", [parameter["schema"]])}
            if parameter["in"] != "query" or "uuid" not in formats or parameter["name"] == "cursor":  # a place in a list
                continue
            asked += 1

            def make(id: str | None, path: str = path, named: str = parameter["name"]) -> httpx2.Response:
                return ask(web, path, PROGRAM, params={named: id or second.ids[nouns[named]]})

            wrong += same_as_nothing(make, f"{path}?{parameter['name']}")
    assert asked >= 4
    assert not wrong, "\n".join(wrong)


def with_id(body: Any, at: str, id: str) -> Any:
    """`body` with `id` in the place of the id `at`."""
    if isinstance(body, dict):
        return {key: with_id(value, at, id) for key, value in body.items()}
    if isinstance(body, list):
        return [with_id(value, at, id) for value in body]
    return id if body == at else body


def test_what_is_theirs_is_not_there_in_any_body(web: TestClient, atelier: Atelier, second: Second) -> None:
    wrong, asked = list[str](), 0
    for method in UNSAFE:
        for route in routes(web, method):
            for good in bodies(name(route), atelier):
                for at in dict.fromkeys(ID.findall(str(good.body))):
                    noun = next(
                        noun
                        for noun in ("saves", "projects", "works", "presets", "checkpoints", "revisions")
                        if noun in good_nouns(good, at, atelier)
                    )
                    asked += 1

                    def make(id: str | None, good: Wish = good, at: str = at, noun: str = noun) -> httpx2.Response:
                        return send(web, method, good._replace(body=with_id(good.body, at, id or second.ids[noun])), PROGRAM)

                    wrong += same_as_nothing(make, f"{method} {good.path} {good.body}")
    assert asked >= 8
    assert not wrong, "\n".join(wrong)


def good_nouns(good: Wish, at: str, atelier: Atelier) -> list[str]:
    """What the id `at` of a body may be of."""
    if good.path.endswith("/restoration"):
        return ["saves"]
    return [noun for noun in ("projects", "works", "presets", "checkpoints", "revisions") if at in atelier.ids[noun]]


def bodies(operation: str, atelier: Atelier) -> Iterator[Wish]:
    """Good requests of a route: the usual one, and those that name other things besides."""
    yield WISHES[operation](atelier)
    if operation == "works_change":
        yield Wish(f"/works/{atelier.work()}", {"project": atelier.project()})
    if operation == "presets_add":
        yield Wish(f"/projects/{atelier.project()}/presets", {"name": "Ink", "work": atelier.work(), "take": ["style"]})
    if operation in {"drafts_save", "generations_ask"}:
        work = atelier.work()
        root = atelier.bring(work, "fox.png", picture_of(work))
        if operation == "drafts_save":
            yield Wish(f"/works/{work}/draft", {"version": 1, "base": root})
        for verb in ("vary", "refine") if operation == "generations_ask" else ():
            body = {"verb": verb, "parents": [{"revision": root}], "brief": {"intent": "a fox"}}
            yield Wish(f"/works/{work}/generations", body)
            yield Wish(f"/works/{work}/generations", {**body, "parents": [{"revision": root, "role": "inspire"}]})


def picture_of(work: str) -> bytes:
    """The bytes of a picture; each work another."""
    from tests.attacks.atelier import picture

    return picture(f"#{work.replace('-', '')[-6:]}")
