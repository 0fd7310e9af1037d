"""A judge looks at what was made and brought in, after everybody has it; whatever goes wrong with it, the studio goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.judging.fake import Fake
from app.models import Asset, Embedding, Generation, JudgeVersion, Probe, Revision, Verdict
from app.models.query_image import LIFE
from app.settings import Settings
from app.storage.db import Database, now
from app.storage.migrations import migrate
from app.storage.queue import Queue
from app.storage.store import Store
from app.web.live.live import Live
from app.worker.judging import Judging
from tests.growing import Garden
from tests.hands import hands


@pytest.fixture
def config(config: Settings) -> Settings:
    return config.model_copy(update={"judge": "fake"})


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def judging(config: Settings, database: Database, fake: Fake) -> Judging:
    """A judge that is ready, in a worker that looks after everybody's pictures and has nothing else to do."""
    made = Judging(fake, database, Store(config.data), lambda: True, lambda: True)
    assert made.ready(lambda: "cpu")
    return made


def everything(judging: Judging) -> None:
    """Judge until nothing is left."""
    while judging.once():
        pass


@pytest.fixture
def verdicts(database: Database) -> Callable[[], dict[str, Verdict]]:
    """What was found so far, by revision."""

    def read() -> dict[str, Verdict]:
        with database.reading() as session:
            return {str(one.revision_id): one for one in session.scalars(sa.select(Verdict))}

    return read


def test_a_run_is_judged_after_it_is_done(
    config: Settings, web: TestClient, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _told = hands(config, monkeypatch)
    brief = {"intent": "a red fox", "criteria": ["much teal", "warmth"]}
    body = {"brief": brief, "engine": "fake-slow", "params": {"steps": 2, "seconds": 0.0}, "count": 2}
    id = web.post(f"/works/{work}/generations", json=body).json()["id"]
    assert worker.make(id) == "done"
    made = web.get(f"/generations/{id}").json()["variants"]
    assert [variant["verdict"] for variant in made] == [None, None]  # nothing waits for a judge
    assert worker.judging
    assert worker.judging.ready(lambda: "cpu")
    worker.judging.once()
    for variant in web.get(f"/generations/{id}").json()["variants"]:
        verdict = variant["verdict"]
        assert verdict["judge"] == "Fake judge"
        assert 0 <= verdict["adherence"] <= 1
        assert [line["text"] for line in verdict["criteria"]] == ["much teal", "warmth"]
        assert verdict["criteria"][1]["adherence"] is None  # it knows colours only
    fit = [one["verdict"]["adherence"] for one in web.get(f"/generations/{id}?order=fit").json()["variants"]]
    assert fit == sorted(fit, reverse=True)
    assert web.get(f"/generations/{id}?order=beauty").status_code == 422


def test_another_worker_judges_what_it_made_and_leaves_the_rest(
    config: Settings, database: Database, revision: str, verdicts: Callable[[], dict[str, Verdict]]
) -> None:
    other = Judging(Fake(), database, Store(config.data), lambda: False, lambda: True)
    other.ready(lambda: "cpu")
    with database.writing() as session:
        asset = session.get_one(Revision, UUID(revision)).asset_id
        (grown,) = Garden(session).grow(asset_id=asset)
    other.made(grown.generation_id)  # type: ignore[arg-type]  # it has one
    assert other.once() is False
    assert list(verdicts()) == [str(grown.id)]


def test_imports_are_judged_and_pictures_of_long_ago(
    web: TestClient,
    judging: Judging,
    work: str,
    picture: Callable[..., bytes],
    verdicts: Callable[[], dict[str, Verdict]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.worker.judging.STRIDE", 3)
    colours = ("red", "green", "blue", "white", "black", "teal", "navy")
    ids = [web.post(f"/works/{work}/imports", files={"file": ("a.png", picture(c))}).json()["id"] for c in colours]
    judging._since = UUID(int=2**128 - 1)  # as if all had been made before this worker began
    judging.idle = lambda: False
    everything(judging)
    assert verdicts() == {}  # old ones wait until there is time
    judging.idle = lambda: True
    everything(judging)
    assert set(verdicts()) == set(ids)
    assert all(one.adherence is None for one in verdicts().values())  # an import asks for nothing
    later = web.post(f"/works/{work}/imports", files={"file": ("a.png", picture("pink"))}).json()["id"]
    judging._since = UUID(later)
    judging.idle = lambda: False
    everything(judging)
    assert later not in verdicts()
    judging._since = UUID(int=UUID(later).int - 1)
    everything(judging)
    assert later in verdicts()


def test_the_same_picture_is_looked_at_once(
    web: TestClient, judging: Judging, fake: Fake, work: str, picture: Callable[..., bytes], database: Database
) -> None:
    for _turn in range(3):
        web.post(f"/works/{work}/imports", files={"file": ("a.png", picture("red"))})
    everything(judging)
    everything(judging)
    assert fake.seen == 1
    with database.reading() as session:
        assert session.query(Embedding).count() == 1
        assert session.query(Verdict).count() == 3


def test_other_weights_begin_anew(
    config: Settings, web: TestClient, database: Database, judging: Judging, revision: str
) -> None:
    everything(judging)
    newer = Judging(Fake("2"), database, Store(config.data), lambda: True, lambda: True)
    newer.ready(lambda: "cpu")
    everything(newer)
    with database.reading() as session:
        assert session.query(JudgeVersion).count() == session.query(Embedding).count() == session.query(Verdict).count() == 2
    assert web.get(f"/revisions/{revision}").json()["verdict"]["version"] == "2"
    back = Judging(Fake("1"), database, Store(config.data), lambda: True, lambda: True)
    back.ready(lambda: "cpu")
    everything(back)  # all is there already
    with database.reading() as session:
        assert session.query(Verdict).count() == 2


def test_a_picture_that_cannot_be_looked_at_is_left_alone(
    config: Settings,
    web: TestClient,
    judging: Judging,
    work: str,
    picture: Callable[..., bytes],
    verdicts: Callable[[], dict[str, Verdict]],
    database: Database,
) -> None:
    good, bad = (
        web.post(f"/works/{work}/imports", files={"file": ("a.png", picture(colour))}).json() for colour in ("red", "blue")
    )
    Store(config.data).path(bad["asset"]["sha256"]).write_bytes(b"no picture")
    everything(judging)
    assert list(verdicts()) == [good["id"]]
    assert judging.once() is False
    assert web.get(f"/revisions/{bad['id']}").json()["verdict"] is None


def test_a_judge_that_raises_takes_nothing_with_it(
    config: Settings, web: TestClient, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _told = hands(config, monkeypatch)
    assert worker.judging
    worker.judging.judge.broken = "out of memory"  # type: ignore[attr-defined]  # a fake
    body = {"brief": {"intent": "a red fox"}, "engine": "fake-slow", "params": {"steps": 2, "seconds": 0.0}, "count": 2}
    id = web.post(f"/works/{work}/generations", json=body).json()["id"]
    assert worker.make(id) == "done"
    worker.judging.ready(lambda: "cpu")
    assert worker.judging.once() is False
    made = web.get(f"/generations/{id}").json()
    assert (made["status"], [variant["verdict"] for variant in made["variants"]]) == ("done", [None, None])
    page = web.get(f"/works/{work}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "<meter" not in page.text


def test_the_thread_outlives_whatever_is_raised(judging: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, turns = threading.Event(), 0

    def once() -> bool:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise sa.exc.OperationalError("insert", {}, Exception("locked"))
        stop.set()
        return False

    monkeypatch.setattr(judging, "once", once)
    monkeypatch.setattr("app.worker.judging.LOOK_EVERY", 0.01)
    judging.run(stop, lambda: "cpu")
    assert turns == 2


def test_a_judge_that_is_not_ready_is_asked_again_later(
    config: Settings, database: Database, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(fake, "unready", lambda: asked.append(1) or "the weights are missing")
    judging = Judging(fake, database, Store(config.data), lambda: True, lambda: True)
    assert [judging.ready(lambda: "cpu") for _turn in range(5)] == [False] * 5
    assert len(asked) == 1
    with database.reading() as session:
        assert session.query(JudgeVersion).count() == 0


def test_without_a_judge_nothing_is_looked_for(config: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, _told = hands(config.model_copy(update={"judge": ""}), monkeypatch)
    assert worker.judging is None


def test_probes_are_looked_at_and_forgotten_after_a_day(
    web: TestClient, judging: Judging, picture: Callable[..., bytes], database: Database
) -> None:
    old, new = (web.post("/probes", files={"file": ("a.png", picture())}).json()["id"] for _turn in range(2))
    with database.writing() as session:
        session.get_one(Probe, UUID(old)).created_at = now() - LIFE * 2
    everything(judging)
    with database.reading() as session:
        assert [(str(one.id), one.judge_id) for one in session.query(Probe)] == [(new, judging.id)]


def test_an_open_page_hears_of_the_verdict(
    config: Settings, web: TestClient, work: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _told = hands(config, monkeypatch)
    body = {"brief": {"intent": "a red fox"}, "engine": "fake-slow", "params": {"steps": 2, "seconds": 0.0}, "count": 2}
    id = web.post(f"/works/{work}/generations", json=body).json()["id"]
    queue = Queue(config)

    async def listen() -> list[dict[str, Any]]:
        words = Live(database, queue).words(work=UUID(work))
        heard = [await asyncio.wait_for(anext(words), 10)]
        await asyncio.to_thread(worker.make, id)
        while heard[-1].name != "done":
            heard.append(await asyncio.wait_for(anext(words), 10))
        assert worker.judging
        worker.judging.ready(lambda: "cpu")
        await asyncio.to_thread(worker.judging.once)
        heard.append(await asyncio.wait_for(anext(words), 10))
        await words.aclose()  # type: ignore[attr-defined]  # a generator
        return [{"name": word.name} | word.data for word in heard]

    *_before, done, judged = asyncio.run(listen())
    queue.close()
    assert (done["name"], judged["name"]) == ("done", "done")
    assert "judged" not in done
    assert judged["judged"] > judged["finished"]


@pytest.mark.postgres
def test_on_postgresql(postgres: Callable[[], str], tmp_path: Path, picture: Callable[..., bytes]) -> None:
    config = Settings(data=tmp_path / "data", database=postgres(), fake_engines=True, judge="fake")
    database = Database(config)
    migrate(database.engine)
    store = Store(config.data)
    with database.writing() as session:
        garden = Garden(session)
        asset = store.put(picture("red"))
        session.add(Asset(sha256=asset, media_type="image/png", bytes=1))
        session.flush()
        garden.grow(count=3, asset_id=asset, brief_data={"intent": "red", "criteria": ["teal"]})
    for _turn in range(2):
        judging = Judging(Fake(), database, store, lambda: True, lambda: True)
        assert judging.ready(lambda: "cpu")
        everything(judging)
    with database.reading() as session:
        found = session.scalars(sa.select(Verdict)).all()
        assert len(found) == 3
        assert all(one.adherence > 0.9 and one.criteria[0] < 0.1 for one in found)  # type: ignore[operator]  # it knows red
        assert session.query(Generation).one().judged_at is not None
    database.close()
