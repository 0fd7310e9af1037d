"""What a program, htmx and a browser get from an address is the same, whatever headers they send; HEAD and OPTIONS too.

The routes are walked as the application has them: a new one is asked too, and one whose address nobody here can fill fails.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx2
import pytest
from fastapi.routing import RouteContext
from fastapi.testclient import TestClient

from app.settings import Settings
from app.storage.db import Database
from app.web.pages import VARY
from tests.attacks.asking import BROWSER, HTMX, PROGRAM, READERS, ask, kind, name, routes, same_error
from tests.attacks.atelier import Atelier, full
from tests.hands import hands

pytestmark = pytest.mark.timeout(1200)  # a thousand requests and more

# Who is answered, by an Accept header alone.
ACCEPTS = {
    "": PROGRAM,
    "*/*": PROGRAM,
    "application/json": PROGRAM,
    "application/problem+json": PROGRAM,
    "image/avif,image/webp,image/*,*/*;q=0.8": PROGRAM,
    "application/json, text/html;q=0.5": PROGRAM,
    "text/html;q=0, */*": PROGRAM,
    "application/json, text/html": PROGRAM,
    ";;;q=,,/*/;q=nan,text/html;q=0.0": PROGRAM,
    "x" * 10_000: PROGRAM,
    "text/html": BROWSER,
    "TEXT/HTML;level=1;q=0.5, application/json;q=0.4": BROWSER,
    "text/*, application/json;q=0.9": BROWSER,
    "text/html, " * 900 + "*/*": BROWSER,
}
ASKED_BY_HTMX = (None, "true", "garbage")
RESTORED = (None, "true", "garbage")
LANGUAGES = ("", "zh-CN", "en;q=0.1, zh;q=0.9", "q=,;;,*", "z" * 10_000)
COOKIES = (
    "",
    "stemma_language=zh; stemma_theme=dark; stemma_keys=off",
    "stemma_language=xx; stemma_theme=<b>; stemma_keys=",
    "=;;=%00",
)

# Addresses that give the same to everyone: bytes, streams, ways to elsewhere, and JSON of which there is no page.
FOR_ALL = {
    *("projects_home", "diffs_choose", "about_docs"),
    *("projects_works_of", "revisions_index", "generations_index", "prosody_index", "texts_tokens", "texts_reading"),
    *("revisions_content", "downloads_download", "music_files_waveform", "lineage_thumbnails"),
    *("probes_content", "masks_content", "styles_samples", "archives_show", "preset_files_show"),
    *("acts_record_of", "health_healthz", "health_readyz", "health_metrics", "events_of_work", "events_of_generation"),
}
QUERIES = {
    "/projects": ["limit=1"],
    "/projects/{id}": ["q=fox&medium=image", "at=1"],
    "/projects/{id}/wall": ["at=1&limit=2"],
    "/projects/{id}/works": ["q=fox", "limit=1"],
    "/generations": ["status=done&status=failed", "limit=1"],
    "/generations/{id}": ["order=fit"],
    "/works/{id}/generations": ["limit=1"],
    "/works/{id}/revisions": ["limit=1", "cursor=2"],
    "/works/{id}/lineage": ["as=layout", "as=layout&fold=1&unfolded=1,2", "pane=1", "at=1", "cursor=3", "at=999"],
    "/works/{id}/loom": ["at=1", "pane=1", "at=999"],
    "/revisions/{a}/diff/{b}": ["view=side&ink=1", "view=changes"],
    "/revisions/{id}/diff": ["number=1", "number=999"],
    "/revisions/{id}/content": ["w=64", "w=63", "as=md", "as=abc"],
    "/revisions/{id}/download": ["as=png", "as=json", "as=epub", "as=midi", "as=nothing"],
    "/drawings": ["q=fox&limit=2", "q=nothing", "of={revisions}"],
    "/search": ["q=fox", "q=gulls", "like={revisions}", "probe={probes}", "project={projects}&q=a"],
    "/trash": ["cursor={works}"],
    "/projects/{id}/acts": ["limit=1", "cursor={works}"],
    "/works/{id}/acts": ["limit=1", "cursor={works}"],
}


SAID = ("content-type", "vary", "cache-control", "etag", "location", "accept-ranges", "content-disposition")


@pytest.fixture
def atelier(web: TestClient, database: Database, config: Settings, monkeypatch: pytest.MonkeyPatch) -> Atelier:
    worker, _told = hands(config, monkeypatch)
    return full(web, database, worker)


def filled(route: RouteContext, ids: dict[str, list[str]]) -> list[str]:
    """The path of a route for every thing that it may be about."""
    path = str(route.path_format)
    known = ids.get(path.split("/")[1], [])
    names = re.findall(r"{(\w+)}", path)
    ways: dict[tuple[str, ...], list[tuple[Any, ...]]] = {
        (): [()],
        ("id",): [(id,) for id in known],
        ("a", "b"): list(itertools.pairwise(known)),
        ("id", "number"): [(id, 0) for id in known],
        ("id", "save"): [tuple(one.split()) for one in ids["saves"]],  # a work and one of its saves
    }
    assert ways.get(tuple(names)), f"nobody here knows what to put into {path}: teach `filled` or the atelier"
    return [path.format(**dict(zip(names, values, strict=True))) for values in ways[tuple(names)]]


def addresses(route: RouteContext, atelier: Atelier) -> Iterator[str]:
    """Every path of a route, plain and with queries (those of the last of a few things that differ)."""
    paths = filled(route, atelier.ids)
    latest = {noun: ids[-1] for noun, ids in atelier.ids.items()}
    yield from paths
    for query in QUERIES.get(str(route.path_format), []):
        yield from (f"{path}?{query.format(**latest)}" for path in paths[:: max(1, len(paths) // 6)])


def facts(data: Any) -> Iterator[str]:
    """What names things in JSON: ids, titles, names and numbers of what a list or an answer is about."""
    items = data["items"] if isinstance(data, dict) and "items" in data else [data]
    for item in items:
        yield from (str(item[key]) for key in ("id", "title", "name", "number") if isinstance(item.get(key), (str, int)))


def same_facts(program: httpx2.Response, shown: httpx2.Response, path: str) -> None:
    """What names things in JSON is to be read in HTML too."""
    words = unescape(shown.text)
    missing = [fact for fact in facts(program.json()) if fact not in words]
    assert not missing, f"{path}: {missing}"


def same_for_all(web: TestClient, route: RouteContext, path: str, answers: dict[str, httpx2.Response]) -> None:
    """Bytes, streams and JSON of which there is no page come to everyone alike, and say so when they follow the language."""
    if name(route) == "about_docs":  # drawn for a person, openapi.json for a program
        return
    kinds = {(answer.status_code, kind(answer)) for answer in answers.values()}
    assert len(kinds) == 1, f"{path}: {kinds}"
    if kind(answers[PROGRAM]) == "application/json":
        other = ask(web, path, PROGRAM, language="zh")
        assert other.text == answers[PROGRAM].text or "Accept-Language" in other.headers.get("vary", ""), path


def agree(web: TestClient, route: RouteContext, path: str) -> None:
    """The three answers of an address say the same."""
    answers = {who: ask(web, path, who) for who in READERS}
    program, browser, htmx = answers[PROGRAM], answers[BROWSER], answers[HTMX]
    said = {who: answer.status_code for who, answer in answers.items()}
    assert max(said.values()) < 500, (path, said)
    if program.status_code >= 400:
        same_error(answers)
        same_error({who: ask(web, path, who, language="zh") for who in READERS})
        return
    if name(route) in FOR_ALL or "as=layout" in path:
        same_for_all(web, route, path, answers)
        return
    assert kind(program) == "application/json", path
    if browser.status_code == 303:
        assert htmx.headers.get("HX-Redirect") == browser.headers["location"] or kind(htmx) == "text/html"
        browser = ask(web, browser.headers["location"], BROWSER)
    assert (browser.status_code, kind(browser)) == (200, "text/html"), path
    assert "<html" in browser.text, f"{path}: a browser gets a part of a page"
    assert htmx.status_code == 200, path
    for answer in answers.values():
        assert VARY["Vary"] == answer.headers["vary"], path
    if answers[BROWSER].status_code == 200 or kind(htmx) != "text/html":
        same_facts(program, browser, path)
    if kind(htmx) == "text/html":  # a part of a page holds all that its JSON holds, the page that it is a part of may not
        same_facts(program, htmx, path)
    for who in (HTMX, BROWSER):
        assert ask(web, path, who, language="zh").status_code == answers[who].status_code, path


def test_every_address_says_the_same_to_everyone(web: TestClient, atelier: Atelier) -> None:
    asked, wrong = 0, []
    for route in routes(web, "GET"):
        if name(route).startswith("events_"):
            continue  # streams: asked by HEAD below, followed in tests/routes/test_events.py
        for path in addresses(route, atelier):
            asked += 1
            try:
                agree(web, route, path)
            except AssertionError as error:
                wrong.append(f"{name(route)} {str(error)[:300]}")
    print(f"{asked} addresses")
    assert not wrong, "\n".join(wrong)


def wanted(accept: str, htmx: str | None, restored: str | None) -> str:
    """Who must be answered: htmx says who it is, and needs a page when it restores one; else the Accept header tells."""
    if htmx == "true":
        return BROWSER if restored == "true" else HTMX
    return ACCEPTS[accept]


def combinations() -> Iterator[tuple[str, dict[str, str]]]:
    """Every Accept with every pair of htmx's headers; languages and cookies take turns. With who must be answered."""
    languages, cookies = itertools.cycle(LANGUAGES), itertools.cycle(COOKIES)
    for accept, htmx, restored in itertools.product(ACCEPTS, ASKED_BY_HTMX, RESTORED):
        language, cookie = next(languages), next(cookies)
        headers = {"Accept": accept, "HX-Request": htmx, "HX-History-Restore-Request": restored}
        headers |= {"Accept-Language": language or None, "Cookie": cookie or None}
        yield wanted(accept, htmx, restored), {key: value for key, value in headers.items() if value is not None}


def test_no_headers_make_another_kind_of_answer(web: TestClient, atelier: Atelier) -> None:
    for route in routes(web, "GET"):
        if name(route) in FOR_ALL:
            continue
        path = filled(route, atelier.ids)[0]
        plain = {who: ask(web, path, who) for who in READERS}
        for who, headers in combinations():
            answer = web.get(path, headers=headers, follow_redirects=False)
            said = f"{path} { ({key: value[:60] for key, value in headers.items()}) }"
            assert (answer.status_code, kind(answer)) == (plain[who].status_code, kind(plain[who])), said
            assert ("<html" in answer.text) == ("<html" in plain[who].text), said
            assert answer.headers.get("hx-redirect") == plain[who].headers.get("hx-redirect"), said


@pytest.mark.parametrize("path", ["/projects", "/works/{id}", "/revisions/{id}", "/nowhere"])
def test_the_language_that_is_liked_best_is_spoken(web: TestClient, atelier: Atelier, path: str) -> None:
    noun = path.split("/")[1]
    where = path.format(id=atelier.ids[noun][0]) if "{" in path else path
    wishes = {"": "en", "zh-CN": "zh-Hans", "en;q=0.1, zh;q=0.9": "zh-Hans", "fr, zh;q=0, en;q=0.1": "en", "q=,;;,*": "en"}
    for wish, language in wishes.items():
        page = web.get(where, headers=READERS[BROWSER] | {"Accept-Language": wish})
        assert f'<html lang="{language}"' in page.text, (where, wish)


def test_head_is_answered_as_get_without_its_content(web: TestClient, atelier: Atelier) -> None:
    for route in routes(web, "GET"):
        for path in filled(route, atelier.ids)[:2]:
            for who in READERS:
                head = ask(web, path, who, "HEAD")
                assert head.content == b"", path
                if name(route).startswith("events_"):
                    assert (head.status_code, kind(head)) == (200, "text/event-stream"), path
                    continue
                get = ask(web, path, who)
                assert head.status_code == get.status_code, path
                for header in SAID:
                    assert head.headers.get(header) == get.headers.get(header), (path, header)


def test_options_and_405_name_every_method_of_an_address(web: TestClient, atelier: Atelier) -> None:
    paths: dict[str, set[str]] = {}
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for route in routes(web, method):
            paths.setdefault(filled(route, atelier.ids)[0], set()).add(method)
    for path, methods in paths.items():
        allowed = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        asked = web.options(path)
        assert (asked.status_code, asked.content) == (204, b""), path
        assert set(asked.headers["allow"].split(", ")) == allowed, path
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - methods:
            answers = {who: ask(web, path, who, method) for who in READERS}
            same_error(answers)
            assert answers[PROGRAM].status_code == 405, (method, path)
            assert set(answers[BROWSER].headers["allow"].split(", ")) == allowed, (method, path)
    assert web.options("/nowhere").status_code == 404
