"""Large studios: thousands of revisions and works as rows, with real pictures behind them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Generation, Parent, Pick, Project, Revision, Work
from app.models.artist import local_artist
from app.storage.db import now, uuid7

WIDE = 60  # how far back a generation's parent may lie
TITLES = ("harbour", "fox", "lighthouse", "窗边的猫", "山水", "orchard", "tin robot", "snow", "海边的灯塔", "moth")
BATCH = 20_000  # rows of one insert


def forest(session: Session, work: UUID, count: int, assets: Sequence[str]) -> None:
    """`count` revisions in generations of four, each from a random earlier one, every fourth of them picked."""
    dice, moment, artist = random.Random(count), now(), local_artist(session).id
    ids = [uuid7() for _ in range(count)]
    shared = {"work_id": work, "brief_data": {}, "params": {}, "engine": "house", "seed": 1, "created_at": moment}
    revisions, parents, picks, generations = [list[dict[str, Any]]() for _ in range(4)]
    for at, id in enumerate(ids):
        if at % 4 == 0:
            parent = ids[dice.randrange(max(0, at - WIDE), at)] if at else None
            made_by = uuid7()
            made = {"id": made_by, "artist_id": artist, "verb": "vary", "count": 4}
            generations.append(shared | made | {"status": "done", "priority": 1, "attempt": 1})
        row = {"id": id, "number": at + 1, "origin": "engine", "verb": "vary", "facts": {}, "created_by_id": artist}
        revisions.append(shared | row | {"asset_id": assets[at % len(assets)], "generation_id": made_by, "index": at % 4})
        if parent:
            parents.append({"child_id": id, "parent_id": parent, "role": "vary", "position": 0})
        if dice.random() < 1 / 4:
            picks.append({"revision_id": id, "artist_id": artist, "created_at": moment})
    for table, rows in ((Generation, generations), (Revision, revisions), (Parent, parents), (Pick, picks)):
        session.execute(sa.insert(table), rows)
    session.execute(sa.update(Work).where(Work.id == work).values(last_number=count, cover_id=ids[-1]))


def gallery(session: Session, count: int, covers: Sequence[UUID]) -> UUID:
    """A project of `count` works with covers and words in two languages; its id."""
    dice, moment = random.Random(count), now()
    project = Project(owner_id=local_artist(session).id, name="Two hundred thousand")
    session.add(project)
    session.flush()
    shared = {"project_id": project.id, "medium": "image", "last_number": 4, "created_at": moment, "touched_at": moment}
    for begin in range(0, count, BATCH):
        rows = []
        for number in range(begin, min(count, begin + BATCH)):
            title = f"{dice.choice(TITLES)} {number}"
            words = f"{title} {' '.join(dice.choices(TITLES, k=6))} in flat colours, paper and ink, seen from above"
            rows.append(shared | {"id": uuid7(), "title": title, "cover_id": dice.choice(covers), "words": words})
        session.execute(sa.insert(Work), rows)
    return project.id
