"""Trims: what stays of a recording is the same to the sample, and the recording stays."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient

from app.models import Asset, Revision
from app.models.artist import local_artist
from app.models.asset import keep_asset
from app.models.work import Work
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store

RATE = 8_000


@pytest.fixture
def song(web: TestClient, project: str) -> str:
    """The id of a work of music."""
    return str(web.post(f"/projects/{project}/works", json={"title": "Waves", "medium": "music"}).json()["id"])


def noise(seconds: float = 3, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(4).normal(0, 0.1, (round(seconds * RATE), channels))


@pytest.fixture
def recorded(database: Database, config: Settings, song: str) -> Callable[..., str]:
    """Puts a recording into the work; the id of its revision."""

    def put(kind: str = "FLAC", subtype: str = "PCM_24") -> str:
        out = io.BytesIO()
        soundfile.write(out, noise(), RATE, format=kind, subtype=subtype)
        data, media_type = out.getvalue(), f"audio/{kind.lower()}"
        with database.writing() as session:
            artist, work = local_artist(session), session.get_one(Work, UUID(song))
            sha256 = Store(config.data).put(data)
            asset = keep_asset(session, Asset(sha256=sha256, media_type=media_type, bytes=len(data), duration=3.0))
            revision = Revision(work=work, number=work.numbers(1)[0], origin="import", asset=asset, created_by=artist)
            session.add(revision)
            session.flush()
            return str(revision.id)

    return put


def heard(web: TestClient, revision: str) -> tuple[np.ndarray, Any]:
    with soundfile.SoundFile(io.BytesIO(web.get(f"/revisions/{revision}/content").content)) as file:
        return file.read(dtype="int32"), file


@pytest.mark.parametrize(("kind", "subtype"), [("FLAC", "PCM_24"), ("WAV", "PCM_16")])
def test_a_part_is_kept_to_the_sample(
    web: TestClient, song: str, recorded: Callable[..., str], kind: str, subtype: str
) -> None:
    whole = recorded(kind, subtype)
    answer = web.post(f"/works/{song}/trims", json={"revision": whole, "start": 0.5, "end": 2.25})
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"] == f"/revisions/{made['id']}"
    assert (made["origin"], made["verb"], made["number"]) == ("hand", "edit", 2)
    assert made["parents"] == [{"revision": whole, "role": "edit"}]
    assert made["asset"]["duration"] == 1.75
    assert made["asset"]["media_type"] == f"audio/{kind.lower()}"
    assert made["facts"]["trimmed"] == [0.5, 2.25]
    part, file = heard(web, made["id"])
    original, _file = heard(web, whole)
    assert (file.format, file.subtype, file.samplerate) == (kind, subtype, RATE)
    assert (part == original[4000:18000]).all()
    again = web.post(f"/works/{song}/trims", json={"revision": whole, "start": 0.5, "end": 2.25}).json()
    assert again["asset"]["sha256"] == made["asset"]["sha256"]


def test_a_player_may_round_the_end(web: TestClient, song: str, recorded: Callable[..., str]) -> None:
    made = web.post(f"/works/{song}/trims", json={"revision": recorded(), "start": 1, "end": 3.04}).json()
    assert made["asset"]["duration"] == 2.0


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (-1, 2, "start"),
        (3.5, 4, "start"),
        (2, 1, "end"),
        (1, 9, "end"),
        (1, 1.01, "end"),
        (0, 3, "end"),
        (0, 1e999, "end"),
    ],
)
def test_what_is_no_part_is_refused(
    web: TestClient, song: str, recorded: Callable[..., str], start: float, end: float, field: str
) -> None:
    whole = recorded()
    body = f'{{"revision": "{whole}", "start": {start}, "end": {str(end).replace("inf", "1e999")}}}'
    answer = web.post(f"/works/{song}/trims", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["fields"]] == [field]
    assert web.get(f"/works/{song}").json()["revisions"] == 1


def test_only_recordings_of_ones_own_are_trimmed(
    web: TestClient, song: str, work: str, revision: str, recorded: Callable[..., str], stranger: dict[str, str]
) -> None:
    part = {"start": 0, "end": 1}
    answer = web.post(f"/works/{song}/trims", json={"revision": revision, **part})
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "revision")
    answer = web.post(f"/works/{work}/trims", json={"revision": recorded(), **part})
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "work")
    assert web.post(f"/works/{song}/trims", json={"revision": stranger["revision"], **part}).status_code == 404
    assert web.post(f"/works/{stranger['work']}/trims", json={"revision": revision, **part}).status_code == 404
    web.post(f"/works/{song}/trash")
    assert web.post(f"/works/{song}/trims", json={"revision": recorded(), **part}).status_code == 409


def test_in_the_browser_one_goes_on_with_what_is_left(web: TestClient, song: str, recorded: Callable[..., str]) -> None:
    form = {"revision": recorded(), "start": "0.5", "end": "2"}
    answer = web.post(f"/works/{song}/trims", data=form, headers={"Accept": "text/html"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/works/{song}")
    base = web.get(f"/works/{song}/draft").json()["base"]
    assert web.get(f"/revisions/{base}").json()["number"] == 2


@pytest.mark.slow
def test_a_recording_is_at_home_on_every_page(web: TestClient, song: str, project: str, recorded: Callable[..., str]) -> None:
    whole = recorded()
    part = web.post(f"/works/{song}/trims", json={"revision": whole, "start": 1, "end": 2}).json()["id"]
    web.post(f"/works/{song}/draft/base", json={"revision": part})
    pages = [f"/works/{song}", f"/works/{song}/lineage", f"/projects/{project}", f"/revisions/{part}", "/search?q=waves"]
    for path in (*pages, f"/revisions/{whole}/diff/{part}"):
        page = web.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200, path
        assert "Waves" in page.text, path
    assert "cut by hand from" in web.get(f"/revisions/{part}", headers={"Accept": "text/html"}).text
    assert "Trim to section" in web.get(f"/works/{song}", headers={"Accept": "text/html"}).text
    for kind in ("wav", "flac"):
        file = web.get(f"/revisions/{part}/download?as={kind}")
        samples, rate = soundfile.read(io.BytesIO(file.content), dtype="int32")
        assert (len(samples), rate, file.headers["content-type"]) == (RATE, RATE, f"audio/{kind}")
        assert "attachment" in file.headers["content-disposition"]
    assert web.get(f"/revisions/{part}/waveform").json()["duration"] == 1.0
    assert web.get(f"/revisions/{part}/content?w=256").headers["content-type"] == "image/webp"


def test_without_an_engine_that_hears_it_is_said_which_could(web: TestClient, song: str, recorded: Callable[..., str]) -> None:
    whole = recorded()
    for engine in (None, "tunes"):
        for verb, fields in (("vary", {}), ("continue", {}), ("replace", {"section": [0, 1]})):
            wish = {"verb": verb, "parents": [{"revision": whole}], "engine": engine, "brief": {"intent": "rain"}, **fields}
            answer = web.post(f"/works/{song}/generations", json=wish)
            assert answer.status_code in {422, 503}, answer.text
            assert "This engine reads notes only" in answer.text
            assert "STEMMA_MUSIC" in answer.text
