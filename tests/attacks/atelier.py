"""A studio with something of everything in it: every medium, and every state that a thing can be in."""

from __future__ import annotations

import io
from collections import defaultdict
from typing import Any
from uuid import UUID, uuid4

import httpx2
import numpy as np
import soundfile
from fastapi.testclient import TestClient
from PIL import Image

from app.brief import Medium
from app.engines.engine import Alternative, Token
from app.errors import StemmaError, UnavailableError
from app.models import Generation, Status
from app.models.artist import local_artist
from app.models.likelihood import Reading
from app.models.transcript import pack_tokens
from app.storage.db import Database
from app.worker.main import WorkerProcess
from tests.growing import Garden
from tests.taught import a_style

RATE = 8_000
JIG = "X:1\nT:The Harbour <Light>\nM:6/8\nL:1/8\nK:D\n|: d2f afd | Bcd e2f | gfe fed | d3 d3 :|\n"
POEM = "The gulls go up & over <the sea>\nand come back with the rain\n"
FAKE = {"engine": "fake-slow", "params": {"steps": 2, "seconds": 0.0}, "count": 2}
BRIEF = {"intent": 'a red fox & "hounds" <b>100%</b> %(a)s', "style": "ink", "materials": ["snow"], "criteria": ["calm"]}


def picture(colour: str = "teal") -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "PNG")
    return out.getvalue()


def a_mask() -> bytes:
    """A mask for it: a square in the middle."""
    grey = Image.new("L", (64, 48))
    grey.paste(255, (16, 12, 48, 36))
    out = io.BytesIO()
    grey.save(out, "PNG")
    return out.getvalue()


def recording(seconds: float = 1.0) -> bytes:
    """A recording of noise."""
    out = io.BytesIO()
    soundfile.write(out, np.random.default_rng(4).normal(0, 0.1, (round(seconds * RATE), 1)), RATE, format="WAV")
    return out.getvalue()


class Atelier:
    """Makes things over HTTP, and remembers their ids by noun."""

    def __init__(self, web: TestClient, database: Database, worker: WorkerProcess) -> None:
        self.web, self.database, self.worker = web, database, worker
        self.ids: dict[str, list[str]] = defaultdict(list)

    def made(self, noun: str, answer: httpx2.Response) -> str:
        """The id of what was just made, remembered."""
        assert answer.status_code in {201, 202}, answer.text
        id = str(answer.json()["id"])
        self.ids[noun].append(id)
        return id

    def project(self, name: str = "Coast & <sea>") -> str:
        """A new project."""
        return self.made("projects", self.web.post("/projects", json={"name": name}))

    def work(self, medium: str = "image", title: str = "Fox <b>&</b> 狐狸") -> str:
        """A new work in the first project."""
        project = self.ids["projects"][0] if self.ids["projects"] else self.project()
        return self.made("works", self.web.post(f"/projects/{project}/works", json={"title": title, "medium": medium}))

    def list_of(self, project: str) -> str:
        """A list of words in a project."""
        return self.made("lists", self.web.post(f"/projects/{project}/lists", json={"name": "birds", "entries": ["gull"]}))

    def comment(self, revision: str, body: str = "The ears are <i>too</i> long") -> str:
        """A comment on a revision."""
        return self.made("comments", self.web.post(f"/revisions/{revision}/comments", json={"body": body}))

    def preset_of(self, project: str, name: str = "") -> str:
        """A preset in a project."""
        given = {"name": name or f"Ink {uuid4()}", "brief": {"style": "ink <wash>"}, "params": {"steps": 3}}
        return self.made("presets", self.web.post(f"/projects/{project}/presets", json=given))

    def style_of(self, project: str, state: str = "ready") -> str:
        """A style that was taught in a project, with a checkpoint; or one that is as `state` says."""
        with self.database.writing() as session:
            made = a_style(session, project, state)
            self.ids["styles"].append(str(made.id))
            self.ids["checkpoints"] += [str(one.id) for one in made.checkpoints]
            return str(made.id)

    def bring(self, work: str, name: str, data: bytes) -> str:
        """An import."""
        return self.made("revisions", self.web.post(f"/works/{work}/imports", files={"file": (name, data)}))

    def ask(self, work: str, **fields: Any) -> str:
        """A generation that waits."""
        body = {"brief": BRIEF} | FAKE | fields
        return self.made("generations", self.web.post(f"/works/{work}/generations", json=body))

    def make(self, work: str, **fields: Any) -> str:
        """A generation that a worker has ended; its variants are remembered."""
        id = self.ask(work, **fields)
        self.worker.make(id)
        self.ids["revisions"] += [one["id"] for one in self.web.get(f"/generations/{id}").json()["variants"]]
        return id

    def poem(self) -> tuple[str, str]:
        """A work of text with a revision: their ids."""
        work = self.work("text", "Gulls")
        return work, self.bring(work, "gulls.txt", POEM.encode())

    def draft(self, work: str, **fields: Any) -> None:
        """Save the draft, and keep what this replaces."""
        version = self.web.get(f"/works/{work}/draft").json()["version"]
        answer = self.web.put(f"/works/{work}/draft", json={"version": version, "keep": True, **fields})
        assert answer.status_code == 200, answer.text

    def run(self, generation: str) -> None:
        """Let it run: taken by a worker, no step done yet."""
        with self.database.writing() as session:
            session.get_one(Generation, UUID(generation)).status = Status.RUNNING

    def reading(self, revision: str, *, ready: bool, error: StemmaError | None = None) -> str:
        """A reading of a poem that waits for a worker, that one has read, or that one could not read."""
        with self.database.writing() as session:
            row = Reading(artist_id=local_artist(session).id, revision_id=UUID(revision), engine="house-verse")
            if ready:
                row.tokens = pack_tokens([Token(0, 3, "The", -1.5, alternatives=(Alternative("A", -2.0),))])
                row.perplexity = 4.5
            if error is not None:
                row.error = {"code": error.code, "title": error.title, "details": error.details}
            session.add(row)
            session.flush()
            self.ids["readings"].append(str(row.id))
            return str(row.id)


def pictures(atelier: Atelier) -> None:
    """A work of pictures: brought, made, picked, varied; a run of each state; earlier saves."""
    work = atelier.work()
    root = atelier.bring(work, "fox.png", picture())
    atelier.comment(root)
    atelier.web.post(f"/comments/{atelier.comment(root)}/resolution")
    atelier.draft(work, brief=BRIEF)
    atelier.draft(work, brief={"intent": "a fox"}, base=root)
    atelier.list_of(atelier.ids["projects"][0])
    atelier.preset_of(atelier.ids["projects"][0])
    atelier.style_of(atelier.ids["projects"][0])
    atelier.style_of(atelier.ids["projects"][0], "learning")
    atelier.make(work)
    made = atelier.ids["revisions"][-1]
    atelier.web.post(f"/revisions/{made}/pick")
    atelier.make(work, verb="vary", parents=[{"revision": made}], strength="subtle")
    atelier.make(work, engine="fake-broken")
    given = {"data": {"revision": root}, "files": {"file": ("mask.png", a_mask())}}
    mask = atelier.made("masks", atelier.web.post(f"/works/{work}/masks", **given))
    atelier.make(work, verb="inpaint", parents=[{"revision": root}], mask=mask)
    cancelled = atelier.ask(work)
    atelier.web.post(f"/generations/{cancelled}/cancellation")
    atelier.run(atelier.ask(work))
    atelier.ask(work)


def texts(atelier: Atelier) -> None:
    """A poem brought, gone on with by hand, written by an engine, and read."""
    work, root = atelier.poem()
    atelier.draft(work, base=root, text=f"{POEM}\nand the light stays\n", form={"preset": "haiku"})
    atelier.made("revisions", atelier.web.post(f"/works/{work}/revisions", json={}))
    with atelier.database.writing() as session:
        garden = Garden(session, "Verse")
        garden.work.medium = Medium.TEXT
        [first] = garden.grow(text="白日依山尽", engine="house-verse")
        [other, _] = garden.grow((first, "continue"), text="白日依山尽\n黄河入海流", engine="house-verse", count=2, picked=True)
        atelier.ids["works"].append(str(garden.work.id))
        atelier.ids["revisions"] += [str(first.id), str(other.id)]
        atelier.ids["generations"].append(str(other.generation_id))
    atelier.reading(root, ready=False)
    atelier.reading(root, ready=True)
    atelier.reading(root, ready=False, error=UnavailableError())


def music(atelier: Atelier) -> None:
    """A tune brought and changed by hand, one that an engine made; a recording."""
    work = atelier.work("music", "Harbour")
    root = atelier.bring(work, "harbour.abc", JIG.encode())
    atelier.draft(work, base=root, text=JIG.replace("d3 d3", "d6"))
    atelier.made("revisions", atelier.web.post(f"/works/{work}/revisions", json={}))
    sound = atelier.work("music", "Waves")
    atelier.bring(sound, "waves.wav", recording())


def full(web: TestClient, database: Database, worker: WorkerProcess) -> Atelier:
    """All of it, and what is empty or in the trash."""
    atelier = Atelier(web, database, worker)
    atelier.project()
    pictures(atelier)
    texts(atelier)
    music(atelier)
    for medium in ("image", "text", "music"):
        atelier.work(medium, f"Empty {medium}")
    for medium in ("image", "text"):
        saved = atelier.work(medium, f"Saved {medium}")
        atelier.draft(saved, brief={"intent": "a fox"})
        atelier.draft(saved, brief={"intent": "an owl"})
        atelier.ids["saves"] += [f"{saved} {one['id']}" for one in web.get(f"/works/{saved}/draft/saves").json()["items"]]
    trashed = atelier.work(title="Gone")
    atelier.bring(trashed, "gone.png", picture("navy"))
    web.post(f"/works/{trashed}/trash")
    web.post(f"/projects/{atelier.project('Gone too')}/trash")
    atelier.made("probes", web.post("/probes", files={"file": ("like.png", picture("red"))}))
    return atelier
