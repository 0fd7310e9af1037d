"""Music from outside: notes become a tune in ABC, sound becomes a recording, and what is neither is refused with words."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient

from app.media.music.abc.abc import read_tune
from app.media.music.sound.performance import performed

CASES = Path(__file__).parents[2] / "cases"
TUNE = "X:1\nT:Fuchs\nM:6/8\nL:1/8\nK:D\n|:A|dfe dBA|BAF A2F|ABA dfe|d3 d2:|\n"


@pytest.fixture
def music(web: TestClient, project: str) -> str:
    """The id of a work of music."""
    return str(web.post(f"/projects/{project}/works", json={"title": "Fuchs", "medium": "music"}).json()["id"])


def brought(web: TestClient, work: str, name: str, data: bytes) -> Any:
    """What the studio answers to a file."""
    return web.post(f"/works/{work}/imports", files={"file": (name, data, "application/octet-stream")})


def pitches(text: str) -> list[int]:
    """The MIDI notes that sound."""
    return [sound.pitch for sound in performed(read_tune(text))]


def test_abc_is_a_root_as_it_was_written(web: TestClient, music: str) -> None:
    answer = brought(web, music, "fuchs.abc", b"\xef\xbb\xbf" + TUNE.replace("\n", "\r\n").encode())
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["origin"], made["parents"], made["text"], made["asset"]) == ("import", [], TUNE, None)
    assert (made["facts"]["file"], made["facts"]["format"]) == ("fuchs.abc", "abc")
    assert made["checks"]["parses"]
    assert made["checks"]["bars_complete"]
    assert made["checks"]["novelty"]["bars"] >= 0
    assert len(made["facts"]["contour"]) == 48
    assert answer.headers["location"] == f"/revisions/{made['id']}"


def test_what_leaves_as_a_file_comes_back_from_it(web: TestClient, music: str) -> None:
    """ABC to the byte, MIDI and MusicXML note for note, each with the recipe where it carries one."""
    first = brought(web, music, "fuchs.abc", TUNE.encode()).json()
    for kind, name in (("abc", "a.abc"), ("midi", "a.mid"), ("musicxml", "a.musicxml"), ("musicxml", "a.xml")):
        file = web.get(f"/revisions/{first['id']}/download?as={kind}").content
        back = brought(web, music, name, file)
        assert back.status_code == 201, back.text
        made = back.json()
        assert pitches(made["text"]) == pitches(TUNE)
        assert made["facts"]["format"] == kind
        assert "simplified" not in made["facts"]
        if kind == "abc":
            assert made["text"] == TUNE
        if kind != "midi":
            assert made["facts"]["recipe"]["id"] == first["id"]
    for kind in ("wav", "flac", "mp3"):
        file = web.get(f"/revisions/{first['id']}/download?as={kind}").content
        made = brought(web, music, f"a.{kind}", file).json()
        assert (made["text"], made["asset"]["media_type"], made["checks"]) == (None, "audio/flac", None)
        assert made["asset"]["duration"] == pytest.approx(len(soundfile.read(io.BytesIO(file))[0]) / 44_100, abs=0.1)


def test_faults_are_kept_and_told(web: TestClient, music: str) -> None:
    made = brought(web, music, "a.abc", TUNE.replace("BAF A2F", "BAF & A2").encode()).json()
    assert (made["checks"]["parses"], made["checks"]["bars_complete"]) == (False, False)
    assert "&" in made["text"]


def test_of_a_book_each_tune_becomes_a_work(web: TestClient, project: str, music: str) -> None:
    book = "X:1\nT:月光\nK:C\nCDEF|\n\nX:2\nT:二泉映月\nK:C\nGABc|\n\nX:3\nK:D\nDEFA|\n"
    made = brought(web, music, "a.abc", book.encode("gb18030")).json()
    assert (made["text"], made["facts"]["encoding"]) == ("X:1\nT:月光\nK:C\nCDEF|\n", "gb18030")
    assert ["several tunes" in said for said in made["facts"]["simplified"]] == [True]
    works = {one["title"]: one for one in web.get(f"/projects/{project}/works").json()["items"]}
    assert set(works) == {"Fuchs", "二泉映月", "Fuchs 3"}
    other = web.get(f"/works/{works['二泉映月']['id']}/revisions").json()["items"][0]
    assert (other["text"], other["origin"], other["facts"]["at"]) == ("X:2\nT:二泉映月\nK:C\nGABc|\n", "import", 2)
    made = brought(web, music, "a.abc", TUNE.encode("utf-16")).json()
    assert made["text"] == TUNE


@pytest.mark.parametrize("path", sorted(CASES.glob("5*/*")) + sorted(CASES.glob("60-*/*")), ids=lambda path: path.name)
def test_what_came_in_can_be_gone_on_from_and_saved(web: TestClient, music: str, path: Path) -> None:
    """And it can leave as every kind of file."""
    answer = brought(web, music, path.name, path.read_bytes())
    assert answer.status_code == 201, answer.text
    made = answer.json()
    web.post(f"/works/{music}/draft/base", json={"revision": made["id"]})
    draft = web.get(f"/works/{music}/draft").json()
    changed = {"version": draft["version"], "text": draft["text"] + "% changed\n"}
    assert web.put(f"/works/{music}/draft", json=changed).status_code == 200
    for kind in ("abc", "midi", "musicxml"):
        assert web.get(f"/revisions/{made['id']}/download?as={kind}").status_code == 200


def test_a_recording_is_a_root(web: TestClient, music: str) -> None:
    out = io.BytesIO()
    tone = 0.5 * np.sin(np.arange(32_000) * 0.05)
    with soundfile.SoundFile(out, "w", 32_000, 1, "VORBIS", format="OGG") as file:
        file.title, file.comment = "a secret", "home address"
        file.write(tone)
    made = brought(web, music, "a.ogg", out.getvalue()).json()
    assert made["asset"]["media_type"] == "audio/flac"
    assert made["asset"]["duration"] == pytest.approx(1.0, abs=0.05)
    assert made["facts"] == {"file": "a.ogg", "format": "ogg", "rate": 32_000, "channels": 1}
    kept = web.get(f"/revisions/{made['id']}/content").content
    assert kept.startswith(b"fLaC")
    assert b"home address" not in kept
    assert web.get(f"/revisions/{made['id']}/waveform").json()["duration"] == pytest.approx(1.0, abs=0.05)


def test_a_browser_goes_on_from_what_it_brought(web: TestClient, music: str) -> None:
    answer = web.post(
        f"/works/{music}/imports",
        files={"file": ("a.abc", TUNE.encode())},
        headers={"Accept": "text/html"},
        follow_redirects=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/works/{music}")
    assert web.get(f"/works/{music}/draft").json()["text"] == TUNE


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("a.abc", b"", 422),
        ("a.abc", b"X:1\nK:C\n", 422),
        ("a.abc", b"just words, no tune: 12 3\n%%abc\n", 415),
        ("a.abc", b"X:1\nK:C\n\x07CDE|", 422),
        ("a.abc", b"X:1\nK:C\n" + b"C" * 1_000_001, 413),
        ("a.abc", b"\x89PNG\r\n\x1a\n\0", 415),
        ("a.mid", b"MThd\0\0\0\6", 415),
        ("a.mid", b"no midi", 415),
        ("a.musicxml", b"<x>", 415),
        ("a.musicxml", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><score-partwise>&a;</score-partwise>', 415),
        ("a.mxl", b"PK\x03\x04", 415),
        ("a.wav", b"RIFF", 415),
        ("a.mp3", b"ID3 and nothing else", 415),
        ("a.exe", b"MZ", 415),
        ("a.svg", b"<svg/>", 415),
        ("tune", b"words", 415),
    ],
)
def test_what_is_no_music_is_refused_and_nothing_is_changed(
    web: TestClient, music: str, name: str, data: bytes, status: int
) -> None:
    answer = brought(web, music, name, data)
    assert answer.status_code == status, answer.text
    assert answer.json()["title"]
    assert web.get(f"/works/{music}/revisions").json()["items"] == []


def test_music_stays_with_music(web: TestClient, work: str, music: str, picture: Any) -> None:
    assert brought(web, work, "a.abc", TUNE.encode()).status_code == 415
    assert brought(web, music, "a.png", picture()).status_code == 415
    web.post(f"/works/{music}/trash")
    assert brought(web, music, "a.abc", TUNE.encode()).status_code == 409
