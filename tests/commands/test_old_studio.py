"""A studio from before opens: data/ad46f97.tar.xz is a backup that the code of that commit wrote, with all media in it."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any

import pytest

from tests.running import Running

BACKUP = Path(__file__).with_name("data") / "ad46f97.tar.xz"
WORKS = {"A fox": 3, "Rain": 4, "A reel": 3, "Waves": 1, "Inspired": 1}  # the revisions of each
TRASHED = "Thrown away"
PAGE = {"accept": "text/html"}


def page(running: Running, path: str) -> str:
    """A page as a browser gets it, which must be there and whole."""
    answer = running.http.get(path, headers=PAGE)
    assert answer.status_code == 200, (path, answer.text)
    assert "Something of it is damaged" not in answer.text
    return answer.text


@pytest.mark.model
def test_a_studio_of_the_version_before_opens_shows_plays_and_goes_on(tmp_path: Path) -> None:
    old = tmp_path / "old.tar"
    old.write_bytes(lzma.decompress(BACKUP.read_bytes()))
    running = Running(tmp_path)
    restored = running.run("restore", str(old))
    assert restored.returncode == 0, restored.stderr
    running.start()
    try:
        project = next(p for p in running.http.get("/projects").json()["items"] if p["name"] == "Of the version before")
        works = {w["title"]: w for w in running.http.get(f"/projects/{project['id']}/works").json()["items"]}
        assert set(works) == set(WORKS)
        assert TRASHED in page(running, "/trash")
        revisions = {title: nodes(running, work["id"]) for title, work in works.items()}
        assert {title: len(found) for title, found in revisions.items()} == WORKS
        for title, found in revisions.items():
            for path in (f"/works/{works[title]['id']}", f"/works/{works[title]['id']}/lineage"):
                page(running, path)
            for node in found:
                page(running, f"/revisions/{node['id']}")
                content = running.http.get(f"/revisions/{node['id']}/content").raise_for_status()
                assert content.content
        assert "red door" in "".join(running.http.get(f"/revisions/{n['id']}/content").text for n in revisions["Rain"])
        tune = revisions["A reel"][0]["id"]
        assert running.http.get(f"/revisions/{tune}/download?as=wav").raise_for_status().content.startswith(b"RIFF")
        poem = next(n for n in revisions["Rain"] if n["verb"] == "create")
        inspired = running.http.get(f"/revisions/{revisions['Inspired'][0]['id']}").json()
        assert {p["role"] for p in inspired["parents"]} == {"inspire"}
        goes_on(running, works["A fox"]["id"], revisions["A fox"], "refine", {"steps": 2})
        goes_on(running, works["Rain"]["id"], [poem], "reroll", {})
        goes_on(running, works["A reel"]["id"], revisions["A reel"], "harmonise", {})
    finally:
        running.stop()


def nodes(running: Running, work: str) -> list[dict[str, Any]]:
    """The revisions of a work, the oldest first."""
    found = running.http.get(f"/works/{work}/lineage").raise_for_status().json()
    own = [running.http.get(f"/revisions/{n['id']}").json() for n in found["nodes"]]
    return sorted((n for n in own if n["work"] == work), key=lambda n: n["number"])


def goes_on(running: Running, work: str, found: list[dict[str, Any]], verb: str, params: dict[str, Any]) -> None:
    """Make something new from the first of a work's revisions, with the engine that a person would be offered."""
    made = running.make(work, verb=verb, parents=[{"revision": found[0]["id"]}], params=params, count=1)
    assert [variant["verb"] for variant in made["variants"]] == [verb]
