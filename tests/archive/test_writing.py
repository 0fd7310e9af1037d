"""What an archive holds, and how it is written."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.archive.layout import FILES, FORMAT, MANIFEST, PARTS, STAYS, SUMS, TABLES
from app.archive.writing import Archive
from app.models import Parent, Work
from app.models.artist import Artist, local_artist
from app.models.sight import see_as
from app.settings import Settings
from app.storage.db import Base, Database
from app.storage.store import Store
from tests.attacks.atelier import Atelier
from tests.growing import Garden


def rows(archive: zipfile.ZipFile, table: str) -> list[dict[str, Any]]:
    """The rows of one table in an archive."""
    return [json.loads(line) for line in archive.read(f"{table}.jsonl").splitlines()]


def taken(web: TestClient, project: str) -> zipfile.ZipFile:
    """The archive of a project, as a program gets it."""
    answer = web.get(f"/projects/{project}/archive")
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    found = zipfile.ZipFile(io.BytesIO(answer.content))
    assert found.testzip() is None
    return found


def test_every_table_goes_along_or_says_why_it_stays() -> None:
    assert {*TABLES, *STAYS} == {*Base.metadata.tables}
    assert not {*TABLES} & {*STAYS}


def test_an_archive_holds_the_project_and_its_bytes_each_with_its_checksum(everything: Atelier) -> None:
    archive = taken(everything.web, everything.ids["projects"][0])
    manifest = json.loads(archive.read(MANIFEST))
    assert (manifest["format"], manifest["version"]) == (FORMAT, 1)
    sums = {name: sha256 for sha256, name in (line.split("  ") for line in archive.read(SUMS).decode().splitlines())}
    assert {*sums, SUMS} == {*archive.namelist()}
    for name, sha256 in sums.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == sha256
        assert not name.startswith(FILES) or name == FILES + sha256
    counts = {name: len(rows(archive, name)) for name in PARTS}
    assert counts == manifest["rows"]
    empty = {name for name, count in counts.items() if not count}
    assert empty <= {"transcripts"}


def test_what_runs_stays_and_no_account_goes_along(everything: Atelier) -> None:
    archive = taken(everything.web, everything.ids["projects"][0])
    assert {one["status"] for one in rows(archive, "generations")} == {"done", "failed", "cancelled"}
    assert all({*one} == {"id", "name"} for one in rows(archive, "artists"))


def test_another_project_stays(everything: Atelier, database: Database) -> None:
    with database.writing() as session:
        garden = Garden(session, "Elsewhere")
        other = str(garden.work.project_id)
        garden.grow(text="not here")
    archive = taken(everything.web, everything.ids["projects"][0])
    said = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Elsewhere" not in said
    assert other.encode() not in said


def test_what_came_from_elsewhere_is_told_only_if_one_may_see_it(web: TestClient, database: Database) -> None:
    with database.writing() as session:
        mine, other = local_artist(session), Artist(name="Ann")
        session.add(other)
        session.flush()
        here, there, hidden = Garden(session, "Here", mine), Garden(session, "There", mine), Garden(session, "Hidden", other)
        [seen], [unseen] = there.grow(text="seen"), hidden.grow(text="unseen")
        here.grow((seen, "continue"), (unseen, "inspire"), text="seen, and more")
        project = str(here.work.project_id)
    archive = taken(web, project)
    [revision] = rows(archive, "revisions")
    told = {"role": "continue", "position": 0, "title": "There", "number": 1, "sha256": hashlib.sha256(b"seen").hexdigest()}
    assert revision["facts"]["outside"] == [told]
    assert rows(archive, "parents") == []
    assert b"Hidden" not in b"".join(archive.read(name) for name in archive.namelist())


def test_a_draft_is_its_artists_alone(everything: Atelier, database: Database, config: Settings) -> None:
    project = UUID(everything.ids["projects"][0])
    with database.writing() as session:
        viewer = Artist(name="Viewer")
        session.add(viewer)
        session.flush()
        see_as(session, viewer)
        archive = Archive(session, Store(config.data), viewer, [project])
    whole = zipfile.ZipFile(io.BytesIO(b"".join(archive.stream())))
    assert rows(whole, "drafts") == rows(whole, "draft_saves") == []
    assert len(rows(whole, "works")) > 3


@pytest.mark.parametrize("limit", [100, 3_000, 20_000])
def test_the_length_is_told_before_it_is_written_also_of_large_ones(
    everything: Atelier, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """Beyond 2 GiB a zip has other records: here they begin earlier."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    taken(everything.web, everything.ids["projects"][0])


def test_missing_bytes_are_said_before_anything_is_sent(everything: Atelier, config: Settings) -> None:
    store = Store(config.data)
    sha256, _age = next(iter(store.addresses()))
    store.path(sha256).unlink()
    answer = everything.web.get(f"/projects/{everything.ids['projects'][0]}/archive")
    assert answer.status_code == 404
    assert "missing from the store" in answer.json()["title"]


def test_nothing_is_held_while_an_archive_is_taken(everything: Atelier, database: Database, config: Settings) -> None:
    """Rows that are written meanwhile are not in it, and its bytes come in blocks."""
    with database.reading() as session:
        artist = local_artist(session)
        see_as(session, artist)
        archive = Archive(session, Store(config.data), artist, [UUID(everything.ids["projects"][0])])
    stream = archive.stream()
    blocks = [next(stream)]
    everything.work(title="Too late")
    blocks += list(stream)
    whole = zipfile.ZipFile(io.BytesIO(b"".join(blocks)))
    assert "Too late" not in {one["title"] for one in rows(whole, "works")}
    assert len(b"".join(blocks)) == archive.length
    assert not [path for path in (config.data / "incoming").glob("*/*") if path.name != "lock"]


def test_an_edge_needs_both_its_ends(everything: Atelier, database: Database) -> None:
    archive = taken(everything.web, everything.ids["projects"][0])
    ids = {one["id"] for one in rows(archive, "revisions")}
    edges = rows(archive, "parents")
    assert edges
    assert all({edge["child_id"], edge["parent_id"]} <= ids for edge in edges)
    with database.reading() as session:
        works = session.query(Work.id).filter(Work.project_id == UUID(everything.ids["projects"][0]))
        assert len(edges) == sum(str(one.child_id) in ids for one in session.query(Parent))
        assert {one["id"] for one in rows(archive, "works")} == {str(id) for (id,) in works}
