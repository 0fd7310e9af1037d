"""Make the example: a person's way through a few works, asked of a running studio through its public HTTP interface.

Every picture and every line is really made by the house's engines, every pick and every word of a brief is said here.
To make it again (after training, say): `stemma example`, which starts a studio of its own, runs this, and writes `studio.tar`.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from app.errors import StemmaError, _

PATIENCE = 300.0  # seconds for one generation


@dataclass
class Turn:
    """One generation and what the artist does with it. `parent` is (turn, variant) counted from 0 in this work, `inspired`
    (title, turn, variant) in a work that was told before. `place` says where in a tune: bars, or how many semitones.
    """

    verb: str
    seed: int | None
    pick: tuple[int, ...] = ()
    parent: tuple[int, int] | None = None
    brief: dict[str, Any] | None = None
    strength: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    count: int = 4
    inspired: tuple[str, int, int] | None = None
    place: dict[str, Any] = field(default_factory=dict)


@dataclass
class ByHand:
    """What the artist changes with a pen in the last pick: (what stands there as a regular expression, what then does)."""

    changes: tuple[tuple[str, str], ...]


@dataclass
class Story:
    """A work: its title and its turns, the first of them a creation."""

    title: str
    turns: list[Turn | ByHand]
    medium: str = "image"


class Studio:
    """The public interface, as a program uses it."""

    def __init__(self, url: str) -> None:
        self.http = httpx2.Client(base_url=url, headers={"Accept": "application/json"}, timeout=60)
        self.made: dict[str, list[list[str]]] = {}  # by title: the revisions of each turn

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST and insist."""
        return dict(self.http.post(path, json=body or {}).raise_for_status().json())

    def generate(self, work: str, body: dict[str, Any]) -> list[str]:
        """Ask, wait; the variants' ids."""
        asked = self.post(f"/works/{work}/generations", body)["id"]
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            now = self.http.get(f"/generations/{asked}").raise_for_status().json()
            if now["status"] == "done":
                return [variant["id"] for variant in now["variants"]]
            if now["status"] in {"failed", "cancelled"}:
                break
            time.sleep(0.2)
        raise StemmaError(_("The example could not be made: %(reason)s"), reason=str(now.get("error") or now["status"]))

    def tell(self, project: str, story: Story) -> None:
        """Live through one work, turn by turn, and leave its draft on the last pick."""
        work = self.post(f"/projects/{project}/works", {"title": story.title, "medium": story.medium})["id"]
        made = self.made[story.title] = list[list[str]]()
        for turn in story.turns:
            if isinstance(turn, ByHand):
                made.append([self.write(work, turn)])
                continue
            made.append(self.generate(work, self._asked(turn, made)))
            for index in turn.pick:
                self.pick(work, made[-1][index])

    def _asked(self, turn: Turn, made: list[list[str]]) -> dict[str, Any]:
        """A turn as the HTTP interface takes it."""
        body: dict[str, Any] = {"verb": turn.verb, "seed": turn.seed, "count": turn.count, "strength": turn.strength}
        body |= {"brief": turn.brief, "params": turn.params or None, **turn.place}
        parents = [{"revision": made[turn.parent[0]][turn.parent[1]]}] if turn.parent else []
        if turn.inspired:
            title, number, index = turn.inspired
            parents.append({"revision": self.made[title][number][index], "role": "inspire"})
        return {k: v for k, v in body.items() if v is not None} | ({"parents": parents} if parents else {})

    def pick(self, work: str, revision: str) -> None:
        """Choose a revision and go on from there."""
        self.post(f"/revisions/{revision}/pick")
        self.post(f"/works/{work}/draft/base", {"revision": revision})

    def write(self, work: str, turn: ByHand) -> str:
        """Change the draft's text by hand; the id of the revision, which is picked."""
        draft = self.http.get(f"/works/{work}/draft").raise_for_status().json()
        text = draft["text"]
        for old, new in turn.changes:
            text = re.sub(old, new, text, count=1, flags=re.MULTILINE)
        body = {"version": draft["version"], "text": text}
        self.http.put(f"/works/{work}/draft", json=body).raise_for_status()
        revision = str(self.post(f"/works/{work}/revisions")["id"])
        self.pick(work, revision)
        return revision


def make(url: str, name: str, stories: list[Story]) -> None:
    """Fill the studio at `url` with a project of `stories`. The last work told hangs first on the wall."""
    studio = Studio(url)
    project = studio.post("/projects", {"name": name})["id"]
    for story in stories:
        studio.tell(project, story)
