"""A studio with something of every kind in it, made through its own doors, and every address that it can be asked for."""

from __future__ import annotations

import io
import json
import struct
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from PIL import Image

from app.engines.engine import Alternative, Token
from app.models import (
    Artist,
    Embedding,
    Generation,
    GenerationParent,
    JudgeVersion,
    Parent,
    Probe,
    Reading,
    Revision,
    Role,
    Transcript,
    Verdict,
    Work,
    Worker,
)
from app.models.transcript import pack_tokens
from app.storage.db import Database, now

TUNE = "X:1\nT:Air\nM:4/4\nL:1/8\nK:G\nGABc d2e2|d2B2 G4|\n"
TEXT = "Rain on the roof.\nThe lamp burns low.\n"
PLACES = {"text": {"at": 4}, "music": {"bars": [1, 2]}}
WRITERS = {"text": "smollm"}  # an engine whose variants can be stopped one by one
FLAVOURS = {
    "program": {"accept": "application/json"},
    "page": {"accept": "text/html"},
    "htmx": {"accept": "text/html", "hx-request": "true"},
}


def png(colour: str = "teal") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (24, 16), colour).save(out, "PNG")
    return out.getvalue()


def mask() -> bytes:
    """A mask for it."""
    grey, out = Image.new("L", (24, 16)), io.BytesIO()
    grey.paste(255, (4, 4, 12, 12))
    grey.save(out, "PNG")
    return out.getvalue()


def wav() -> bytes:
    """A fifth of a second of a low tone."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8_000, 1_600, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<h", 8_000 if at // 20 % 2 else -8_000) for at in range(1_600)))
    return out.getvalue()


@dataclass
class Room:
    """The studio and the ids of what is in it, by what a path calls them."""

    web: TestClient
    ids: dict[str, list[str]] = field(default_factory=dict)


def furnish(web: TestClient, database: Database) -> Room:
    """A project with a work of each medium, each with imports, a run with variants, a draft with an earlier save."""
    project = web.post("/projects", json={"name": "Coast"}).raise_for_status().json()["id"]
    works, revisions = {}, {}
    files = {"image": ("fox.png", png()), "text": ("rain.md", TEXT.encode()), "music": ("air.abc", TUNE.encode())}
    for medium, file in files.items():
        made = web.post(f"/projects/{project}/works", json={"title": f"A {medium}", "medium": medium})
        works[medium] = work = made.raise_for_status().json()["id"]
        revisions[medium] = [web.post(f"/works/{work}/imports", files={"file": file}).raise_for_status().json()["id"]]
        brief = {"intent": "a red fox", "criteria": ["red"], "materials": ["dusk"]}
        saved = web.put(f"/works/{work}/draft", json={"version": 1, "brief": brief, "params": {"steps": 4}, "seed": 7})
        text = {"text": TUNE if medium == "music" else TEXT} if medium != "image" else {}
        form = {"form": {"preset": "haiku"}} if medium == "text" else {}
        again = {"version": saved.raise_for_status().json()["version"], "base": revisions[medium][0], "keep": True}
        web.put(f"/works/{work}/draft", json=again | text | form).raise_for_status()
        web.post(f"/revisions/{revisions[medium][0]}/pick").raise_for_status()
    sound = web.post(f"/works/{works['music']}/imports", files={"file": ("low.wav", wav())}).raise_for_status().json()["id"]
    trashed = web.post(f"/projects/{project}/works", json={"title": "Old", "medium": "image"}).json()["id"]
    web.post(f"/works/{trashed}/trash").raise_for_status()
    lying = {"data": {"revision": revisions["image"][0]}, "files": {"file": ("mask.png", mask())}}
    painted = web.post(f"/works/{works['image']}/masks", **lying).raise_for_status().json()["id"]
    probe = web.post("/probes", files={"file": ("fox.png", png("red"))}).raise_for_status().json()["id"]
    generations, variants, reading = _made(database, works, revisions)
    everything = [*(one for known in revisions.values() for one in known), sound, *variants]
    ids = {"project": [project], "work": [*works.values()], "revision": everything, "generation": generations}
    return Room(web, ids | {"reading": [reading], "probe": [probe], "mask": [painted]})


def _made(database: Database, works: dict[str, str], revisions: dict[str, list[str]]) -> tuple[list[str], list[str], str]:
    """What engines, judges and workers leave behind."""
    facts = {"model": "fake", "ended": "end", "likelihood": -1.5, "rank": 1, "ranking": {"rhyme": 1.0}, "steps_taken": 4}
    with database.writing() as session:
        artist = session.query(Artist).one()
        judge = JudgeVersion(name="house", version="1" * 64, title="Judge", dimensions=8)
        session.add_all(
            [judge, Worker(id="w1", name="here", device="cpu", state="idle", facts={"threads": 1, "engines": ["fake"]})]
        )
        generations, variants = [], []
        for medium, id in works.items():
            work = session.get_one(Work, UUID(id))
            first = session.get_one(Revision, UUID(revisions[medium][0]))
            verb, role = ("continue", Role.CONTINUE) if medium == "text" else ("vary", Role.VARY)
            for status in ("done", "failed", "queued"):
                run = Generation(
                    work_id=work.id, artist_id=artist.id, verb=verb, strength="subtle" if verb == "vary" else None,
                    brief_data={"intent": "a red fox", "criteria": ["red"]}, engine=WRITERS.get(medium, "fake"),
                    params={"steps": 4, "aspect": "1:1"},
                    seed=7, count=2, place_data=PLACES.get(medium),
                    form={"preset": "haiku"} if medium == "text" else None, stopped=[0], status=status,
                    error={"code": "engine", "title": "The engine could not do this: %(reason)s", "details": {"reason": "no"}}
                    if status == "failed" else None, finished_at=None if status == "queued" else now(),
                    parents=[GenerationParent(revision=first, role=role)],
                )  # fmt: skip
                session.add(run)
                session.flush()
                generations.append(str(run.id))
                if status != "done":
                    continue
                text = {"image": None, "text": TEXT + "A door.\n", "music": TUNE}[medium]
                made = [
                    Revision(
                        work_id=work.id, number=work.numbers(1)[0], origin="engine", verb=verb, strength=run.strength,
                        brief_data=run.brief_data, engine="fake", params=run.params, seed=7 + at, facts_data=facts, text=text,
                        asset_id=first.asset_id, generation_id=run.id, index=at, created_by_id=artist.id,
                        origins=[[0, len(text or ""), "engine"]] if medium == "text" else None,
                        parents=[Parent(parent_id=first.id, role=role, position=0)],
                    )
                    for at in range(2)
                ]  # fmt: skip
                session.add_all(made)
                session.flush()
                session.add_all([Verdict(revision_id=one.id, judge=judge, adherence=0.7, criteria=[0.6]) for one in made])
                if medium == "image":
                    session.add(Embedding(judge_id=judge.id, asset_id=first.asset_id, vector=b"\x00\x3c" * 8))
                if medium == "text":
                    token = Token(38, 46, "A door.\n", -1.0, alternatives=(Alternative("A", -1.0),))
                    session.add(Transcript(revision_id=made[0].id, tokens=pack_tokens([token])))
                    reading = Reading(
                        artist_id=artist.id, revision=made[0], engine="fake", selection=[0, 4], tokens=pack_tokens([])
                    )
                    session.add(reading)
                    session.flush()
                variants += [str(one.id) for one in made]
        session.execute(Probe.__table__.update().values(judge_id=judge.id, vector=b"\x00\x3c" * 8))
        return generations, variants, str(reading.id)


def routes(room: Room, *methods: str) -> Iterator[APIRoute]:
    """Every route of the application that answers one of `methods`."""
    for included in room.web.app.routes:  # type: ignore[attr-defined]  # the application behind the client
        for route in getattr(getattr(included, "original_router", None), "routes", [included]):
            if isinstance(route, APIRoute) and route.methods & set(methods):
                yield route


def noun(path: str) -> str:
    """What the id in a path stands for: the word before it."""
    word = path.strip("/").split("/")[0]
    return {"projects": "project", "works": "work", "revisions": "revision", "generations": "generation"}.get(
        word, word.removesuffix("s")
    )


def addresses(room: Room, route: APIRoute) -> list[str]:
    """The addresses of a route that is read: for each thing of its noun, and for each value that a parameter may choose."""
    ids = room.ids.get(noun(route.path), [""])
    paths = [
        route.path.replace("{id}", id).replace("{a}", id).replace("{b}", other).replace("{number}", "0")
        for id, other in zip(ids, [*ids[1:], *ids[:1]], strict=True)
    ]
    queries = [""] + [f"?{p.alias}={value}" for p in route.dependant.query_params for value in choices(p.field_info.annotation)]
    queries += SPECIAL.get(route.path, [])
    found = [path + query for path in dict.fromkeys(paths) for query in dict.fromkeys(queries)]
    return [one.replace("REVISION", room.ids["revision"][0]).replace("PROBE", room.ids["probe"][0]) for one in found]


SPECIAL = {
    "/revisions/{id}/content": ["?w=128"],
    "/works/{id}/lineage": ["?as=layout", "?as=layout&fold=true", "?at=1", "?cursor=9", "?pane=true"],
    "/works/{id}/loom": ["?at=1", "?pane=true"],
    "/search": ["?q=fox", "?q=a", "?like=REVISION", "?probe=PROBE"],
    "/projects/{id}/wall": ["?q=a"],
    "/projects/{id}/works": ["?q=rain"],
    "/trash": [],
}


def choices(annotation: Any) -> list[str]:
    """The values of a parameter that has a few; none for one that has many."""
    if get_origin(annotation) is Literal:
        return [str(one) for one in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(one.value) for one in annotation]
    if annotation is bool:
        return ["true"]
    if get_origin(annotation) in {Union, type(int | None)}:
        return [value for part in get_args(annotation) for value in choices(part)]
    return [value for part in get_args(annotation) for value in choices(part)] if get_origin(annotation) is list else []


def shown(answer: Any) -> str:
    """What went wrong, in a line."""
    try:
        said = json.loads(answer.text).get("detail", "")
    except (ValueError, AttributeError):
        said = answer.text[:200]
    return f"{answer.status_code} {said}"
