"""Lineages made by hand, for tests: revisions, parents and picks without an engine."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Artist, Asset, Generation, Parent, Pick, Project, Revision, Work
from app.models.artist import local_artist
from app.storage.db import now, uuid7


class Garden:
    """One work, and revisions that grow in it as a test says."""

    def __init__(self, session: Session, title: str = "Fox", artist: Artist | None = None) -> None:
        self.session = session
        self.artist = artist or local_artist(session)
        project = Project(owner_id=self.artist.id, name="Coast")
        session.add(project)
        session.flush()
        self.work = Work(project=project, title=title, medium="image", words="")
        session.add(self.work)
        session.flush()

    def grow(self, *parents: tuple[Revision, str], count: int = 1, picked: bool = False, **columns: Any) -> list[Revision]:
        """One generation of `count` variants; the first is picked if `picked`."""
        made_by = self._generation(count)
        grown = []
        for at, number in enumerate(self.work.numbers(count)):
            given = {"verb": parents[0][1] if parents else "create", "engine": "house", "seed": 100 + at, **columns}
            revision = Revision(
                work=self.work, number=number, origin="engine", generation_id=made_by, index=at, created_by=self.artist, **given
            )
            edges = [Parent(parent_id=one.id, role=role, position=place) for place, (one, role) in enumerate(parents)]
            revision.parents.extend(edges)
            self.session.add(revision)
            grown.append(revision)
        self.session.flush()
        if picked:
            grown[0].pick(by=self.artist)
        self.session.flush()
        return grown

    def _generation(self, count: int) -> Any:
        made_by = Generation(
            work=self.work,
            artist_id=self.artist.id,
            verb="create",
            engine="house",
            seed=1,
            count=count,
            status="done",
            finished_at=now(),
        )
        self.session.add(made_by)
        self.session.flush()
        return made_by.id

    def forest(self, count: int, seed: int = 7) -> None:
        """`count` revisions in generations of four, each from a random earlier one; written in bulk."""
        dice, ids, rows = random.Random(seed), [uuid7() for _ in range(count)], {"r": [], "p": [], "k": [], "g": []}
        asset = Asset(sha256=hashlib.sha256(b"forest").hexdigest(), media_type="image/png", bytes=1, width=8, height=8)
        self.session.merge(asset)
        self.session.flush()
        for number in range(1, count + 1):
            if (number - 1) % 4 == 0:
                parent = dice.randrange(max(0, number - 60), number - 1) if number > 1 else None
                made_by = uuid7()
                rows["g"].append(self._row(Generation, made_by, verb="vary", count=4, status="done", priority=1, attempt=1))
            id = ids[number - 1]
            made = {"number": number, "origin": "engine", "verb": "vary", "facts": {}, "asset_id": asset.sha256}
            made |= {"generation_id": made_by, "index": (number - 1) % 4, "created_by_id": self.artist.id}
            rows["r"].append(self._row(Revision, id, **made))
            if parent is not None:
                rows["p"].append({"child_id": id, "parent_id": ids[parent], "role": "vary", "position": 0})
            if dice.random() < 0.25:
                rows["k"].append({"revision_id": id, "artist_id": self.artist.id, "created_at": now()})
        for table, key in ((Generation, "g"), (Revision, "r"), (Parent, "p"), (Pick, "k")):
            self.session.execute(sa.insert(table), rows[key])
        self.work.last_number = count
        self.session.flush()

    def _row(self, table: type, id: Any, **columns: Any) -> dict[str, Any]:
        shared = {
            "id": id,
            "work_id": self.work.id,
            "brief_data": {},
            "params": {},
            "engine": "house",
            "seed": 1,
            "created_at": now(),
        }
        return {**shared, **({"artist_id": self.artist.id} if table is Generation else {}), **columns}
