"""`stemma bench` runs and tells what it promises to tell; how quick this machine is, no test asserts."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, figure_json, percentile
from app.benchmarks.goals import GOALS, Goal
from app.benchmarks.growth import forest, gallery
from app.benchmarks.main import figures_of, run
from app.benchmarks.studio import Studio
from app.benchmarks.window import Windows
from app.errors import StemmaError
from app.settings import ROOT
from app.storage.db import Database

KEYS = {"about", "value", "unit", "goal", "better", "aim", "met", "aim_met", "load"}


def test_every_promise_has_its_measurement() -> None:
    for name, goals in GOALS.items():
        assert callable(importlib.import_module(f"app.benchmarks.{name}").measure), name
        for goal in goals.values():
            assert (goal.most is None) != (goal.least is None), goal


def test_a_run_writes_every_figure_as_json(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    line = [sys.executable, "-m", "app.cli", "bench", "web", "--quick", "--json", str(target)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(target.read_text("utf-8"))
    assert {"cores", "load_at_start", "python", "torch"} <= set(report["machine"])
    assert set(report["figures"]) == {f"web.{name}" for name in GOALS["web"]}
    for entry in report["figures"].values():
        assert set(entry) >= KEYS
        assert entry["about"] in done.stdout
    ready, memory, torch = (report["figures"][f"web.{name}"] for name in ("ready", "memory", "torch"))
    assert (ready["unit"], memory["unit"]) == ("s", "MB")
    assert 0.1 < ready["values"]["p50"] <= ready["values"]["max"] < 120
    assert 30 < memory["values"]["after_start"] < 1_000
    assert (torch["value"], torch["met"]) == (0, True)


def test_promises_are_judged_in_their_own_direction() -> None:
    less, more = Goal("a", "ms", most=100, aim=50), Goal("b", "frames/s", least=59, aim=60)
    assert [figure_json(less, Figure(v))["met"] for v in (50.0, 100.0, 100.4)] == [True, True, False]
    assert [figure_json(less, Figure(v))["aim_met"] for v in (50.0, 51.0)] == [True, False]
    assert [figure_json(more, Figure(v))["met"] for v in (58.0, 59.0)] == [False, True]
    assert figure_json(less, None, "no browser") | {"load": 0} == {
        "about": "a",
        "value": None,
        "unit": "ms",
        "goal": 100,
        "better": "less",
        "aim": 50,
        "met": None,
        "aim_met": None,
        "load": 0,
        "why": "no browser",
    }


def test_percentiles_are_values_that_were_measured() -> None:
    assert [percentile(range(1, 101), p) for p in (50, 95, 100)] == [50, 95, 100]
    assert percentile([7.0], 95) == 7.0
    assert percentile([3, 1, 2], 50) == 2


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    with pytest.raises(StemmaError, match=r"speed.*lineage"):
        run(["speed"], None, quick=True)


def test_without_a_browser_the_figure_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.benchmarks.window.shutil.which", lambda _name: None)
    bench = Bench(cast("Studio", None), Windows(), quick=True)
    entries = dict(figures_of("page", bench))
    assert set(entries) == set(GOALS["page"])
    for entry in entries.values():
        assert entry["value"] is None
        assert "Chromium" in entry["why"] or "Playwright" in entry["why"]


def test_a_grown_lineage_and_gallery_are_whole(web: TestClient, database: Database, work: str, revision: str) -> None:
    asset = web.get(f"/revisions/{revision}").json()["asset"]["sha256"]
    other = web.post(f"/projects/{web.get(f'/works/{work}').json()['project']}/works", json={"title": "Big", "medium": "image"})
    big = other.json()["id"]
    with database.writing() as session:
        forest(session, UUID(big), 101, [asset])
        project = gallery(session, 250, [UUID(revision)])
    drawn: dict[str, Any] = web.get(f"/works/{big}/lineage").json()
    assert len(drawn["nodes"]) == 101
    assert len(drawn["edges"]) == 101 - 4, "all but the first generation have a parent"
    page = web.get(f"/projects/{project}/wall", params={"at": 240, "limit": 60}).json()["items"]
    assert len(page) == 10
    assert web.get(f"/projects/{project}/wall", params={"q": "灯塔"}).json()["items"]
