"""Tunes and recordings as files: what leaves is what the score says, carries its recipe, and is kept for ever."""

from __future__ import annotations

import errno
import io
import json
import wave
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any
from uuid import UUID

import mido
import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient
from PIL import Image

from app.bounded import SLOW, asking
from app.bounded.turns import Turns
from app.media.music.abc.abc import read_tune
from app.media.music.files.files import without_recipe
from app.media.music.sound.performance import performed
from app.models import Artist, Asset, Revision, Work
from app.models.asset import keep_asset
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store
from app.web.routes import music_files

TUNE = 'X:1\nT:The Fox\nR:jig\nM:6/8\nL:1/8\nQ:3/8=110\nK:D\n|:A|"D"dfe dBA|BAF "A"A2F|ABA dfe|"D"d3 d2:|\n'


@pytest.fixture
def music(web: TestClient, project: str) -> str:
    """The id of a work of music."""
    made = web.post(f"/projects/{project}/works", json={"title": "Fuchs & Nacht 狐", "medium": "music"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def kept(database: Database, work: str, text: str | None = None, asset: Asset | None = None) -> str:
    """A revision in the work, put there from behind."""
    with database.writing() as session:
        row = session.get(Work, UUID(work))
        artist = session.query(Artist).first()
        assert row is not None
        assert artist is not None
        revision = Revision(work=row, number=row.numbers(1)[0], origin="import", text=text, created_by=artist)
        if asset is not None:
            revision.asset = keep_asset(session, asset)
        session.add(revision)
        session.flush()
        return str(revision.id)


@pytest.fixture
def tune(database: Database, web: TestClient, music: str) -> str:
    """The id of a tune."""
    return kept(database, music, TUNE)


@pytest.fixture
def recording(database: Database, web: TestClient, music: str, config: Settings) -> str:
    """The id of a recording: two seconds, two channels, the second half louder, 24 bits."""
    time = np.arange(2 * 48_000) / 48_000
    tone = np.sin(2 * np.pi * 440 * time) * np.where(time < 1, 0.1, 0.8)
    data = io.BytesIO()
    soundfile.write(data, np.stack([tone, -tone], 1), 48_000, "PCM_24", format="FLAC")
    sha256 = Store(config.data).put(data.getvalue())
    asset = Asset(sha256=sha256, media_type="audio/flac", bytes=len(data.getvalue()), duration=2.0)
    return kept(database, music, asset=asset)


def test_a_tune_is_its_abc(web: TestClient, tune: str) -> None:
    answer = web.get(f"/revisions/{tune}/content")
    assert (answer.text, answer.headers["content-type"]) == (TUNE, "text/vnd.abc; charset=utf-8")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert web.get(f"/revisions/{tune}/content?as=abc").text == TUNE
    again = web.get(f"/revisions/{tune}/content", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("kind", "media_type", "ending"),
    [
        ("abc", "text/vnd.abc; charset=utf-8", "abc"),
        ("midi", "audio/midi", "mid"),
        ("musicxml", "application/vnd.recordare.musicxml+xml", "musicxml"),
        ("wav", "audio/wav", "wav"),
        ("flac", "audio/flac", "flac"),
        ("mp3", "audio/mpeg", "mp3"),
    ],
)
def test_every_kind_of_file_has_its_type_its_name_and_its_tag(
    web: TestClient, tune: str, kind: str, media_type: str, ending: str
) -> None:
    answer = web.get(f"/revisions/{tune}/content?as={kind}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    tag = answer.headers["etag"]
    assert tag.startswith('"')
    assert web.get(f"/revisions/{tune}/content?as={kind}", headers={"If-None-Match": tag}).status_code == 304
    assert web.get(f"/revisions/{tune}/content?as={kind}").content == answer.content
    file = web.get(f"/revisions/{tune}/download?as={kind}")
    assert (file.status_code, file.headers["content-type"]) == (200, media_type)
    said = file.headers["content-disposition"]
    assert said.startswith('attachment; filename="stemma-')
    assert f'-1.{ending}"; ' in said
    assert said.endswith(f"Fuchs%20%26%20Nacht%20%E7%8B%90%201.{ending}")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.content != answer.content


def recipe_in(kind: str, data: bytes) -> Any:
    """What a file tells of how it came about."""
    if kind == "abc":
        return without_recipe(data.decode())[1]
    if kind == "midi":
        return json.loads(next(m.text for m in mido.MidiFile(file=io.BytesIO(data)).tracks[0] if m.type == "text"))
    if kind == "musicxml":
        field = ET.fromstring(data).find("identification/miscellaneous/miscellaneous-field[@name='stemma']")  # noqa: S314 (our own)
        assert field is not None
        return json.loads(field.text or "")
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        return json.loads(file.comment)


@pytest.mark.parametrize("kind", ["abc", "midi", "musicxml", "wav", "flac", "mp3"])
def test_a_download_carries_its_recipe_and_the_same_tune(web: TestClient, tune: str, kind: str) -> None:
    data = web.get(f"/revisions/{tune}/download?as={kind}").content
    told = recipe_in(kind, data)
    assert (told["stemma"], told["id"], told["origin"]) == (1, tune, "import")
    assert web.get(f"/revisions/{tune}/download?as=json").json() == told
    if kind == "abc":
        assert without_recipe(data.decode())[0] == TUNE
        assert [s.pitch for s in performed(read_tune(data.decode()))] == [s.pitch for s in performed(read_tune(TUNE))]
        assert not read_tune(data.decode()).faults
    assert web.get(f"/revisions/{tune}/download").content == web.get(f"/revisions/{tune}/download?as=abc").content


def test_a_player_seeks_in_the_sound(web: TestClient, tune: str) -> None:
    whole = web.get(f"/revisions/{tune}/content?as=wav")
    assert whole.headers["accept-ranges"] == "bytes"
    part = web.get(f"/revisions/{tune}/content?as=wav", headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, whole.content[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole.content)}"
    with wave.open(io.BytesIO(whole.content)) as file:
        end = max(s.start + s.duration for s in performed(read_tune(TUNE)))
        assert file.getnframes() / file.getframerate() == pytest.approx(float(end) * 240 / 165 + 1.2, abs=0.02)


def test_instrument_and_tempo_are_asked_for_within_limits(web: TestClient, tune: str) -> None:
    plain = web.get(f"/revisions/{tune}/content?as=wav")
    violin = web.get(f"/revisions/{tune}/content?as=wav&instrument=violin")
    quick = web.get(f"/revisions/{tune}/content?as=wav&tempo=220")
    assert len({one.headers["etag"] for one in (plain, violin, quick)}) == 3
    assert len(violin.content) == len(plain.content)
    assert len(quick.content) < 0.7 * len(plain.content)
    file = mido.MidiFile(file=io.BytesIO(web.get(f"/revisions/{tune}/content?as=midi&instrument=flute&tempo=60").content))
    assert next(m.tempo for m in file.tracks[0] if m.type == "set_tempo") == mido.bpm2tempo(90)
    assert next(m.program for m in file.tracks[1] if m.type == "program_change") == 73
    for query, field in (
        ("instrument=kazoo", "instrument"),
        ("tempo=0", "tempo"),
        ("tempo=9999", "tempo"),
        ("tempo=x", "tempo"),
    ):
        refused = web.get(f"/revisions/{tune}/content?as=wav&{query}")
        assert refused.status_code == 422
        assert field in refused.text


def test_a_tune_without_notes_has_no_sound_but_its_abc_and_a_picture(web: TestClient, database: Database, music: str) -> None:
    empty = kept(database, music, "X:1\nT:Nothing yet\nK:C\n")
    for kind in ("midi", "musicxml", "wav", "flac", "mp3"):
        for path in ("content", "download"):
            refused = web.get(f"/revisions/{empty}/{path}?as={kind}")
            assert refused.status_code == 422
            assert "no notes" in refused.text
    assert web.get(f"/revisions/{empty}/content").text.startswith("X:1")
    assert web.get(f"/revisions/{empty}/content?w=64").headers["content-type"] == "image/webp"
    endless = kept(database, music, "L:1/1\nQ:1/4=20\nK:C\n" + "c4|" * 400)
    assert web.get(f"/revisions/{endless}/content?as=wav").status_code == 422
    assert web.get(f"/revisions/{endless}/content?as=midi").status_code == 200


def test_kinds_of_others_are_refused_by_name(web: TestClient, tune: str, revision: str) -> None:
    for kind in ("md", "txt", "docx"):
        assert "abc, midi, musicxml" in web.get(f"/revisions/{tune}/content?as={kind}").text
    for path in ("content", "download"):
        assert web.get(f"/revisions/{revision}/{path}?as=midi").status_code in {404, 422}
        assert web.get(f"/revisions/{tune}/{path}?as=exe").status_code == 422


@pytest.mark.parametrize("width", [64, 128, 256, 512, 1024])
def test_a_tune_has_a_picture_of_its_first_bars(web: TestClient, tune: str, width: int) -> None:
    answer = web.get(f"/revisions/{tune}/content?w={width}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert "immutable" in answer.headers["cache-control"]
    assert Image.open(io.BytesIO(answer.content)).size == (width, width)
    assert web.get(f"/revisions/{tune}/content?w={width}").content == answer.content
    seen = web.get(f"/revisions/{tune}/content?w={width}", headers={"If-None-Match": answer.headers["etag"]})
    assert seen.status_code == 304
    assert web.get(f"/revisions/{tune}/content?w=65").status_code == 422


def test_the_lineage_shows_tunes_and_recordings(web: TestClient, music: str, tune: str, recording: str) -> None:
    answer = web.get(f"/works/{music}/lineage/atlas/0")
    assert answer.status_code == 200, answer.text
    sheet = Image.open(io.BytesIO(answer.content)).convert("RGBA")
    assert sheet.size == (128, 64)
    for corner in (0, 64):
        tile = np.asarray(sheet.crop((corner, 0, corner + 64, 64)).convert("L"), float)
        assert tile.max() > 235  # paper
        assert tile.min() < 110  # ink


def test_a_recording_is_played_drawn_and_taken_as_another_format(web: TestClient, recording: str) -> None:
    plain = web.get(f"/revisions/{recording}/content")
    assert plain.headers["content-type"] == "audio/flac"
    assert "attachment" not in plain.headers.get("content-disposition", "")
    part = web.get(f"/revisions/{recording}/content", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"fLaC")
    assert web.get(f"/revisions/{recording}/content?as=flac").content == plain.content
    samples, rate = soundfile.read(io.BytesIO(plain.content), dtype="int32")
    for kind in ("wav", "flac"):
        data = web.get(f"/revisions/{recording}/download?as={kind}").content
        same, theirs = soundfile.read(io.BytesIO(data), dtype="int32")
        assert theirs == rate
        assert np.array_equal(same, samples)
        assert recipe_in(kind, data)["id"] == recording
    mp3 = web.get(f"/revisions/{recording}/content?as=mp3")
    assert mp3.headers["content-type"] == "audio/mpeg"
    assert soundfile.info(io.BytesIO(mp3.content)).duration == pytest.approx(2.0, abs=0.05)
    assert web.get(f"/revisions/{recording}/content?as=midi").status_code == 422
    assert web.get(f"/revisions/{recording}/download").headers["content-type"] == "audio/flac"
    drawn = web.get(f"/revisions/{recording}/content?w=256")
    assert (drawn.headers["content-type"], Image.open(io.BytesIO(drawn.content)).size) == ("image/webp", (256, 256))


def test_a_waveform_has_a_thousand_points_and_is_as_loud_as_the_recording(web: TestClient, tune: str, recording: str) -> None:
    answer = web.get(f"/revisions/{recording}/waveform")
    found = answer.json()
    assert found["duration"] == 2.0
    assert 990 <= len(found["peaks"]) <= 1000
    assert found["peaks"][100] == pytest.approx([-0.1, 0.1], abs=0.01)
    assert found["peaks"][900] == pytest.approx([-0.8, 0.8], abs=0.01)
    seen = web.get(f"/revisions/{recording}/waveform", headers={"If-None-Match": answer.headers["etag"]})
    assert seen.status_code == 304
    assert web.get(f"/revisions/{tune}/waveform").status_code == 404


def test_many_at_once_are_sent_away_and_what_is_rendered_is_not_rendered_again(
    web: TestClient, tune: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as busy:
        busy.setattr(asking, "_turns", {SLOW.name: Turns(replace(SLOW, children=0, waiting=0))})  # as if others were rendered
        assert web.get(f"/revisions/{tune}/content?as=mp3").status_code == 503
    first = web.get(f"/revisions/{tune}/content?as=mp3").content
    monkeypatch.setattr(music_files, "write_tune", lambda *_args: pytest.fail("rendered again"))
    assert web.get(f"/revisions/{tune}/content?as=mp3").content == first


def test_only_the_latest_renderings_are_kept(config: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(config.data)
    monkeypatch.setattr("app.storage.store.store.RENDERED", 250)
    names = [f"{at:064x}.wav" for at in range(5)]
    store.keep_derived(store.rendered("a letter.txt"), b"x" * 100)  # somebody else's
    for name in names:
        store.keep_derived(store.rendered(name), b"x" * 100)
        store.tidy_rendered(store.rendered(name))
    assert {path.name for path in store.rendered("x").parent.iterdir()} == {"a letter.txt", *names[-2:]}


def test_a_full_disk_is_told_and_hides_no_picture(web: TestClient, tune: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(music_files, "write_tune", full)
    monkeypatch.setattr(Store, "keep_derived", lambda *_args: None)
    answer = web.get(f"/revisions/{tune}/content?as=wav")
    assert (answer.status_code, answer.json()["code"]) == (507, "disk-full")
    assert web.get(f"/revisions/{tune}/content?w=128").status_code == 200


def test_another_artists_tune_is_not_there(web: TestClient, stranger: dict[str, str]) -> None:
    for path in ("content?as=wav", "download?as=midi", "waveform", "content?w=64"):
        assert web.get(f"/revisions/{stranger['revision']}/{path}").status_code == 404
