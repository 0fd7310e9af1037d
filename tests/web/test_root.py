"""A studio below a path (STEMMA_ROOT): no page, no answer, no header and no script names an address outside it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app.errors import StemmaError
from app.models import Generation
from app.settings import ROOT, Settings
from app.storage.db import Database
from app.web.deps import Asker, Transactions
from app.web.main import create_app
from app.web.root import LEADING, Root
from app.web.routes.events import _draw
from tests.attacks.rooms import FLAVOURS, Room, addresses, furnish, routes

BELOW = "/studios/stemma"
NO_ADDRESSES = {"data-root", "data-shortcut", "aria-keyshortcuts", "value", "placeholder", "content", "d"}  # keys, words
SLOW = re.compile(r"/events$|as=(wav|flac|mp3|png)")
WRITTEN = re.compile(r"""["'`](/[a-z$][^"'`\s]*)""")  # an address in a script


@pytest.fixture(scope="module")
def room(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A furnished studio below BELOW, whose proxy strips the path."""
    folder = tmp_path_factory.mktemp("below") / "data"
    shutil.copytree(migrated, folder)
    config = Settings(data=folder, fake_engines=True, log_level="CRITICAL", root=BELOW)
    database = Database(config)
    with TestClient(create_app(config), base_url="http://localhost", headers={"accept": "application/json"}) as web:
        web.follow_redirects = False
        yield furnish(web, database)
    database.close()


class Outside(HTMLParser):
    """Collects what attributes and inline JSON of a page name outside the path."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = 0
        self._json = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Every attribute, whatever it is called: a script may read it as an address."""
        self._json = tag == "script" and ("type", "application/json") in attrs
        for name, value in attrs:
            for one in (value or "").split(",") if name == "srcset" else [value or ""]:
                if one.strip().startswith("/") and name not in NO_ADDRESSES:
                    self.inside += within(one.strip())
                    self.found += [] if within(one.strip()) else [f'<{tag} {name}="{one}">']

    def handle_data(self, data: str) -> None:
        """What a script reads."""
        if self._json and data.strip():
            self.found += outside(json.loads(data))


def within(address: str) -> bool:
    return address.startswith(f"{BELOW}/")


def outside(data: Any) -> list[str]:
    """The addresses in JSON that leave the path; the interface's own description tells paths below its server."""
    if isinstance(data, dict):
        if "openapi" in data:
            assert data["servers"] == [{"url": BELOW}]
            return []
        return [one for value in data.values() for one in outside(value)]
    if isinstance(data, list):
        return [one for value in data for one in outside(value)]
    if isinstance(data, str) and data.lstrip().startswith("<"):
        return Outside(data).found
    return [data] if isinstance(data, str) and re.match(r"/\w", data) and not within(data) else []


@pytest.mark.slow
def test_no_answer_leads_out_of_the_path(room: Room) -> None:
    wrong, pages, inside = [], 0, 0
    for route in routes(room, "GET"):
        for address in addresses(room, route):
            if SLOW.search(address):
                continue
            for flavour, headers in FLAVOURS.items():
                answer = room.web.get(address, headers=headers)
                where = f"{flavour} {address}"
                wrong += [f"{where}: {name}" for name in LEADING if name in answer.headers and not within(answer.headers[name])]
                kind = answer.headers.get("content-type", "")
                if kind.startswith("text/html"):
                    page = Outside(answer.text)
                    wrong += [f"{where}: {one}" for one in page.found]
                    pages, inside = pages + 1, inside + page.inside
                elif "json" in kind:
                    wrong += [f"{where}: {one}" for one in outside(answer.json())]
    assert sorted({re.sub(r"[0-9a-f-]{36}", "ID", one) for one in wrong}) == []
    assert pages > 50  # the crawl saw pages, and addresses on them
    assert inside > 1000


def test_what_streams_carry_stays_below_the_path(room: Room) -> None:
    parts = room.web.app.state.studio  # type: ignore[attr-defined]  # the application behind the client
    with parts.database.reading() as session:
        asking = Transactions(parts.database, "test", writes=False, asker=Asker(accounts=False, token=None))
        drawn = [_draw(parts, asking, one.id, "en") for one in session.query(Generation)]
    assert [one for html in drawn for one in Outside(html).found] == []
    assert sum(Outside(html).inside for html in drawn) > len(drawn)


def test_a_proxy_may_strip_the_path_or_not(room: Room) -> None:
    for address in ("/projects", f"/works/{room.ids['work'][0]}", "/openapi.json", "/healthz"):
        stripped, kept = (room.web.get(path, headers=FLAVOURS["page"]) for path in (address, BELOW + address))
        assert stripped.status_code == kept.status_code == 200, address
        assert re.sub("[0-9]+", "", stripped.text) == re.sub("[0-9]+", "", kept.text)  # numbers: ages in seconds
    for beginning in (BELOW, f"{BELOW}/", "/"):
        assert room.web.get(beginning).headers["location"] == f"{BELOW}/projects"
    for other in ("/studios", "/studios/stemmata", "/stemma/projects", f"{BELOW}{BELOW}/projects"):
        assert room.web.get(other).status_code == 404, other


def test_static_files_and_methods_are_found_below_the_path(room: Room) -> None:
    page = room.web.get("/projects", headers=FLAVOURS["page"]).text
    files = re.findall(rf'(?:href|src)="({BELOW}/static/[^"]+)"', page)
    assert len(files) > 10
    for file in files:
        assert room.web.get(file).status_code == room.web.get(file.removeprefix(BELOW)).status_code == 200
    missing = room.web.get(f"{BELOW}/static/none.css", headers=FLAVOURS["page"])
    assert missing.status_code == 404
    assert Outside(missing.text).found == []
    for path in ("/projects", f"{BELOW}/projects"):
        assert room.web.options(path).headers["allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize("before", ["", BELOW])
def test_what_is_sent_leads_below_the_path(room: Room, before: str) -> None:
    made = room.web.post(f"{before}/projects", json={"name": "Coast"})
    assert within(made.headers["location"])
    form = room.web.post(f"{before}/projects", data={"name": "Coast"}, headers=FLAVOURS["page"])
    assert (form.status_code, within(form.headers["location"])) == (303, True)
    id = made.json()["id"]
    gone = room.web.post(f"{before}/projects/{id}/trash", headers=FLAVOURS["page"])
    assert f"Path={BELOW};" in gone.headers["set-cookie"]
    back = room.web.post(f"{before}/projects/{id}/trash?method=DELETE", data={}, headers=FLAVOURS["htmx"])
    assert within(back.headers.get("hx-redirect", f"{BELOW}/"))
    chosen = {"referer": f"http://localhost{BELOW}/trash?x=1", **FLAVOURS["page"]}
    answer = room.web.post(f"{before}/preferences", data={"theme": "dark"}, headers=chosen)
    assert answer.headers["location"] == f"{BELOW}/trash?x=1"
    refused = room.web.post(f"{before}/projects", json={"name": ""})
    assert refused.json()["instance"] == f"{BELOW}/projects"


def test_every_address_in_a_script_is_put_below_the_path() -> None:
    wrong = []
    for file in sorted((ROOT / "static/js").rglob("*.js")):
        for line in file.read_text("utf-8").splitlines():
            code = "" if re.match(r"\s*(//|/?\*|import|export \{)", line) else line
            bare = [one for one in WRITTEN.finditer(code) if not code[: one.start()].endswith("rooted(")]
            wrong += [f"{file.name}: {one[1]}" for one in bare if not APPENDED.search(code[: one.start()])]
    assert wrong == []


APPENDED = re.compile(r"\$\{[^}]*$|\.replace\(")  # what goes behind an address that is whole


def test_cookies_go_over_https_alone_where_the_page_came_that_way(config: Settings) -> None:
    for base, secure in (("http://localhost", False), ("https://localhost", True)):
        with TestClient(create_app(config), base_url=base) as web:
            cookie = web.post("/preferences", json={"theme": "dark"}).headers["set-cookie"]
        assert cookie.endswith("; Secure") == secure
        assert "Path=/;" in cookie


def test_addresses_of_others_are_left_alone() -> None:
    root = Root(lambda *_: None, BELOW)  # type: ignore[arg-type]  # nothing is asked of it
    for other in ("https://example.org/", "//example.org/x", "?a=1", "", f"{BELOW}/x", BELOW):
        assert root.outside(other) == other
    assert root.outside("/") == f"{BELOW}/"
    assert root.outside(f"{BELOW}s") == f"{BELOW}{BELOW}s"


@pytest.mark.parametrize(
    ("given", "read"), [("", ""), ("/", ""), ("stemma", "/stemma"), ("/stemma/", "/stemma"), ("/a//b/", "/a/b")]
)
def test_the_path_is_read_with_and_without_slashes(given: str, read: str) -> None:
    assert Settings(root=given).root == read


@pytest.mark.parametrize(
    "setting",
    [{"root": one} for one in ("https://a/b", "/a b", "/..", "/a?b", "/ä", "/a%20")]
    + [{"proxy": "studio.lan"}, {"proxy": "*"}],
)
def test_a_path_or_a_proxy_that_cannot_be_is_refused(setting: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**setting)  # type: ignore[arg-type]  # strings, all of them


@pytest.mark.parametrize("root", ["/works", "/static/x", "/openapi.json"])
def test_a_path_that_begins_as_an_address_of_ours_is_a_sentence(config: Settings, root: str) -> None:
    with pytest.raises(StemmaError, match="STEMMA_ROOT"):
        create_app(config.model_copy(update={"root": root}))


@pytest.mark.parametrize("prefix", ["/studios/stemma", "studios/stemma/", "", "/"])
def test_what_the_proxy_says_agrees_with_the_setting(room: Room, prefix: str) -> None:
    said = {"x-forwarded-prefix": prefix, **FLAVOURS["page"]}
    assert room.web.get("/projects", headers=said).status_code == 200
    refused = room.web.get("/projects", headers=said | {"x-forwarded-prefix": "/elsewhere"})
    assert refused.status_code == 421
    assert "STEMMA_ROOT" in refused.text
