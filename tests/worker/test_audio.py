"""A worker makes recordings: from the row of a request to revisions with sound, by a tiny model that makes the true calls."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile
from dbos._error import DBOSWorkflowCancelledError
from fastapi.testclient import TestClient

from app.engines.engine import Content
from app.errors import EngineError
from app.media.music.sound.recording import FLAC, WAV, from_samples
from app.settings import MusicSetting, Settings
from app.storage.store import Store
from app.worker.save_results import keep
from tests.engines.music import tiny_players
from tests.hands import hands

pytestmark = pytest.mark.model
Make = Callable[..., list[dict[str, Any]]]
TUNE = "X:1\nT:Two bars\nM:4/4\nL:1/4\nQ:1/4=240\nK:C\nCDEF|GABc|\n"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[MusicSetting]:
    folder = tmp_path_factory.mktemp("tiny")
    return [
        MusicSetting(name="ace", model=str(tiny_players.ace_step(folder / "ace")), steps=2, longest=20),
        MusicSetting(name="gen", kind="musicgen", model=str(tiny_players.musicgen(folder / "gen"))),
    ]


@pytest.fixture
def config(config: Settings, models: list[MusicSetting]) -> Settings:
    """A studio with engines of recordings."""
    return config.model_copy(update={"music": models})


@pytest.fixture
def work(web: TestClient, project: str) -> str:
    """The id of a work of music."""
    return str(web.post(f"/projects/{project}/works", json={"title": "Waves", "medium": "music"}).json()["id"])


@pytest.fixture
def ask(web: TestClient, work: str) -> Callable[..., Any]:
    """Asks for a generation over HTTP; the answer."""

    def post(verb: str, *parents: str, **fields: Any) -> Any:
        body = {"verb": verb, "parents": [{"revision": id} for id in parents], "seed": 7, "count": 2} | fields
        return web.post(f"/works/{work}/generations", json=body)

    return post


@pytest.fixture
def make(web: TestClient, ask: Callable[..., Any], config: Settings, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Asks, has it made by a worker's hands, and gives the variants as programs get them."""
    worker, _told = hands(config, monkeypatch)

    def run(verb: str, *parents: str, **fields: Any) -> list[dict[str, Any]]:
        answer = ask(verb, *parents, **fields)
        assert answer.status_code == 202, answer.text
        id = answer.json()["id"]
        assert worker.make(id) == "done", web.get(f"/generations/{id}").json()["error"]
        return list(web.get(f"/generations/{id}").json()["variants"])

    return run


@pytest.fixture
def tune(web: TestClient, work: str) -> str:
    """The id of a tune by hand."""
    draft = web.get(f"/works/{work}/draft").json()
    web.put(f"/works/{work}/draft", json={"version": draft["version"], "text": TUNE})
    return str(web.post(f"/works/{work}/revisions", json={}).json()["id"])


def sound(web: TestClient, revision: str) -> np.ndarray:
    samples, _rate = soundfile.read(io.BytesIO(web.get(f"/revisions/{revision}/content").content), dtype="int32")
    return np.asarray(samples)


def refused(answer: Any) -> tuple[str, str]:
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    fields = problem.get("fields") or [{"field": "", "message": problem["detail"]}]
    return fields[0]["field"], " ".join(one["message"] for one in fields)


def test_a_brief_becomes_recordings(web: TestClient, make: Make) -> None:
    asked = {"engine": "ace", "brief": {"intent": "slow waves"}, "params": {"duration": 6, "lyrics": "[verse]\nsea"}}
    first, second = make("create", **asked)
    assert (first["text"], first["origins"], first["checks"]) == (None, None, None)
    asset = first["asset"]
    assert (asset["media_type"], asset["duration"], asset["width"]) == (FLAC, 6.0, None)
    assert first["facts"]["lyrics"] == "[verse]\nsea"
    assert asset["sha256"] != second["asset"]["sha256"]
    answer = web.get(f"/revisions/{first['id']}/content")
    assert answer.headers["content-type"] == FLAC
    assert len(sound(web, first["id"])) == 6 * tiny_players.RATE
    again = make("create", **asked)
    assert [one["asset"]["sha256"] for one in again] == [first["asset"]["sha256"], second["asset"]["sha256"]]


def test_a_section_a_variation_and_what_comes_after(web: TestClient, make: Make) -> None:
    (base,) = make("create", engine="ace", brief={"intent": "waves"}, params={"duration": 6}, count=1)
    rate, before = tiny_players.RATE, sound(web, base["id"])
    for take in make("replace", base["id"], section=[2, 3.5]):  # no engine is named: the one that can hear it is taken
        assert take["engine"] == "ace"
        assert take["parents"] == [{"revision": base["id"], "role": "replace"}]
        after = sound(web, take["id"])
        assert (after[: 2 * rate] == before[: 2 * rate]).all()
        assert (after[int(3.5 * rate) :] == before[int(3.5 * rate) :]).all()
        assert (after != before).any()
    (varied,) = make("vary", base["id"], strength="strong", count=1)
    assert (varied["strength"], varied["asset"]["duration"]) == ("strong", 6.0)
    (longer,) = make("continue", base["id"], engine="gen", params={"more": 2}, count=1)
    assert (longer["engine"], longer["asset"]["duration"]) == ("gen", 8.0)


def test_a_tune_is_played_by_a_band_and_stays_its_parent(make: Make, tune: str) -> None:
    (played,) = make("vary", tune, engine="ace", count=1)
    assert (played["text"], played["asset"]["media_type"]) == (None, FLAC)
    assert played["parents"] == [{"revision": tune, "role": "vary"}]


def test_without_a_name_the_house_writes_notes(ask: Callable[..., Any], tune: str) -> None:
    assert ask("create", brief={"intent": "a strange song with violins and rain"}).json()["engine"] == "tunes"
    assert ask("vary", tune).json()["engine"] == "tunes"


def test_what_does_not_go_together_is_told(make: Make, ask: Callable[..., Any], tune: str) -> None:
    (base,) = make("create", engine="ace", brief={"intent": "waves"}, params={"duration": 6}, count=1)
    field, said = refused(ask("vary", base["id"], engine="tunes"))
    assert field == "engine"
    assert said.startswith("This engine reads notes only: it cannot start from a recording.")
    assert "ace" in said
    field, said = refused(ask("continue", tune, engine="gen"))
    assert (field, "starts from recordings here, not from notes" in said, "tunes" in said) == ("engine", True, True)
    for section in ([5, 9], [3, 2], [-1, 2], [2, 2]):
        field, said = refused(ask("replace", base["id"], section=section))
        assert (field, "0 to 6.0" in said) == ("section", True)
    assert refused(ask("replace", base["id"]))[0] == "section"
    assert refused(ask("replace", base["id"], bars=[1, 2]))[0] == "bars"
    assert refused(ask("replace", tune, section=[0, 1]))[0] == "section"
    assert refused(ask("transpose", base["id"], semitones=2))[0] == "parents"
    for params, name in (({"duration": 1200}, "duration"), ({"lyrics": "la " * 2000}, "lyrics"), ({"key": "H"}, "key")):
        assert refused(ask("create", engine="ace", brief={"intent": "waves"}, params=params))[0] == f"params.{name}"
    assert refused(ask("create", engine="gen", brief={"intent": "waves"}, params={"duration": 1200}))[0] == "params.duration"


def test_a_cancelled_recording_stops_between_steps_and_leaves_nothing(
    web: TestClient, ask: Callable[..., Any], config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, told = hands(config, monkeypatch)
    id = ask("create", engine="gen", brief={"intent": "waves"}, params={"duration": 30}).json()["id"]

    def cancelled(_key: str, word: dict[str, Any]) -> None:
        told.append(word)
        if (word.get("step") or 0) > 3:
            web.post(f"/generations/{id}/cancellation")
            raise DBOSWorkflowCancelledError("cancelled")

    monkeypatch.setattr("app.worker.main.DBOS.write_stream", cancelled)
    with contextlib.suppress(DBOSWorkflowCancelledError):
        worker.make(id)
    ended = web.get(f"/generations/{id}").json()
    assert (ended["status"], ended["variants"]) == ("cancelled", [])
    assert max(word.get("step") or 0 for word in told) < 30 * 50  # of 1,504 tokens
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]


def test_what_is_no_recording_is_not_kept(config: Settings) -> None:
    store = Store(config.data)
    good = from_samples(np.zeros((800, 1)), 800).encoded()
    (asset,) = keep(store, Content(0, 1, good, FLAC))
    assert (asset.media_type, asset.duration, asset.bytes) == (FLAC, 1.0, len(good))
    for data, kind in ((b"no sound", FLAC), (good, WAV), (good[:60], FLAC)):
        with pytest.raises(EngineError, match="not a recording"):
            keep(store, Content(0, 1, data, kind))
