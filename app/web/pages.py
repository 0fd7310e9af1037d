"""Who asks, and `answer()`: HTML for a browser, JSON for a program, a partial for htmx."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from app.web.done import COOKIE, Done, remembered
from app.web.root import root_of
from app.web.templates import LANGUAGES, render

VARY = {"Vary": "Accept, HX-Request, HX-History-Restore-Request, Accept-Language, Cookie"}
_WEIGHT = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")  # RFC 9110, 12.4.2


class Reader(StrEnum):
    """Who reads the answer: a program gets JSON, htmx a partial, a browser a page."""

    PROGRAM = "program"
    HTMX = "htmx"
    BROWSER = "browser"


def language_of(request: Request) -> str:
    """The reader's language: what they chose, else of those that we speak the one that their browser puts first."""
    chosen = request.cookies.get("stemma_language", "")
    if chosen in LANGUAGES:
        return chosen
    wished = [(name.split("-")[0], weight) for name, weight in _weighed(request, "accept-language")]
    spoken = [(name, weight) for name, weight in wished if name in LANGUAGES and weight > 0]
    return max(spoken, key=lambda one: one[1])[0] if spoken else "en"  # of equals the one named first


def _weighed(request: Request, header: str) -> Iterator[tuple[str, float]]:
    """The entries of an Accept header in lower case, each with its weight from 0 to 1; one that cannot be read is 1."""
    for entry in ",".join(request.headers.getlist(header)).lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        told = next((found for one in parameters if (found := _WEIGHT.fullmatch(one))), None)
        yield name, float(told[1]) if told else 1.0


def reader(request: Request) -> Reader:
    """Who asks. The only place that looks at the headers which tell it; `VARY` names them.

    htmx says so itself; when it restores a page that its history has lost, it needs the whole page. A browser likes HTML
    better than JSON, and names it; who takes anything is a program.
    """
    if request.headers.get("hx-request") == "true":
        return Reader.BROWSER if request.headers.get("hx-history-restore-request") == "true" else Reader.HTMX
    accepted = list(_weighed(request, "accept"))
    html = _liking(accepted, "text/html")
    json_ = max(_liking(accepted, "application/json"), _liking(accepted, "application/problem+json"))
    return Reader.BROWSER if html[0] > 0 and html > json_ else Reader.PROGRAM


def _liking(accepted: list[tuple[str, float]], kind: str) -> tuple[float, int, int]:
    """How well a media type is liked, to be compared: its weight, how exactly it is named, how early (RFC 9110, 12.5.1)."""
    ranges = ["*/*", f"{kind.split('/', maxsplit=1)[0]}/*", kind]
    named = [(ranges.index(name), -place, weight) for place, (name, weight) in enumerate(accepted) if name in ranges]
    exactness, place, weight = max(named, default=(-1, 0, 0.0))
    return weight, exactness, place


def wants_html(request: Request) -> bool:
    """True for a browser or htmx; a program gets JSON."""
    return reader(request) is not Reader.PROGRAM


def is_htmx(request: Request) -> bool:
    """True when htmx asks for a partial."""
    return reader(request) is Reader.HTMX


def page(
    request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, /, **context: Any
) -> HTMLResponse:
    """A page or partial in the reader's language, with what every page knows."""
    theme = request.cookies.get("stemma_theme", "auto")
    done = None if is_htmx(request) else remembered(request)  # a partial leaves it to the page
    shared = {
        "request": request,
        "done": done,
        "theme": theme if theme in {"light", "dark"} else "auto",
        "me": getattr(request.state, "me", None),  # who is signed in, in a studio with accounts
        "keys": "off" if request.cookies.get("stemma_keys") == "off" else "on",
    }
    text = render(template, language_of(request), root_of(request), **shared, **context)
    answered = HTMLResponse(text, status, {**VARY, "Cache-Control": "no-store", **(headers or {})})
    if done is not None:
        answered.delete_cookie(COOKIE, path="/")  # once is enough
    return answered


def answer(
    request: Request,
    data: BaseModel | Callable[[], BaseModel],
    template: str | None = None,
    *,
    partial: str | None = None,
    status: int = 200,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
    shown: Callable[[], Mapping[str, Any]] = dict,
    done: Done | None = None,
    **context: Any,
) -> Response:
    """One answer for three kinds of reader.

    A program gets `data` as JSON with `status`. A browser gets the page `template`, or is sent to `location` (303, RFC 9110
    15.4.4): each answer has one of the two. htmx gets `partial`; without one, the page, or it is sent to `location`.
    Page and partial are given the same: `context`, and what `shown` gives. `data` and `shown` are functions where they
    cost something: each is called only for who reads it, so no handler needs to know who asks. `done` is told to people with
    the request that undoes it: beside the partial, else on the page that follows.
    """
    if (template is None) == (location is None):
        raise RuntimeError(f"{request.url.path}: an answer has a page or a place to go")
    extra, who = {**VARY, **(headers or {})}, reader(request)
    if who is Reader.PROGRAM:
        model = data() if callable(data) else data
        return Response(model.model_dump_json(), status, extra, media_type="application/json")
    written = partial if who is Reader.HTMX and partial else template
    if written is not None:
        answered = page(request, written, status, extra, **context, **shown())
        if done is None:
            return answered
        beside = page(request, "_done_beside.html", told=done)
        return HTMLResponse(bytes(answered.body) + bytes(beside.body), status, {**VARY, "Cache-Control": "no-store", **extra})
    there = _sent(who, str(location), extra)
    if done is not None:
        done.remember(there)
    return there


def sent(request: Request, location: str) -> Response:
    """An answer that sends a person to `location`."""
    return _sent(reader(request), location, VARY)


def _sent(who: Reader, location: str, headers: Mapping[str, str]) -> Response:
    """An answer that sends the reader to `location`: htmx goes there by a header of its own."""
    if who is Reader.HTMX:
        return Response(status_code=200, headers={**headers, "HX-Redirect": location})
    return RedirectResponse(location, 303, headers)
