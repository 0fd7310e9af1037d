"""What is taken in is what was written: by the same studio, and by another."""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy.orm import Session

from app.archive.layout import FILES, MANIFEST, PARTS, SUMS
from app.archive.writing import Archive
from app.models import Account, Artist, Draft, Mask, Pick, Project, Revision, WordList, Work
from app.models.artist import local_artist
from app.models.asset import Asset, keep_asset
from app.models.draft import draft_of
from app.models.sight import see_as
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store
from tests.attacks.atelier import Atelier, picture, recording
from tests.growing import Garden

ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def archive_of(database: Database, config: Settings, project: UUID) -> bytes:
    """The archive of a project for its owner."""
    with database.reading() as session:
        found = session.get_one(Project, project)
        see_as(session, found.owner)
        archive = Archive(session, Store(config.data), found.owner, [found.id])
    return b"".join(archive.stream())


def send(web: TestClient, data: bytes, **fields: Any) -> Any:
    """Send an archive; what is answered."""
    return web.post("/archives", files={"file": ("coast.stemma.zip", data)}, data=fields)


def plain(data: bytes) -> dict[str, bytes]:
    """What an archive holds, with every id by the place where it stands first: the same whichever ids there are."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if name not in {MANIFEST, SUMS}}
    places: dict[bytes, bytes] = {}

    def place(found: re.Match[bytes]) -> bytes:
        return places.setdefault(found[0], b"id-%06d" % len(places))

    return {name: bytes_ if name.startswith(FILES) else ID.sub(place, bytes_) for name, bytes_ in held.items()}


def without_bringing(held: dict[str, bytes]) -> dict[str, bytes]:
    """Without what says that it was taken in: the last act."""
    lines = held["acts.jsonl"].splitlines(keepends=True)
    assert json.loads(lines[-1])["kind"] == "project-imported"
    return held | {"acts.jsonl": b"".join(lines[:-1])}


def test_a_project_taken_in_is_what_it_was_to_the_byte(everything: Atelier, database: Database, config: Settings) -> None:
    """Apart from ids, from one act (that it was taken in), and from nothing else: what is one's own stays one's own."""
    project = UUID(everything.ids["projects"][0])
    everything.web.post(f"/lists/{everything.ids['lists'][0]}/trash").raise_for_status()
    before = archive_of(database, config, project)
    answer = send(everything.web, before, mine="true")
    assert answer.status_code == 201, answer.text
    after = archive_of(database, config, UUID(answer.json()["id"]))
    assert without_bringing(plain(after)) == plain(before)
    assert answer.json()["id"] != str(project)
    web = everything.web
    works = web.get(f"/projects/{answer.json()['id']}/works").json()["items"]
    for work in works:
        assert web.get(f"/works/{work['id']}/record").json() == {"whole": True, "broken_at": None}
        assert web.get(f"/works/{work['id']}/lineage").status_code == 200
        assert web.get(f"/works/{work['id']}", headers={"Accept": "text/html"}).status_code == 200
    assert web.get(f"/projects/{answer.json()['id']}/acts", headers={"Accept": "text/html"}).status_code == 200


def test_all_projects_of_ones_own_go_along_in_one_archive(everything: Atelier, database: Database, config: Settings) -> None:
    everything.project("Another")
    with database.reading() as session:
        artist = local_artist(session)
        see_as(session, artist)
        mine = sa.select(Project.id).where(Project.owner_id == artist.id)
        whole = b"".join(Archive(session, Store(config.data), artist, mine).stream())
    count = len(everything.web.get("/projects").json()["items"])
    assert send(everything.web, whole, mine="true").status_code == 201
    names = [one["name"] for one in everything.web.get("/projects").json()["items"]]
    assert len(names) == 2 * count
    assert names.count("Another") == 2


def test_who_made_what_is_kept_by_name_and_nobody_signs_in_as_them(
    everything: Atelier, database: Database, config: Settings
) -> None:
    with database.writing() as session:
        ann = Artist(name="Ann (imported)")  # somebody of this studio, who is called so
        session.add(ann)
        session.flush()
        session.add(Account(artist=ann, handle="ann (imported)", password="-"))  # noqa: S106
        garden = Garden(session, "Fox", ann_elsewhere(session))
        garden.grow(text="Reynard", picked=True)
        project = garden.work.project_id
    answer = send(everything.web, archive_of(database, config, project))
    with database.reading() as session:
        brought = session.get_one(Project, UUID(answer.json()["id"]))
        assert brought.owner_id == local_artist(session).id
        [revision] = session.query(Revision).join(Work).filter(Work.project_id == brought.id)
        assert revision.created_by.name == "Ann (imported) 2"
        assert [pick.artist_id for pick in revision.picks] == [revision.created_by_id]
        assert session.get(Account, revision.created_by_id) is None


def ann_elsewhere(session: Session) -> Artist:
    """Somebody who owns a project and is called Ann."""
    ann = Artist(name="Ann")
    session.add(ann)
    session.flush()
    return ann


class Shapes:
    """Projects of random shape: works of all media, branches, joins, masks, picks, trash, hand edits, drafts."""

    def __init__(self, session: Session, store: Store, dice: random.Random) -> None:
        self.session, self.dice, self.artist = session, dice, local_artist(session)
        self.pictures = [asset_of(session, store, dice, width) for width in (8, 16, 24)]
        self.project = self.artist.projects.create(f"Coast {dice.random()}")

    def grow(self) -> UUID:
        """The project's id."""
        for _work in range(self.dice.randrange(4)):
            self._work()
        for name in self.dice.sample(["birds", "Trees", "石"], self.dice.randrange(3)):
            self.artist.word_lists.add(self.project, name, ["a", "b"])
        self.session.flush()
        return self.project.id

    def _work(self) -> None:
        dice, medium = self.dice, self.dice.choice(["image", "text", "music"])
        work = self.artist.works.create(self.project, f"狐 <b>{dice.random()}</b>", medium)
        garden = Garden.__new__(Garden)
        garden.session, garden.artist, garden.work = self.session, self.artist, work
        grown: list[Revision] = []
        for _run in range(dice.randrange(6)):
            parents = dice.sample(grown, min(len(grown), dice.randrange(3)))
            holds: dict[str, Any] = (
                {"asset": dice.choice(self.pictures)} if medium == "image" else {"text": f"X:1\n{dice.random()}"}
            )
            role = "vary" if medium == "image" else "continue"
            edges = [(one, role if at == 0 else "inspire") for at, one in enumerate(parents)]
            about = {"brief_data": {"intent": f"{dice.random()} 🦊"}, "params": {"steps": dice.randrange(60)}, **holds}
            grown += garden.grow(*edges, count=dice.randrange(1, 4), picked=dice.random() < 0.3, **about)
            if dice.random() < 0.3:
                parent = dice.choice(grown)
                kept = {"asset": parent.asset} if parent.text is None else {"text": f"{parent.text}!"}
                grown.append(self.artist.revisions.add_by_hand(work, parent, brief_data={}, **kept))
        if grown and medium == "image":
            self.artist.masks.add(grown[0], dice.choice(self.pictures), dice.random())
        if dice.random() < 0.5:
            draft = draft_of(self.session, work, self.artist, write=True)
            for _save in range(dice.randrange(1, 3)):
                draft.save(
                    draft.version, keep=True, brief_data={"intent": f"{dice.random()}"}, base_id=grown[0].id if grown else None
                )
        if dice.random() < 0.2:
            work.trash(self.artist)


def asset_of(session: Session, store: Store, dice: random.Random, width: int) -> Any:
    """A picture in the store and its row."""
    out = io.BytesIO()
    Image.new("RGB", (width, 8), (dice.randrange(256), 9, 9)).save(out, "PNG")
    sha256 = store.put(out.getvalue())
    return keep_asset(session, Asset(sha256=sha256, media_type="image/png", bytes=len(out.getvalue()), width=width, height=8))


@pytest.mark.timeout(600)
def test_a_hundred_projects_of_random_shape_are_what_they_were(web: TestClient, database: Database, config: Settings) -> None:
    store, shapes = Store(config.data), 0
    for seed in range(100):
        with database.writing() as session:
            project = Shapes(session, store, random.Random(seed)).grow()
        before = archive_of(database, config, project)
        answer = send(web, before, mine="true")
        assert answer.status_code == 201, (seed, answer.text)
        after = archive_of(database, config, UUID(answer.json()["id"]))
        assert without_bringing(plain(after)) == plain(before), seed
        shapes += len(plain(before)["revisions.jsonl"]) > 0
    assert shapes > 50


# How an archive is spoilt, and what is said of it.
Held = dict[str, bytes]
Spoil = Callable[[Held], None]


def changed(table: str, **fields: Any) -> Spoil:
    """Change fields of the first row of a table; None takes one away."""

    def spoil(held: Held) -> None:
        first, *rest = held[f"{table}.jsonl"].splitlines(keepends=True)
        row = json.loads(first) | fields
        told = json.dumps({name: value for name, value in row.items() if value is not None}).encode() + b"\n"
        held[f"{table}.jsonl"] = b"".join([told, *rest])

    return spoil


def replaced(name: str, old: bytes, new: bytes) -> Spoil:
    """Put other bytes in the place of some."""

    def spoil(held: Held) -> None:
        assert old in held[name]
        held[name] = held[name].replace(old, new, 1)

    return spoil


def twice(table: str) -> Spoil:
    """Say the first row of a table twice."""

    def spoil(held: Held) -> None:
        first, *_rest = held[f"{table}.jsonl"].splitlines(keepends=True)
        held[f"{table}.jsonl"] = first + held[f"{table}.jsonl"]

    return spoil


def added(name: str) -> Spoil:
    """Add a file."""
    return lambda held: held.update({name: b"x"})


def circle(held: Held) -> None:
    """Let a parent come from its child."""
    edge = json.loads(held["parents.jsonl"].splitlines()[0])
    back = edge | {"child_id": edge["parent_id"], "parent_id": edge["child_id"]}
    held["parents.jsonl"] += json.dumps(back).encode() + b"\n"


def other_bytes(held: Held) -> None:
    """Let a picture be a page under its rightful digest."""
    name = next(name for name in held if name.startswith(FILES))
    page = b"<script>alert(1)</script>"
    sha256, size = hashlib.sha256(page).hexdigest(), len(held.pop(name))
    held[FILES + sha256] = page
    for table in ("assets", "revisions", "masks"):
        held[f"{table}.jsonl"] = held[f"{table}.jsonl"].replace(name.removeprefix(FILES).encode(), sha256.encode())
    held["assets.jsonl"] = held["assets.jsonl"].replace(b'"bytes":%d' % size, b'"bytes":%d' % len(page))


def wider(held: Held) -> None:
    """Say that a picture is as large as a house."""
    held["assets.jsonl"] = re.sub(rb'"width":\d+', b'"width":9999', held["assets.jsonl"], count=1)


NOBODY = "01a00000-0000-7000-8000-000000000000"
DEEP = json.loads("[" * 40 + "]" * 40)
SPOILT: dict[str, tuple[Spoil, str]] = {
    "a way up": (added("../../etc/passwd"), "does not belong"),
    "a way from the top": (added("/etc/passwd"), "does not belong"),
    "a zip within": (added("more.zip"), "does not belong"),
    "another digest's name": (added(f"{FILES}{'a' * 64}"), "assets.jsonl"),
    "no rows": (lambda held: held.pop("works.jsonl"), "works.jsonl"),  # type: ignore[arg-type, return-value]
    "no project": (lambda held: held.update({"projects.jsonl": b""}), "works.jsonl"),
    "a later version": (replaced(MANIFEST, b'"version": 1', b'"version": 2'), "Update the studio"),
    "another format": (replaced(MANIFEST, b"stemma-project-archive", b"something"), "no archive of a project"),
    "no JSON": (lambda held: held.update({"works.jsonl": b"{\n"}), "Line 1 of “works.jsonl”"),
    "no number": (replaced("masks.jsonl", b'"share":', b'"share":NaN,"x":'), "Line 1 of “masks.jsonl”"),
    "half a character": (changed("works", title="a\ud800"), "“title”"),
    "a control character": (changed("works", title="a\x07"), "“title”"),
    "half a character in a brief": (changed("revisions", brief={"intent": "\udc00"}), "“brief”"),
    "no title": (changed("works", title=" "), "“title”"),
    "a title without end": (changed("works", title="x" * 201), "“title”"),
    "no medium": (changed("works", medium="smell"), "“medium”"),
    "a number below": (changed("revisions", number=0), "“number”"),
    "a number beyond": (changed("revisions", seed=2**63), "revisions.jsonl"),
    "yes for one": (changed("revisions", number=True), "“number”"),
    "too deep": (changed("revisions", facts={"x": DEEP}), "revisions.jsonl"),
    "no moment": (changed("works", created_at="yesterday"), "“created_at”"),
    "a moment without a zone": (changed("works", created_at="2026-01-01T00:00:00"), "“created_at”"),
    "no id": (changed("works", id="../x"), "“id”"),
    "a column that is none": (changed("artists", email="a@example.org"), "“email”"),
    "a row twice": (twice("works"), "Line 2 of “works.jsonl”"),
    "an edge twice": (twice("parents"), "Line 2 of “parents.jsonl”"),
    "another's id": (changed("revisions", work_id=NOBODY), "“work_id”"),
    "an id of another kind": (changed("picks", revision_id=NOBODY), "“revision_id”"),
    "a cover that is nowhere": (changed("works", cover_id=NOBODY), "“cover_id”"),
    "somebody who is nobody": (changed("projects", owner_id=NOBODY), "“owner_id”"),
    "a run that runs": (changed("generations", status="queued"), "“status”"),
    "a circle": (circle, "comes from itself"),
    "a page for a picture": (other_bytes, "is no image/png"),
    "a picture of another size": (wider, "is no image/png"),
}


def packed(held: Held, sums: dict[str, bytes] | None = None) -> bytes:
    """An archive of these files, with checksums that are right but for those given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
        told = {name: hashlib.sha256((sums or {}).get(name, data)).hexdigest() for name, data in held.items()}
        archive.writestr(SUMS, "".join(f"{sha256}  {name}\n" for name, sha256 in told.items()))
    return out.getvalue()


def state(database: Database, config: Settings) -> tuple[dict[str, int], list[str]]:
    """How many rows there are of each table, and which files."""
    with database.reading() as session:
        rows = {name: session.query(part.table).count() for name, part in PARTS.items()}
    return rows, sorted(one for one, _age in Store(config.data).addresses())


@pytest.fixture
def held(everything: Atelier, database: Database, config: Settings) -> Held:
    """The files of a good archive, without its checksums."""
    with zipfile.ZipFile(io.BytesIO(archive_of(database, config, UUID(everything.ids["projects"][0])))) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != SUMS}


def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_left(
    everything: Atelier, held: Held, database: Database, config: Settings
) -> None:
    before, wrong = state(database, config), []
    for name, (spoil, said) in SPOILT.items():
        spoilt = dict(held)
        spoil(spoilt)
        answer = send(everything.web, packed(spoilt))
        if answer.status_code != 422 or said not in answer.json()["title"]:
            wrong.append((name, answer.status_code, answer.json().get("title")))
    assert wrong == []
    assert state(database, config) == before
    assert not [path for path in (config.data / "incoming").glob("*/*") if path.name != "lock"]
    assert send(everything.web, packed(held)).status_code == 201


def test_zips_that_are_none(everything: Atelier, held: Held, database: Database, config: Settings) -> None:
    whole, before = packed(held), state(database, config)
    file = next(name for name in held if name.startswith(FILES))

    def zipped(*entries: tuple[zipfile.ZipInfo | str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", how) as archive:
            for info, data in entries:
                archive.writestr(info, data)
        return out.getvalue()

    link = zipfile.ZipInfo("works.jsonl")
    link.external_attr = 0o120777 << 16
    spoilt = {
        "nothing": b"",
        "a picture": picture(),
        "a recording": recording(),
        "broken off": whole[:-40],
        "half": whole[: len(whole) // 2],
        "spoilt bytes": whole.replace(held[file][-40:-20], b"x" * 20, 1),
        "a link": zipped((link, b"/etc/passwd")),
        "twice": zipped(("works.jsonl", b""), ("works.jsonl", b"")),
        "a bomb": zipped((f"{FILES}{'a' * 64}", b"\0" * 40_000_000), how=zipfile.ZIP_DEFLATED),
        "a wrong checksum": packed(held, {"works.jsonl": b"other"}),
        "other bytes than its name": packed(held, {file: b"other"}),
    }
    told = {name: send(everything.web, data) for name, data in spoilt.items()}
    assert {name: one.status_code for name, one in told.items()} == dict.fromkeys(spoilt, 422)
    assert all("archive" in one.json()["title"] for one in told.values()), [one.json() for one in told.values()]
    assert state(database, config) == before


DYING = """
import os, sys
from pathlib import Path
from app.archive import bringing
from app.models.artist import local_artist
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store

config = Settings(data=Path(sys.argv[1]))
database = Database(config)

class writing:
    def __enter__(self):
        self.inside = database.writing()
        session = self.inside.__enter__()
        return session, local_artist(session)

    def __exit__(self, *error):
        self.inside.__exit__(*error)

bringing.record = lambda *_about, **_more: os._exit(9)
with open(sys.argv[2], "rb") as file:
    with bringing.taken_in(writing, Store(config.data), file, 10**6, mine=False):
        pass
"""


def test_a_process_that_dies_at_the_last_row_leaves_no_row(
    everything: Atelier, held: Held, database: Database, config: Settings, tmp_path: Path
) -> None:
    (tmp_path / "archive").write_bytes(packed(held))
    before, _files = state(database, config)
    done = subprocess.run([sys.executable, "-c", DYING, str(config.data), str(tmp_path / "archive")], timeout=120, check=False)
    assert done.returncode == 9
    assert state(database, config)[0] == before
    assert send(everything.web, packed(held)).status_code == 201


def test_only_what_lies_in_it_is_had_from_the_store(everything: Atelier, held: Held) -> None:
    """Who knows the SHA-256 of bytes that are another's does not get them by an archive that names it."""
    name = next(name for name in held if name.startswith(FILES))
    without = {one: data for one, data in held.items() if one != name}
    answer = send(everything.web, packed(without))
    assert answer.status_code == 422
    assert "missing" in answer.json()["title"]


def test_tables_that_are_counted_are_there(everything: Atelier, database: Database) -> None:
    """What the tests above compare is not empty."""
    with database.reading() as session:
        assert all(session.query(model).count() for model in (Draft, Mask, Pick, WordList, Revision))
