"""The table of bad input: each gets its clear answer, and nothing changes."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app.models import Generation, Revision
from app.storage.db import Database

NOBODY = str(uuid4())
BRIEF = {"intent": "a red fox"}


def rows(database: Database) -> tuple[int, int]:
    """How many generations and revisions there are."""
    with database.reading() as session:
        return session.query(Generation).count(), session.query(Revision).count()


WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    ("unknown engine", {"engine": "dall-e"}, 422, "engine"),
    ("unknown verb", {"verb": "explode"}, 422, "verb"),
    ("verb of another medium", {"verb": "transpose"}, 422, "verb"),
    ("steps out of range", {"engine": "house", "params": {"steps": 10_000}}, 422, "params.steps"),
    ("steps of a wrong type", {"engine": "house", "params": {"steps": "many"}}, 422, "params.steps"),
    ("unknown parameter", {"params": {"magic": 1}}, 422, "params.magic"),
    ("params of a wrong type", {"params": [1]}, 422, "params"),
    ("brief of a wrong type", {"brief": "a fox"}, 422, "brief"),
    ("field of a wrong type", {"brief": {"intent": 7}}, 422, "brief.intent"),
    ("unknown field of the brief", {"brief": {"mood": "blue"}}, 422, "brief.mood"),
    ("empty brief", {"brief": {}}, 422, "brief.intent"),
    ("brief of blanks", {"brief": {"intent": " \n "}}, 422, "brief.intent"),
    ("100 KB of brief", {"brief": {"intent": "x" * 100_000}}, 422, "brief.intent"),
    ("control characters", {"brief": {"intent": "a\x00fox"}}, 422, "brief.intent"),
    ("count 0", {"count": 0}, 422, "count"),
    ("count 1000", {"count": 1000}, 422, "count"),
    ("negative seed", {"seed": -1}, 422, "seed"),
    ("seed beyond JSON's numbers", {"seed": 2**53}, 422, "seed"),
    ("vary without a parent", {"verb": "vary"}, 422, "parents"),
    ("refine without a parent", {"verb": "refine"}, 422, "parents"),
    ("strength that is none", {"strength": "brutal"}, 422, "strength"),
    ("parent that is no id", {"verb": "vary", "parents": [{"revision": "seven"}]}, 422, "parents.0.revision"),
]


@pytest.mark.parametrize(("said", "fields", "status", "field"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_request_is_answered_with_the_field_and_changes_nothing(
    web: TestClient, database: Database, work: str, said: str, fields: dict[str, Any], status: int, field: str
) -> None:
    answer = web.post(f"/works/{work}/generations", json={"brief": BRIEF} | fields)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [one["field"] for one in answer.json()["fields"]]
    assert rows(database) == (0, 0)


def test_a_parent_that_does_not_exist_or_is_anothers_is_not_found(
    web: TestClient, database: Database, work: str, stranger: dict[str, str]
) -> None:
    for id in (NOBODY, stranger["revision"]):
        answer = web.post(f"/works/{work}/generations", json={"verb": "vary", "parents": [{"revision": id}]})
        assert answer.status_code == 404
    assert rows(database)[0] == 0


def test_another_medium_can_only_inspire(web: TestClient, project: str, revision: str) -> None:
    poem = web.post(f"/projects/{project}/works", json={"title": "Poem", "medium": "text"}).json()["id"]
    answer = web.post(f"/works/{poem}/generations", json={"verb": "vary", "parents": [{"revision": revision}]})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "parents.0.role"


def test_an_engine_of_another_medium_is_refused_by_name(web: TestClient, project: str) -> None:
    tune = web.post(f"/projects/{project}/works", json={"title": "Tune", "medium": "music"}).json()["id"]
    answer = web.post(f"/works/{tune}/generations", json={"brief": BRIEF, "engine": "house"})
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "engine")
    assert "tunes" in answer.json()["fields"][0]["message"]


def test_what_is_not_json_is_answered(web: TestClient, work: str) -> None:
    for body in (b"{", b"\xff\xfe", b'"words"', b"[1]", b"[" * 100_000):
        answer = web.post(f"/works/{work}/generations", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, body[:10]


def test_unknown_ids_and_foreign_ids_are_the_same_to_every_address(web: TestClient, stranger: dict[str, str]) -> None:
    for id in (NOBODY, "not-an-id"):
        for kind in ("projects", "works", "revisions", "generations"):
            assert web.get(f"/{kind}/{id}").status_code == 404
    project, work, revision = stranger["project"], stranger["work"], stranger["revision"]
    asked = [
        web.get(f"/projects/{project}"),
        web.get(f"/projects/{project}/works"),
        web.get(f"/projects/{project}/wall"),
        web.patch(f"/projects/{project}", json={"name": "Mine"}),
        web.post(f"/projects/{project}/trash"),
        web.post(f"/projects/{project}/works", json={"title": "Mine", "medium": "image"}),
        web.get(f"/works/{work}"),
        web.patch(f"/works/{work}", json={"title": "Mine"}),
        web.get(f"/works/{work}/draft"),
        web.put(f"/works/{work}/draft", json={"version": 1}),
        web.get(f"/works/{work}/draft/saves"),
        web.get(f"/works/{work}/lineage"),
        web.get(f"/works/{work}/events"),
        web.get(f"/works/{work}/revisions"),
        web.get(f"/works/{work}/generations"),
        web.post(f"/works/{work}/generations", json={"brief": BRIEF}),
        web.post(f"/works/{work}/imports", files={"file": b"x"}),
        web.get(f"/revisions/{revision}"),
        web.get(f"/revisions/{revision}/content"),
        web.get(f"/revisions/{revision}/download"),
        web.post(f"/revisions/{revision}/pick"),
        web.get(f"/revisions/{revision}/diff/{revision}"),
    ]
    assert [answer.status_code for answer in asked] == [404] * len(asked)


def test_the_same_idempotency_key_is_the_same_generation_and_another_body_is_a_conflict(
    web: TestClient, database: Database, work: str
) -> None:
    headers = {"Idempotency-Key": "once"}
    first = web.post(f"/works/{work}/generations", json={"brief": BRIEF}, headers=headers)
    again = web.post(f"/works/{work}/generations", json={"brief": BRIEF}, headers=headers)
    other = web.post(f"/works/{work}/generations", json={"brief": {"intent": "a blue fox"}}, headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 409)
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["location"] == f"/generations/{first.json()['id']}"
    assert rows(database)[0] == 1


def test_a_full_queue_says_when_to_come_back(web: TestClient, work: str) -> None:
    web.app.state.studio.settings.queue_limit = 1  # type: ignore[attr-defined]  # the application behind the client
    assert web.post(f"/works/{work}/generations", json={"brief": BRIEF}).status_code == 202
    answer = web.post(f"/works/{work}/generations", json={"brief": BRIEF})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = (60_000).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
UPLOADS = [
    ("text", b"this is not a picture", 415),
    ("empty", b"", 415),
    ("html", b"<!doctype html><script>alert(1)</script>", 415),
    ("svg", SVG, 415),
    ("pdf", b"%PDF-1.7", 415),
    ("decompression bomb", bomb(), 413),
]


@pytest.mark.parametrize(("said", "data", "status"), UPLOADS, ids=[row[0] for row in UPLOADS])
def test_what_is_not_a_picture_stays_outside(
    web: TestClient, database: Database, work: str, said: str, data: bytes, status: int
) -> None:
    answer = web.post(f"/works/{work}/imports", files={"file": ("fox.png", data, "image/png")})
    assert answer.status_code == status, answer.text
    assert rows(database) == (0, 0)
    store = web.app.state.studio.settings.data / "store"  # type: ignore[attr-defined]  # as above
    assert [path.name for path in store.rglob("*")] == ["identity"]


def test_a_picture_cut_short_stays_outside(web: TestClient, work: str, picture: Callable[..., bytes]) -> None:
    whole = picture(size=(640, 480))
    for data in (whole[:-40], whole[: len(whole) // 2], whole[:30]):
        assert web.post(f"/works/{work}/imports", files={"file": ("fox.png", data)}).status_code == 415


def test_a_file_of_200_mb_is_refused_before_it_is_read(web: TestClient, work: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(200 * 2**20)}
    assert web.post(f"/works/{work}/imports", content=b"--x", headers=headers).status_code == 413


def test_a_body_without_a_length_is_counted_as_it_comes(web: TestClient, work: str) -> None:
    def endless() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="f.png"\r\n\r\n'
        for _ in range(40):
            yield b"x" * 2**20

    answer = web.post(f"/works/{work}/imports", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 413


def test_an_import_without_a_file_says_which_field(web: TestClient, work: str) -> None:
    answer = web.post(f"/works/{work}/imports", files={"picture": b"x"})
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "file")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    ],
)
def test_pages_of_other_origins_change_nothing(web: TestClient, database: Database, work: str, headers: dict[str, str]) -> None:
    answer = web.post(f"/works/{work}/generations", json={"brief": BRIEF}, headers=headers)
    assert answer.status_code == 403
    assert rows(database)[0] == 0


def test_our_own_pages_and_programs_pass(web: TestClient, work: str) -> None:
    for headers in ({"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {}):
        assert web.post(f"/works/{work}/generations", json={"brief": BRIEF}, headers=headers).status_code == 202


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", ""])
def test_other_host_names_are_not_answered(web: TestClient, host: str) -> None:
    answer = web.get("/projects", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_person_reads_words_where_a_program_reads_a_problem(web: TestClient, work: str) -> None:
    page = web.get(f"/works/{NOBODY}", headers={"Accept": "text/html"})
    assert (page.status_code, "There is nothing here." in page.text) == (404, True)
    chinese = web.get(f"/works/{NOBODY}", headers={"Accept": "text/html", "Accept-Language": "zh-CN"})
    assert 'lang="zh-Hans"' in chinese.text
    toast = web.post(f"/works/{work}/generations", data={"count": "0"}, headers={"HX-Request": "true"})
    assert toast.status_code == 422
    assert toast.headers["hx-retarget"] == "#problem"


def test_a_form_and_json_say_the_same(web: TestClient, work: str) -> None:
    form = {
        "verb": "create",
        "brief.intent": "a fox",
        "brief.materials": "dusk\r\nswell",
        "engine": "house",
        "params.steps": "7",
        "count": "2",
        "seed": "",
    }
    made = web.post(f"/works/{work}/generations", data=form)
    assert made.status_code == 202, made.text
    assert made.json()["brief"]["materials"] == ["dusk", "swell"]
    assert (made.json()["params"]["steps"], made.json()["count"]) == (7, 2)


def test_a_form_has_four_hundred_fields_at_most_and_any_script(web: TestClient) -> None:
    crowded = "&".join(f"f{number}=x" for number in range(401))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = web.post("/projects", content=crowded, headers=kind)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert web.post("/projects", data={"name": "海岸 & côte + 1%"}).json()["name"] == "海岸 & côte + 1%"
    assert web.post("/projects", content="name=a+b%20c&=&x", headers=kind).json()["name"] == "a b c"


def test_downloads_of_bytes_are_never_markup(web: TestClient, revision: str) -> None:
    answer = web.get(f"/revisions/{revision}/content")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    json.dumps(answer.headers.multi_items())
    assert io.BytesIO(answer.content).read(4) == b"\x89PNG"
