"""Search by words, by a picture and for what is alike, with a judge that knows colours; whose pictures are whose."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.judging.fake import Fake
from app.judging.vectors import pack_vector
from app.lineage.excerpt import words_of
from app.lineage.loom_view import loom_pane
from app.models import Asset, Embedding, JudgeVersion, Revision, Work
from app.models.revision import choose_cover
from app.search.index import Index
from app.search.passage import passages
from app.search.search import Hit, by_run
from app.settings import Settings
from app.storage.db import Database, now
from app.storage.migrations import migrate
from app.storage.store import Store
from app.web.main import create_app
from app.worker.judging import Judging
from tests.growing import Garden

Upload = Callable[..., str]


@pytest.fixture
def config(config: Settings) -> Settings:
    return config.model_copy(update={"judge": "fake"})


@pytest.fixture
def judging(config: Settings, database: Database) -> Judging:
    """A judge with nothing else to do."""
    return Judging(Fake(), database, Store(config.data), lambda: True, lambda: True)


@pytest.fixture
def judge(judging: Judging) -> Callable[[], None]:
    """Lets the judge look at everything."""

    def look() -> None:
        assert judging.ready(lambda: "cpu")
        while judging.once():
            pass

    return look


@pytest.fixture
def upload(web: TestClient, work: str, picture: Callable[..., bytes]) -> Upload:
    """Imports a picture of one colour; the id of its revision."""

    def bring(colour: str, into: str | None = None) -> str:
        files = {"file": (f"{colour}.png", picture(colour))}
        return str(web.post(f"/works/{into or work}/imports", files=files).json()["id"])

    return bring


def found(web: TestClient, **asked: Any) -> list[str]:
    """The ids that a search gives."""
    answer = web.get("/search", params=asked)
    assert answer.status_code == 200, answer.text
    return [hit["revision"]["id"] for hit in answer.json()["items"]]


def test_words_find_what_a_picture_shows(web: TestClient, upload: Upload, judge: Callable[[], None]) -> None:
    teal, red = upload("teal"), upload("red")
    judge()
    answer = web.get("/search", params={"q": "something teal"}).json()
    assert [hit["revision"]["id"] for hit in answer["items"]] == [teal]  # red rather does not belong to it
    assert answer["items"][0]["nearness"] == pytest.approx(1, abs=0.01)
    assert (answer["judge"], answer["why"]) == ("Fake judge", None)
    assert found(web, q="red") == [red]
    assert found(web, q=" ") == []


def test_exact_words_come_first(web: TestClient, project: str, upload: Upload, judge: Callable[[], None]) -> None:
    named = str(web.post(f"/projects/{project}/works", json={"title": "The teal book"}).json()["id"])
    shows, says = upload("teal"), upload("red", into=named)
    judge()
    hits = web.get("/search", params={"q": "teal"}).json()["items"]
    assert [(hit["revision"]["id"], hit["nearness"] is None) for hit in hits] == [(says, True), (shows, False)]
    assert found(web, q="teal", limit=1) == [says]


def test_words_that_the_judge_does_not_know_are_still_looked_for(
    web: TestClient, upload: Upload, judge: Callable[[], None]
) -> None:
    upload("teal")
    judge()
    answer = web.get("/search", params={"q": "fox"}).json()  # the work's title
    assert (len(answer["items"]), answer["why"]) == (1, "unknown-words")


def test_without_a_verdict_words_alone_are_searched(web: TestClient, upload: Upload) -> None:
    upload("teal")
    for q, count in (("fox", 1), ("teal", 0)):
        answer = web.get("/search", params={"q": q}).json()
        assert (len(answer["items"]), answer["judge"], answer["why"]) == (count, None, "no-judge")
    page = web.get("/search", params={"q": "teal"}, headers={"Accept": "text/html"})
    assert "no judge is ready" in page.text


def test_more_like_this(web: TestClient, upload: Upload, judge: Callable[[], None]) -> None:
    teal, _red, again = upload("teal"), upload("red"), upload("darkcyan")
    assert web.get("/search", params={"like": teal}).json()["why"] == "no-judge"
    judge()
    late = upload("navy")
    assert web.get("/search", params={"like": late}).json()["why"] == "not-judged"
    hits = web.get("/search", params={"like": teal}).json()["items"]
    assert hits[0]["revision"]["id"] == again  # the judge sees both as the same colour
    assert len(hits) == 2
    assert teal not in found(web, like=teal)


def test_by_a_picture_that_was_brought(
    web: TestClient, upload: Upload, judge: Callable[[], None], picture: Callable[..., bytes]
) -> None:
    _red, teal = upload("red"), upload("teal")
    judge()
    answer = web.post("/probes", files={"file": ("mine.png", picture("teal", size=(900, 300)))})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/search?probe={answer.json()['id']}"
    probe = answer.json()["id"]
    assert web.get("/search", params={"probe": probe}).json()["why"] == "waiting"
    page = web.get("/search", params={"probe": probe}, headers={"Accept": "text/html"})
    assert "No worker is running" in page.text
    judge()
    assert found(web, probe=probe)[0] == teal
    assert web.get(f"/probes/{probe}/content").headers["content-type"] == "image/webp"
    assert web.post("/probes", files={"file": ("x.txt", b"words")}).status_code == 415


def test_only_the_latest_probes_are_kept(
    web: TestClient, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.models.query_image.KEPT", 2)
    ids = [web.post("/probes", files={"file": ("a.png", picture())}).json()["id"] for _ in range(3)]
    assert [web.get(f"/probes/{id}/content").status_code for id in ids] == [404, 200, 200]


def test_nobody_finds_what_is_not_theirs(
    web: TestClient, upload: Upload, judge: Callable[[], None], stranger: dict[str, str], database: Database
) -> None:
    mine = upload("teal")
    with database.writing() as session:  # the stranger has the very same picture, and a nearer one
        revision = session.get_one(Revision, UUID(stranger["revision"]))
        revision.asset_id = session.get_one(Revision, UUID(mine)).asset_id
    judge()
    assert found(web, q="teal") == [mine]
    assert found(web, like=mine) == []
    assert web.get("/search", params={"like": stranger["revision"]}).status_code == 404
    assert web.get("/search", params={"q": "teal", "project": stranger["project"]}).status_code == 404
    assert web.get(f"/revisions/{stranger['revision']}/nearest").status_code == 404
    assert web.get(f"/revisions/{mine}/nearest").json()["revision"] is None


def test_a_stranger_who_has_most_pictures_hides_none_of_mine(
    web: TestClient, upload: Upload, judge: Callable[[], None], stranger: dict[str, str], database: Database
) -> None:
    """Candidates are looked at further and further out until there are enough that one may see."""
    mine = upload("red")
    judge()
    with database.writing() as session:
        version = session.query(JudgeVersion).one()
        owner = session.get_one(Revision, UUID(stranger["revision"])).created_by_id
        red = pack_vector(Fake().embed_texts(["red"])[0])
        for number in range(2000):
            sha = f"{number:064d}"
            session.add(Asset(sha256=sha, media_type="image/png", bytes=1, width=8, height=8))
            session.add(Embedding(judge_id=version.id, asset_id=sha, vector=red))
            row = {"work_id": UUID(stranger["work"]), "origin": "import", "asset_id": sha, "created_by_id": owner}
            session.add(Revision(number=number + 10, **row))
    assert found(web, q="red") == [mine]


def test_what_lies_in_the_trash_is_not_found(web: TestClient, work: str, upload: Upload, judge: Callable[[], None]) -> None:
    teal = upload("teal")
    judge()
    web.post(f"/works/{work}/trash")
    assert found(web, q="teal fox") == found(web, q="teal") == []
    web.delete(f"/works/{work}/trash")
    assert found(web, q="teal") == [teal]


def test_in_one_project(web: TestClient, project: str, upload: Upload, judge: Callable[[], None]) -> None:
    other = str(web.post("/projects", json={"name": "Hills"}).json()["id"])
    there = str(web.post(f"/projects/{other}/works", json={"title": "Hill"}).json()["id"])
    here, away = upload("teal"), upload("teal", into=there)
    judge()
    assert found(web, q="teal") == [away]  # one picture is one hit: the newest revision that has it
    assert found(web, q="teal", project=project) == [here]
    assert found(web, q="teal", project=other) == [away]


def test_how_new_a_picture_is(web: TestClient, upload: Upload, judge: Callable[[], None]) -> None:
    first = upload("teal")
    assert web.get(f"/revisions/{first}/nearest").json() == {"revision": None, "distance": None, "nearness": None}
    same, other = upload("darkcyan"), upload("red")
    judge()
    near = {id: web.get(f"/revisions/{id}/nearest").json() for id in (first, same, other)}
    assert near[first]["nearness"] == "new"
    assert near[first]["revision"] is None
    assert (near[same]["nearness"], near[same]["revision"]["id"], near[same]["distance"]) == ("same", first, 0)
    assert (near[other]["nearness"], near[other]["distance"]) == ("new", 1)
    html = {"Accept": "text/html", "HX-Request": "true"}
    assert "The same picture as" in web.get(f"/revisions/{same}/nearest", headers=html).text


def test_the_index_keeps_up_and_starts_anew_with_other_weights(
    web: TestClient, upload: Upload, judge: Callable[[], None], config: Settings, database: Database
) -> None:
    first = upload("teal")
    judge()
    assert found(web, q="teal") == [first]
    second = upload("darkcyan")
    judge()
    assert found(web, q="teal") == [second, first] or found(web, q="teal") == [first, second]
    newer = Judging(Fake("2"), database, Store(config.data), lambda: True, lambda: True)
    assert newer.ready(lambda: "cpu")
    answer = web.get("/search", params={"q": "teal"}).json()
    assert (answer["items"], answer["why"]) == ([], "no-judge")  # the web still has the old weights
    with TestClient(create_app(config), base_url="http://localhost") as fresh:
        fresh.app.state.studio.index.judge = Fake("2")  # type: ignore[attr-defined]  # Starlette's own
        assert fresh.get("/search", params={"q": "teal"}, headers={"Accept": "application/json"}).json()["items"] == []
        while newer.once():
            pass
        assert len(fresh.get("/search", params={"q": "teal"}, headers={"Accept": "application/json"}).json()["items"]) == 2


@pytest.fixture
def thousands(database: Database) -> tuple[Index, JudgeVersion, Any]:
    """An index of 5,000 vectors of 64 numbers at random, and the vectors."""
    rows = np.random.default_rng(3).standard_normal((5000, 64)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    with database.writing() as session:
        version = JudgeVersion(name="fake", version="1", title="Fake", dimensions=64)
        session.add(version)
        session.flush()
        pictures = [{"sha256": f"{n:064d}", "media_type": "image/png", "bytes": 1} for n in range(len(rows))]
        session.execute(sa.insert(Asset), pictures)
        kept = [{"judge_id": version.id, "asset_id": f"{n:064d}", "vector": pack_vector(row)} for n, row in enumerate(rows)]
        session.execute(sa.insert(Embedding), kept)
    return Index(Fake()), version, rows


@pytest.mark.slow
def test_bytes_are_as_good_as_floats(thousands: tuple[Index, JudgeVersion, Any], database: Database) -> None:
    """The 256 that come out nearest hold the 60 that are nearest, and no cosine is off by a hundredth."""
    index, version, rows = thousands
    with database.reading() as session:
        for vector in rows[:20]:
            ids, scores = index.scores(session, version, vector)
            exact = rows @ vector
            assert len(ids) == len(rows)
            assert np.abs(scores - exact).max() < 0.01
            assert set(np.argsort(-exact)[:60]) <= set(np.argsort(-scores)[:256])


@pytest.mark.slow
def test_many_may_search_at_once(thousands: tuple[Index, JudgeVersion, Any], database: Database) -> None:
    index, version, rows = thousands
    counts: list[int] = []

    def look() -> None:
        with database.reading() as session:
            counts.append(len(index.scores(session, version, rows[0])[0]))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [5000] * 8


def test_the_judge_tells_whether_it_is_ready(web: TestClient, judge: Callable[[], None]) -> None:
    told = {"name": "fake", "title": "Fake judge", "ready": True, "reason": None}
    assert web.get("/judge").json() == told | {"version": None}
    judge()
    assert web.get("/judge").json() == told | {"version": "1"}
    assert "Fake judge" in web.get("/engine-room", headers={"Accept": "text/html"}).text


def test_a_studio_without_a_judge_shows_nothing_of_one(config: Settings, web: TestClient, upload: Upload, work: str) -> None:
    revision = upload("teal")
    html = {"Accept": "text/html"}
    with TestClient(create_app(config.model_copy(update={"judge": ""})), base_url="http://localhost") as plain:
        assert plain.get("/judge").status_code == 404
        for path in (f"/works/{work}", f"/revisions/{revision}", "/projects", "/engine-room", "/search"):
            page = plain.get(path, headers=html)
            assert page.status_code == 200
            assert not [said for said in ("More like this", "Best fit first", "about-fit", "<meter") if said in page.text], path
        assert "has the words" in plain.get("/search?q=fox", headers=html).text
        assert plain.get(f"/revisions/{revision}/nearest", headers={"Accept": "application/json"}).json()["nearness"] is None


@pytest.fixture
def poem(database: Database, web: TestClient) -> str:
    """The id of a text's latest revision; its words stand far from its beginning."""
    with database.writing() as session:
        garden = Garden(session, "Harbour")
        garden.work.medium = "text"  # type: ignore[assignment]  # as the row has it
        [root] = garden.grow(text="a grey morning")
        [last] = garden.grow((root, "continue"), text="x" * 300 + " the Gulls argue over <b>nets</b> " + "y" * 900)
        choose_cover(session, garden.work)
        return str(last.id)


def test_a_text_is_found_by_its_words_with_the_passage(web: TestClient, poem: str) -> None:
    [hit] = web.get("/search", params={"q": "gulls nets"}).json()["items"]
    assert (hit["revision"]["id"], hit["nearness"]) == (poem, None)
    assert [piece["text"] for piece in hit["passage"] if piece["marked"]] == ["Gulls", "nets"]
    said = "".join(piece["text"] for piece in hit["passage"])
    assert said.startswith("…x")
    assert said.endswith("y…")
    assert len(said) < 300
    page = web.get("/search", params={"q": "gulls nets"}, headers={"Accept": "text/html"}).text
    assert "<mark>Gulls</mark> argue over &lt;b&gt;<mark>nets</mark>" in page
    assert found(web, q="gulls storm") == []
    assert found(web, q="morning") == []  # what hangs is the latest revision


def test_a_text_that_was_found_by_its_title_shows_how_it_begins(web: TestClient, poem: str, database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.update(Work).values(words="harbour"))
    [hit] = web.get("/search", params={"q": "harbour"}).json()["items"]
    assert hit["passage"][0]["text"].startswith("xxx")


def test_a_judge_leaves_texts_alone(web: TestClient, poem: str, judge: Callable[[], None], database: Database) -> None:
    judge()
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Embedding)) == 0
        assert session.get_one(Revision, UUID(poem)).verdict is None
    page = web.get("/search", params={"q": "gulls"}, headers={"Accept": "text/html"}).text
    assert "/search?like=" not in page


def test_words_of_texts_are_found_in_postgresql_too(postgres: Callable[[], str], tmp_path: Path) -> None:
    database = Database(Settings(data=tmp_path, database=postgres()))
    migrate(database.engine)
    with database.writing() as session:
        garden = Garden(session, "Harbour")
        garden.work.medium = "text"  # type: ignore[assignment]  # as the row has it
        garden.work.words = "harbour"
        [root] = garden.grow(text="秋" * 300 + "É Gulls argue")
        [child] = garden.grow((root, "continue"), text=f"{root.text} over nets")
        choose_cover(session, garden.work)
        session.flush()
        works = garden.artist.works
        for q, count in (("gulls HARBOUR", 1), ("é", 1), ("storm", 0), ("秋 nets", 1)):
            assert works.count(works.of(garden.work.project, q=q)) == count, q
        [passage] = passages(session, [child.id], ["gulls"]).values()
        assert [text for text, marked in passage if marked] == ["Gulls"]
        assert words_of(session, [root.id, child.id]) == {root.id: "秋" * 31 + "…", child.id: "over nets"}
        assert loom_pane(session, garden.work, child).boughs[0].boughs[0].told == [("new", "over nets")]
    database.close()


def test_a_search_is_narrowed_by_medium_pick_and_time_and_says_when_nothing_fits(
    web: TestClient, upload: Upload, judge: Callable[[], None], database: Database
) -> None:
    old, picked = upload("teal"), upload("darkcyan")
    judge()
    web.post(f"/revisions/{picked}/pick")
    with database.writing() as session:
        session.get_one(Revision, UUID(old)).created_at = now() - timedelta(days=9)
    assert set(found(web, q="teal")) == {old, picked}
    assert found(web, q="teal", picked="true") == [picked]
    assert found(web, q="teal", since="week") == [picked]
    assert set(found(web, q="teal", since="month", medium="image")) == {old, picked}
    assert found(web, q="fox", medium="text") == found(web, q="teal", medium="text") == []
    page = web.get("/search", params={"q": "teal", "medium": "text"}, headers={"Accept": "text/html"}).text
    assert "Nothing fits these filters" in page
    assert '<option value="text" selected>' in page
    assert web.get("/search", params={"q": "teal", "since": "aeon"}).status_code == 422


def test_the_variants_of_one_run_are_folded(database: Database) -> None:
    with database.writing() as session:
        garden = Garden(session)
        first, second = garden.grow(count=4), garden.grow(count=1)
        runs = by_run([Hit(one) for one in (first[2], second[0], first[0], first[1])])
        told = [(hit.revision.number, [other.revision.number for other in others]) for hit, others in runs]
    assert told == [(3, [1, 2]), (5, [])]
