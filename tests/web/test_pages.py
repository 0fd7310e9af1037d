"""Every page, in both languages, empty and full: it renders, keeps the policy it is sent with, and its forms are understood."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from app.models import Generation
from app.settings import Settings
from app.storage.db import Database
from app.web.scripts import static
from tests.hands import hands

HTML = {"Accept": "text/html"}


class Page(HTMLParser):
    """What a page holds that its policy forbids, and what it leads to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.language = ""
        self.ids: list[str] = []
        self.templates = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang") or ""
        inert = given.get("type") in {"application/json", "importmap", "speculationrules"}
        if tag == "style" or (tag == "script" and "src" not in given and not inert):
            self.forbidden.append(f"<{tag}> without src")
        for name, value in attrs:
            outside = name in {"src", "srcset", "action", "formaction", "poster"} and "//" in (value or "")
            inline = (
                name == "style" or name.startswith(("on", "hx-on")) or (value or "").strip().lower().startswith("javascript:")
            )
            if inline or outside:
                self.forbidden.append(f"<{tag} {name}={value!r}>")
        if given.get("id") and not self.templates:  # what a <template> holds is no part of the document (HTML, 4.12.3)
            self.ids.append(str(given["id"]))
        self.templates += tag == "template"

    def handle_endtag(self, tag: str) -> None:
        self.templates -= tag == "template"


class Forms(HTMLParser):
    """The forms of a page that a browser sends by itself, each with what it sends; what only a script shows is left out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sent: dict[str, tuple[str, list[tuple[str, str]]]] = {}  # by id or number: where it goes, fields
        self.form, self.select, self.first, self.unsent = "", "", False, 0
        self.unseen: list[str] = []  # the tags that are open from the one on that only a script shows
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        shut = tag == "template" or (tag == "dialog" and "open" not in given) or ("hidden" in given and tag != "fieldset")
        if self.unseen or (shut and tag != "input"):
            self.unseen += [tag] if not self.unseen or tag == self.unseen[0] else []
            return
        self.unsent += tag == "fieldset" and ("disabled" in given or self.unsent > 0)
        if tag == "form" and given.get("method", "").lower() == "post" and "multipart" not in given.get("enctype", ""):
            self.form = given.get("id") or f"number {len(self.sent)}"
            self.sent[self.form] = (given["action"], [])
        if given.get("form", self.form) in self.sent and "disabled" not in given and not self.unsent:
            self._control(tag, given, self.sent[given.get("form", self.form)][1])

    def _control(self, tag: str, given: dict[str, str], fields: list[tuple[str, str]]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "option" and self.select and ("selected" in given or self.first):
            fields[-1], self.first = (self.select, value), False
        if tag == "select":
            self.select, self.first = name, True
        checked = given.get("type") not in {"checkbox", "radio"} or "checked" in given
        first = tag == "button" and not any(named == name for named, _value in fields)  # of buttons, the first is pressed
        if name and (first or tag == "select" or (tag in {"input", "textarea"} and checked)):
            fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if self.unseen:
            self.unseen = self.unseen[tag == self.unseen[0] :]
            return
        self.form = "" if tag == "form" else self.form
        self.select = "" if tag == "select" else self.select
        self.unsent -= tag == "fieldset" and self.unsent > 0


@pytest.fixture
def full(
    web: TestClient,
    config: Settings,
    database: Database,
    project: str,
    work: str,
    revision: str,
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:
    """A studio with everything in it: made, failed, cancelled and waiting; the addresses of its pages."""
    worker, _told = hands(config, monkeypatch)
    hostile = {"intent": '<script>alert("x")</script> 100% %(a)s', "style": "</textarea><b>", "materials": ["'\"&"]}
    web.put(f"/works/{work}/draft", json={"version": 1, "brief": hostile})
    web.put(f"/works/{work}/draft", json={"version": 2, "brief": {"intent": "a fox"}, "keep": True, "base": revision})
    ids = []
    for engine in ("fake-slow", "fake-broken", "fake-garbage", "fake-slow", "fake-slow"):
        body = {"brief": hostile, "engine": engine, "params": {"steps": 2, "seconds": 0.0}, "count": 2}
        ids.append(web.post(f"/works/{work}/generations", json=body).json()["id"])
    for id in ids[:3]:
        worker.make(id)
    web.post(f"/generations/{ids[3]}/cancellation")
    varied = {"verb": "vary", "parents": [{"revision": revision}], "brief": {"intent": "a fox"}, "engine": "fake-slow"}
    child = web.post(f"/works/{work}/generations", json=varied | {"params": {"steps": 1, "seconds": 0.0}}).json()["id"]
    worker.make(child)
    with database.reading() as session:
        made = session.get_one(Generation, UUID(child)).variants[0].id
    web.post(f"/revisions/{made}/pick")
    gone = web.post(f"/projects/{project}/works", json={"title": "Gone", "medium": "image"}).json()["id"]
    web.post(f"/works/{gone}/trash")
    poem = web.post(f"/projects/{project}/works", json={"title": "Poem", "medium": "text"}).json()["id"]
    tune = web.post(f"/projects/{project}/works", json={"title": "Reel", "medium": "music"}).json()["id"]
    return [
        f"/projects/{project}",
        f"/projects/{project}?q=fox&medium=image",
        f"/works/{work}",
        f"/works/{gone}",
        f"/works/{poem}",
        f"/works/{tune}",
        f"/works/{work}/lineage",
        f"/works/{poem}/lineage",
        f"/works/{work}/draft/saves",
        f"/revisions/{revision}",
        f"/revisions/{made}",
        f"/revisions/{revision}/diff/{made}",
        f"/revisions/{made}/diff",
    ]


ALWAYS = ["/projects", "/trash", "/engine-room", "/about", "/docs", f"/works/{uuid4()}", "/nowhere"]


def check(web: TestClient, path: str, language: str) -> None:
    """The page renders in `language` and holds nothing that its policy forbids."""
    answer = web.get(path, headers=HTML | {"Accept-Language": language})
    assert answer.status_code == (404 if path in ALWAYS[-2:] else 200), path
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert {"Accept", "HX-Request"} <= {part.strip() for part in answer.headers["vary"].split(",")}
    page = Page(answer.text)
    assert page.forbidden == [], path
    assert len(page.ids) == len(set(page.ids)), f"{path}: {sorted(id for id in page.ids if page.ids.count(id) > 1)}"
    if page.language:
        assert page.language == {"en": "en", "zh": "zh-Hans"}[language]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_empty_studio(web: TestClient, language: str) -> None:
    for path in ALWAYS:
        check(web, path, language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_empty_project_and_work(web: TestClient, work: str, project: str, language: str) -> None:
    for path in (f"/projects/{project}", f"/works/{work}", f"/works/{work}/lineage"):
        check(web, path, language)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.slow
def test_a_full_studio(web: TestClient, full: list[str], language: str) -> None:
    for path in [*ALWAYS, *full]:
        check(web, path, language)
        assert '<script>alert("x")</script>' not in web.get(path, headers=HTML).text


def test_htmx_gets_parts_that_keep_the_policy_too(web: TestClient, full: list[str], work: str) -> None:
    id = web.get("/generations").json()["items"][0]["id"]
    for path in (
        f"/generations/{id}",
        f"/works/{work}/generations",
        f"/works/{work}/draft",
        f"/works/{work}/draft/saves",
        "/engine-room",
    ):
        answer = web.get(path, headers={"HX-Request": "true"})
        assert answer.status_code == 200, path
        assert "<html" not in answer.text
        assert Page(answer.text).forbidden == [], path


def test_every_answer_carries_the_policy_errors_included(web: TestClient, work: str) -> None:
    answers = [
        web.get("/healthz"),
        web.get("/nowhere"),
        web.post("/healthz"),
        web.get("/projects", headers={"Host": "evil.example"}),
        web.post("/projects", json={"name": "x"}, headers={"Origin": "https://evil.example"}),
        web.post("/projects", json={}),
        web.get(f"/works/{work}"),
        web.get("/static/none/x.css"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 405, 421, 403, 422, 200, 404]
    for answer in answers[:3] + answers[5:]:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


def test_an_error_nobody_foresaw_is_a_page_too(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr("app.models.project.Projects.page", broken)
    page = web.get("/projects", headers=HTML)
    assert page.status_code == 500
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "secret detail" not in page.text
    assert web.get("/projects").json()["code"] == "error"


def test_static_files_are_kept_for_ever_under_their_digest(web: TestClient) -> None:
    answer = web.get(static("css/base.css"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]


def test_the_language_is_the_first_we_speak(web: TestClient) -> None:
    for accepted, language in (("fr, zh-TW;q=0.8, en;q=0.5", "zh-Hans"), ("fr", "en"), ("", "en"), ("EN-gb", "en")):
        assert Page(web.get("/projects", headers=HTML | {"Accept-Language": accepted}).text).language == language


def test_a_form_sent_before_the_scripts_ran_is_understood(web: TestClient, full: list[str]) -> None:
    """A finger is often quicker than a script over a slow line: what the browser then sends by itself is read as well."""
    forms = {
        sent[0]: (path, sent[1])
        for path in [*ALWAYS[:4], *full]
        for sent in Forms(web.get(path, headers=HTML).text).sent.values()
    }
    assert len([action for action in forms if action.endswith("/generations")]) == 4
    refused = []
    for action, (path, fields) in sorted(forms.items(), key=lambda form: "trash" in form[0]):
        words = [(name, "a fox" if name in {"brief.intent", "body"} else value) for name, value in fields]
        body = urlencode(words)
        headers = HTML | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = web.post(action, content=body, headers=headers, follow_redirects=False)
        if answer.status_code not in {200, 303, 409}:  # what is in the trash is restored first
            refused.append((path, action, answer.status_code, words, re.sub(r"\s+", " ", answer.text)[-400:]))
    assert refused == []
