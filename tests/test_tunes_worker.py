"""A worker writes tunes: from the row of a request to revisions in ABC, with the house's real weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.db import Database
from app.models import Transcript
from app.models.transcript import unpacked
from app.music.abc import read
from app.settings import Settings
from tests.hands import hands

Make = Callable[..., list[dict[str, Any]]]
SHORT = {"bars": 8}


@pytest.fixture
def work(web: TestClient, project: str) -> str:
    """The id of a work of music."""
    return str(web.post(f"/projects/{project}/works", json={"title": "Reels", "medium": "music"}).json()["id"])


@pytest.fixture
def told() -> list[dict[str, Any]]:
    """The words of progress of the last run."""
    return []


@pytest.fixture
def make(web: TestClient, work: str, config: Settings, monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]) -> Make:
    """Asks over HTTP, has it made by a worker's hands, and gives the variants as programs get them."""
    worker, words = hands(config, monkeypatch)

    def ask(verb: str = "create", *parents: str, **fields: Any) -> list[dict[str, Any]]:
        given = {"verb": verb, "parents": [{"revision": id} for id in parents], "seed": 7, "count": 2} | fields
        body = {name: value for name, value in given.items() if value is not None}
        answer = web.post(f"/works/{work}/generations", json=body)
        assert answer.status_code == 202, answer.text
        id = answer.json()["id"]
        words.clear()
        assert worker.make(id) == "done", web.get(f"/generations/{id}").json()["error"]
        told[:] = words
        return list(web.get(f"/generations/{id}").json()["variants"])

    return ask


def test_a_brief_becomes_tunes_that_grow_on_the_page(make: Make, told: list[dict[str, Any]], database: Database) -> None:
    tunes = make(brief={"intent": "a merry jig in D"}, params=SHORT, count=4)
    assert [tune["parents"] for tune in tunes] == [[]] * 4
    for tune in tunes:
        assert tune["asset"] is tune["origins"] is tune["shares"] is None
        parsed = read(tune["text"])
        assert (str(parsed.metre), parsed.key.tonic, parsed.title) == ("6/8", "D", "a merry jig in D")
        assert tune["checks"] | {"novelty": 0} == {
            "parses": True,
            "bars_complete": True,
            "key": True,
            "metre": True,
            "novelty": 0,
        }
        assert tune["checks"]["novelty"].keys() == {"bars", "title"}
        assert len(tune["facts"]["contour"]) == 48
        assert tune["facts"]["ends_at_home"] is True
        assert "jig" in tune["facts"]["prompt"]
        with database.reading() as session:
            records = unpacked(session.get_one(Transcript, UUID(tune["id"])).tokens)
        assert [tune["text"][one["start"] : one["end"]] for one in records] == [one["text"] for one in records]
    assert len({tune["text"] for tune in tunes}) == 4
    grown = dict.fromkeys(range(4), "")
    for piece in (piece for word in told for piece in word.get("pieces", ())):
        assert piece["start"] == len(grown[piece["index"]])
        grown[piece["index"]] += piece["text"]
    assert [grown[index] for index in range(4)] == [tune["text"] for tune in tunes]
    assert sum("pieces" in word for word in told) > 2
