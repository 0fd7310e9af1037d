"""Every answer that a test gets from the web is held against what the web tells of itself in openapi.json."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx2
from fastapi import FastAPI, Request
from jsonschema import Draft202012Validator

from app.web.pages import Reader, reader
from app.web.routes.interface import PROBLEM

BEFORE = {403, 404, 405, 413, 421}  # what is answered where no operation is: before one is looked for, or since there is none
UNFORESEEN = 500  # tests provoke it; it is promised nowhere
FOUND: list[tuple[re.Pattern[str], dict[str, Any]]] = []
WHOLE: dict[str, Any] = {}


def learn(app: FastAPI) -> None:
    """Read the description once: it is the same for every studio."""
    if not WHOLE:
        WHOLE.update(app.openapi())
        for path, operations in WHOLE["paths"].items():
            FOUND.append((re.compile(re.sub(r"\\?\{\w+\\?\}", "[^/]+", re.escape(path))), operations))


@cache
def validator(kind: str, *way: str) -> Any:
    """What holds JSON against a schema of the description: that of the media type `kind` of the answer at `way`."""
    schema = WHOLE["paths"]
    for step in way:
        schema = schema[step]
    return Draft202012Validator({**schema["content"][kind]["schema"], "components": WHOLE["components"]})


def asker(request: httpx2.Request) -> Reader:
    """Who the web takes this for."""
    return reader(Request({"type": "http", "headers": [(name.lower(), value) for name, value in request.headers.raw]}))


def agree(response: httpx2.Response) -> None:
    """Raises AssertionError for an answer whose status, kind or content is not as described."""
    request, status = response.request, response.status_code
    path, method = request.url.path, {"HEAD": "get"}.get(request.method, request.method.lower())
    meant, kind = request.url.params.get("method", ""), request.headers.get("content-type", "")
    if method == "post" and meant in {"PATCH", "DELETE"} and kind.startswith("application/x-www-form-urlencoded"):
        method = meant.lower()  # as app.web.methods reads it
    said = f"{method.upper()} {path}: {status}"
    if path.startswith("/static/") or path in {"/openapi.json", "/docs"} or method == "options" or status == UNFORESEEN:
        return
    operations = next((found for pattern, found in FOUND if pattern.fullmatch(path)), {})
    kind = response.headers.get("content-type", "").split(";")[0]
    if method not in operations:
        assert status in BEFORE, f"{said} of no operation"
        return
    known = operations[method]["responses"]
    person = asker(request) is not Reader.PROGRAM
    if person and status < 400:
        return  # a page, a part of one, or the way to one
    assert str(status) in known, f"{said} is not described"
    if person:
        assert kind == "text/html", f"{said} is {kind}"
        return
    content = known[str(status)].get("content", {})
    assert kind in content or not (content or kind), f"{said} is {kind}, not {', '.join(content)}"
    if kind in {"application/json", PROBLEM} and request.method != "HEAD" and response.read():
        where = next(key for key, value in WHOLE["paths"].items() if value is operations)
        found = validator(kind, where, method, "responses", str(status)).iter_errors(response.json())
        errors = [f"{error.json_path}: {error.message}" for error in found]
        assert not errors, f"{said} {errors[:3]}"
