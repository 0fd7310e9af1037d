"""What pages claim of workers, engines and judges, each against a state that contradicts it (claims.tsv lists them all)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.brief import Medium
from app.models import JudgeVersion, Verdict, Worker
from app.settings import EngineSetting, Settings
from app.storage.db import Database, now
from app.web.main import create_app
from tests.web.test_claims import JIG, grown, page, tune_facts

ENGINE = re.compile(r'<fieldset class="field engine" data-engine="([^"]+)".*?</fieldset>', re.DOTALL)


def opened(config: Settings, **settings: Any) -> TestClient:
    """A studio with other settings."""
    app = create_app(config.model_copy(update=settings))
    return TestClient(app, base_url="http://localhost", headers={"Accept": "application/json"})


def present(database: Database, state: str | None) -> None:
    """A worker in this state; `late` has not been seen for long, None is none at all."""
    if state:
        seen = now() - timedelta(minutes=5) if state == "late" else now()
        with database.writing() as session:
            session.add(Worker(id="w", name="w", device="cpu", state="idle" if state == "late" else state, seen_at=seen))


@pytest.mark.parametrize(
    ("state", "running"), [(None, False), ("gone", False), ("late", False), ("starting", True), ("idle", True), ("busy", True)]
)
def test_a_search_waits_for_a_worker_only_where_none_runs(
    config: Settings, database: Database, picture: Callable[..., bytes], state: str | None, running: bool
) -> None:
    with opened(config, judge="fake") as web:
        with database.writing() as session:
            session.add(JudgeVersion(name="fake", version="1", title="Fake judge", dimensions=64))
        present(database, state)
        probe = web.post("/probes", files={"file": ("mine.png", picture())}).json()["id"]
        said = page(web, f"/search?probe={probe}")
    assert ("No worker is running: the search waits for one." in said) is not running
    assert ("Looking at the picture…" in said) is running


def test_an_engine_is_not_ready_for_its_own_reason_and_no_other_is(config: Settings, tmp_path: Path) -> None:
    missing = EngineSetting(name="nowhere", model=str(tmp_path / "nowhere"))
    with opened(config, engines=[missing]) as web:
        project = web.post("/projects", json={"name": "Coast"}).json()["id"]
        work = web.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
        html = web.get(f"/works/{work}", headers={"Accept": "text/html"}).text
        in_chinese = {"Accept": "text/html", "Accept-Language": "zh"}
        for path in (f"/works/{work}", "/engine-room"):
            assert f"文件夹 {tmp_path / 'nowhere'} 不存在。" in web.get(path, headers=in_chinese).text
        reasons = {one["name"]: one["reason"] for one in web.get("/engines").json()["items"]}
    told = {box[1]: re.search(r"Not ready: ([^<]*)<", box[0]) for box in ENGINE.finditer(html)}
    assert {name: said and unescape(said[1]) for name, said in told.items()} == {name: reasons[name] for name in told}
    assert told["nowhere"]
    assert not all(told.values())


@pytest.mark.parametrize(
    ("adherence", "said"), [(None, []), (0.0, ["fit 0"]), (0.494, ["fit 49"]), (0.986, ["fit 99"]), (1.0, ["fit 100"])]
)
def test_the_fit_is_what_the_latest_judge_found(
    web: TestClient, database: Database, adherence: float | None, said: list[str]
) -> None:
    bench, own = grown(database, Medium.IMAGE)
    assert re.findall(r"fit \d+", page(web, bench)) == [], "no judge has looked"
    with database.writing() as session:
        for at, found in enumerate((0.7, adherence)):
            judge = JudgeVersion(name="fake", version=str(at), title="Fake judge", dimensions=64)
            session.add(judge)
            session.flush()
            seen = {"revision_id": UUID(own.rpartition("/")[2]), "judge_id": judge.id}
            session.add(Verdict(**seen, adherence=found, criteria=[], judged_at=now() + timedelta(seconds=at)))
    assert re.findall(r"fit \d+", page(web, bench)) == said


@pytest.mark.parametrize(
    ("facts", "fit"),
    [
        ({}, 5),
        ({"checks": {"parses": True, "bars_complete": True, "key": False, "metre": True}}, 4),
        ({"ends_at_home": False}, 4),
        ({"prompt": "jig, 6/8, D major, bright, 4 bars"}, 5),
        ({"prompt": "jig, 6/8, D major, bright, 16 bars"}, 4),  # its card says: not as many bars as asked for
    ],
)
def test_the_order_by_fit_counts_what_the_card_says(
    web: TestClient, database: Database, facts: dict[str, Any], fit: int
) -> None:
    """How they are ordered by it: tests/browser/test_claims.py."""
    kept = tune_facts(ends_at_home=True) | facts
    bench, _own = grown(database, Medium.MUSIC, text=JIG, engine="tunes", facts_data=kept)
    html = web.get(bench, headers={"Accept": "text/html"}).text
    assert re.findall(r'data-fit="(\d)"', html) == [str(fit)]


@pytest.mark.parametrize(("lines", "whole"), [(2, False), (3, True), (4, True)])
def test_a_poem_is_whole_with_all_lines_of_its_form(web: TestClient, lines: int, whole: bool) -> None:
    """What an engine says of it: tests/engines/text/test_verse.py."""
    poem = "\n".join(["the sea is grey and far"] * lines)
    assert web.post("/forms/checks", json={"text": poem, "form": {"preset": "haiku"}}).json()["whole"] is whole
    assert web.post("/forms/checks", json={"text": poem, "form": {"language": "en"}}).json()["whole"] is False
