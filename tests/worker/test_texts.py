"""A worker writes: from the row of a request to revisions with their text, whose it is, and what was nearly written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.brief import Brief, Prompt
from app.engines.engine import Content, Engine, EngineParams, Medium, Request, Step, TextDelta, Token, Verb
from app.models import Generation, Revision, Transcript
from app.models.transcript import unpack_tokens
from app.settings import Settings
from app.storage.db import Database
from tests.hands import hands

AUTUMN = "写一首抒情诗，描述秋日的景色，诗风优雅典雅。"


class Scribe(Engine):
    """Writes the alphabet, a letter a step and variant; `hook` is called before each step with its number."""

    name, title, medium, licence = "scribe", "Scribe", Medium.TEXT, "none"
    verbs = frozenset({Verb.CREATE, Verb.CONTINUE})
    Params = EngineParams

    def __init__(self, letters: int = 8) -> None:
        self.letters = letters
        self.hook: Callable[[int], None] = lambda _number: None
        self.asked: list[Request] = []

    def unready(self) -> str | None:
        return None

    def prompt(self, brief: Brief) -> Prompt:
        return brief.prompt()

    def load(self, device: str) -> None:
        """Nothing to load."""

    def run(self, request: Request) -> Iterator[Step | Content]:
        self.asked.append(request)
        before = request.parents[0].data.decode() if request.parents and request.parents[0].data else ""
        tokens: list[list[Token]] = [[] for _seed in request.seeds]
        ended: dict[int, str] = {}
        for number in range(1, self.letters + 1):
            self.hook(number)
            pieces, fresh = [], []
            for index, written in enumerate(tokens):
                if index in ended:
                    continue
                if index in request.stopped:
                    ended[index] = "stopped"
                    fresh.append(index)
                    continue
                at = len(before) + len(written)
                written.append(Token(at, at + 1, "abcdefghijklmnopqrstuvwxyz"[(number - 1) % 26], -0.5))
                pieces.append(TextDelta(index, (written[-1],)))
            yield Step(number, self.letters, pieces=tuple(pieces), ended=tuple(fresh))
        for index, written in enumerate(tokens):
            text = before + "".join(token.text for token in written)
            facts = {"ended": ended.get(index, "length")}
            span = ((len(before), len(text)),) if written else ()
            yield Content(index, 1, text.encode(), "text/plain", facts=facts, tokens=tuple(written), written=span)


@pytest.fixture
def page(web: TestClient, project: str) -> str:
    """The id of a work of texts."""
    return str(web.post(f"/projects/{project}/works", json={"title": "Leaves", "medium": "text"}).json()["id"])


@pytest.fixture
def asked(web: TestClient, page: str, database: Database) -> Callable[..., str]:
    """Asks for a generation; its id. An engine of the tests takes its place in the row."""

    def ask(engine: str = "verse", count: int = 2, columns: dict[str, Any] | None = None, **fields: Any) -> str:
        body = {"brief": {"intent": AUTUMN}, "engine": "verse", "seed": 5, "count": count}
        answer = web.post(f"/works/{page}/generations", json=body | fields)
        assert answer.status_code == 202, answer.text
        id = str(answer.json()["id"])
        with database.writing() as session:
            params = {} if engine == "scribe" else Generation.params
            values = {"engine": engine, "params": params} | (columns or {})
            session.execute(sa.update(Generation).where(Generation.id == UUID(id)).values(**values))
        return id

    return ask


def variants(database: Database, id: str) -> list[Revision]:
    with database.reading() as session:
        query = sa.select(Revision).where(Revision.generation_id == UUID(id)).order_by(Revision.index)
        return list(session.scalars(query).unique())


def test_the_essays_brief_becomes_poems_with_their_tokens(
    config: Settings, database: Database, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, told = hands(config, monkeypatch)
    id = asked(count=4)
    assert worker.make(id) == "done"
    poems = variants(database, id)
    assert [poem.index for poem in poems] == [0, 1, 2, 3]
    for poem in poems:
        assert poem.text
        assert poem.asset_id is None
        assert [len(line.strip("，。")) for line in poem.text.replace("，", "\n").split("\n") if line.strip()] == [7] * 4
        assert poem.origins == [[0, len(poem.text), "engine"]]
        assert poem.facts.ended == "end"
        with database.reading() as session:
            records = unpack_tokens(session.get_one(Transcript, poem.id).tokens)
        assert "".join(record["text"] for record in records) == poem.text
    # What was streamed is what is kept, in the order it was written.
    assert (told[0]["step"], told[0]["loading"], told[1]["step"], "loading" in told[1]) == (0, True, 0, False)
    streamed = dict.fromkeys(range(4), "")
    for word in told[2:]:
        assert word["step"] > 0
        for piece in word.get("pieces", ()):
            assert piece["start"] == len(streamed[piece["index"]])
            streamed[piece["index"]] += piece["text"]
    assert [streamed[index].rstrip() for index in range(4)] == [poem.text for poem in poems]
    assert sorted(index for word in told for index in word.get("ended", ())) == [0, 1, 2, 3]
