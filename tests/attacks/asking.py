"""Asks for the same as a program, as htmx and as a browser."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx2
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.testclient import TestClient

from app.web.pages import VARY

PROGRAM, HTMX, BROWSER = "program", "htmx", "browser"
READERS = {
    PROGRAM: {"Accept": "application/json"},
    HTMX: {"Accept": "text/html", "HX-Request": "true"},
    BROWSER: {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"},
}


def routes(web: TestClient, method: str) -> list[RouteContext]:
    """The routes of the application that take `method`."""
    found = iter_route_contexts(web.app.routes)  # type: ignore[attr-defined]  # the application behind the client
    return [one for one in found if isinstance(one.original_route, APIRoute) and method in (one.methods or ())]


def name(route: RouteContext) -> str:
    """The route's operation id, whether it is described or not."""
    assert route.endpoint is not None
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.endpoint.__name__}"


def ask(web: TestClient, path: str, who: str, method: str = "GET", language: str = "en", **more: Any) -> httpx2.Response:
    """One answer, without going where it leads."""
    headers = READERS[who] | {"Accept-Language": language} | more.pop("headers", {})
    return web.request(method, path, headers=headers, follow_redirects=False, **more)


def kind(answer: httpx2.Response) -> str:
    """The media type of an answer."""
    return str(answer.headers.get("content-type", "")).split(";")[0]


def title(answer: httpx2.Response) -> str:
    """What a person reads first of an error: of problem+json, of a toast, of a page."""
    if kind(answer) == "application/problem+json":
        problem = answer.json()
        assert problem["status"] == answer.status_code
        return str(problem["title"])
    assert kind(answer) == "text/html", answer.text[:200]
    found = re.search(r"<h1>(.*?)</h1>" if "<html" in answer.text else r"<strong>(.*?)</strong>", answer.text, re.DOTALL)
    assert found, answer.text
    return unescape(found[1])


def same_error(answers: dict[str, httpx2.Response]) -> None:
    """An error's status and words do not depend on who reads it."""
    said = {who: (answer.status_code, title(answer)) for who, answer in answers.items()}
    assert len(set(said.values())) == 1, said
    assert kind(answers[PROGRAM]) == "application/problem+json"
    assert "<html" in answers[BROWSER].text
    assert "<html" not in answers[HTMX].text
    assert answers[HTMX].headers["HX-Retarget"] == "#problem"
    for answer in answers.values():
        assert VARY["Vary"] == answer.headers["vary"]
