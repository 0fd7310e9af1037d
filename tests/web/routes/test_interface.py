"""openapi.json: valid, readable, and about every address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.web.routes.interface import FORM, PROBLEM
from tests import interface

Operation = tuple[str, str, dict[str, Any]]
BODIES = {"post", "put", "patch"}
BARE = ("/trash", "/pick", "/cancellation", "/copies", "/resolution", "/learning", "/oblivion")  # what is asked says all


@pytest.fixture
def operations(web: TestClient) -> list[Operation]:
    """Every operation with its path and method."""
    return [(path, method, operation) for path, item in interface.WHOLE["paths"].items() for method, operation in item.items()]


def test_it_is_valid_openapi(web: TestClient) -> None:
    import schemathesis  # takes a second

    found = web.get("/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(found).validate()


def test_every_operation_has_a_summary_and_a_name_of_its_own(operations: list[Operation]) -> None:
    names = [operation["operationId"] for _path, _method, operation in operations]
    assert len(set(names)) == len(names)
    for path, method, operation in operations:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"]), path
        summary = operation["summary"]
        assert len(summary) > 8, f"{method} {path}: {summary!r}"
        assert not summary.endswith("."), f"{method} {path}: {summary!r}"
        assert operation["tags"], path


def test_bodies_are_told_as_json_and_as_a_form(web: TestClient, operations: list[Operation]) -> None:
    without = {path for path, method, operation in operations if method in BODIES and "requestBody" not in operation}
    assert all(path.endswith(BARE) for path in without), without
    for path, _method, operation in operations:
        content = operation.get("requestBody", {}).get("content", {})
        assert set(content) in ({"application/json", FORM}, {"multipart/form-data"}, set()), path
    asked = next(operation for _path, _method, operation in operations if operation["operationId"] == "generations_ask")
    form = asked["requestBody"]["content"][FORM]["schema"]
    assert {"brief.intent", "seed", "verb"} <= set(form["properties"])
    assert any(re.match(pattern, "params.steps") for pattern in form["patternProperties"])
    assert any(re.match(pattern, "parents.0.revision") for pattern in form["patternProperties"])


def answers(operations: list[Operation]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for path, method, operation in operations:
        for status, answer in operation["responses"].items():
            yield f"{method} {path} {status}", int(status), answer


def test_errors_are_problems_and_the_rest_has_a_schema_or_its_own_type(operations: list[Operation]) -> None:
    for said, status, answer in answers(operations):
        content = answer.get("content", {})
        assert status != 500, said
        assert answer["description"], said
        if status >= 400 and "readyz" not in said:
            assert set(content) == {PROBLEM}, said
        elif status not in {204, 303, 304}:
            assert content, said
        assert all(kind["schema"] for kind in content.values()), said
        assert "*/*" not in content, said


def test_the_page_about_it_says_what_every_address_does(web: TestClient, operations: list[Operation]) -> None:
    page = web.get("/docs", headers={"Accept": "text/html"}).text
    for path, _method, operation in operations:
        assert f"<code>{path}</code>" in page
        assert operation["summary"].split("`")[0].split("'")[0].split('"')[0].strip()[:40] in page.replace("&amp;", "&")
