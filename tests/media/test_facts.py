"""What is kept of how a revision was made: typed for its readers, in its row as it was written."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.media.facts import Facts, Shared
from app.models import Revision
from app.storage.db import Database
from tests.growing import Garden

KEPT: dict[str, Any] = {
    "prompt": "a fox",
    "likelihood": -1.5,
    "novelty": {"bars": 2.0, "title": "The Kesh", "notes": 9, "start": 0},
    "own": None,
    "weights": {"unet": "1a2b"},
    "of a later version": [1, {"a": None}],
}


def test_readers_get_types_and_the_row_keeps_what_nobody_knows(database: Database) -> None:
    with database.writing() as session:
        [revision] = Garden(session).grow(facts_data=KEPT)
        id = revision.id
    with database.reading() as session:
        revision = session.get_one(Revision, id)
        assert revision.facts_data == KEPT
        assert revision.facts.likelihood == -1.5
        assert revision.facts.shared == revision.facts.novelty
        assert revision.facts.own is revision.facts.rank is None
        assert revision.facts.model_extra == {"weights": {"unet": "1a2b"}, "of a later version": [1, {"a": None}]}
        stored = session.scalar(sa.text("SELECT facts FROM revisions"))
        assert (json.loads(stored) if isinstance(stored, str) else stored) == KEPT


def test_what_does_not_fit_is_left_out_and_said_and_the_rest_stays(web: TestClient, database: Database) -> None:
    with database.writing() as session:
        [revision] = Garden(session).grow(facts_data=KEPT)
        id = revision.id
    wrong = KEPT | {"likelihood": "high", "contour": [[1]], "novelty": {"bars": "two"}}
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE revisions SET facts = :facts"), {"facts": json.dumps(wrong)})
    with database.reading() as session:
        revision = session.get_one(Revision, id)
        assert (revision.facts.likelihood, revision.facts.contour, revision.facts.shared) == (None, [], Shared())
        assert revision.facts.prompt == "a fox"
        assert "facts" in revision.damaged
    page = web.get(f"/revisions/{id}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "of a later version" in page.text


def test_nothing_is_facts_too() -> None:
    assert Facts.of({}).shared == Shared()
