"""HEAD, with which monitors ask: every page answers it as it answers GET, without content."""

from __future__ import annotations

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

STREAMS = {"/events"}  # they have no end that a GET could be compared by


def test_every_address_answers_head_as_get(web: TestClient) -> None:
    asked = 0
    for route in iter_route_contexts(web.app.routes):  # type: ignore[attr-defined]
        path = str(getattr(route, "path", ""))
        if "GET" not in (route.methods or ()) or "{" in path or path in STREAMS:
            continue
        got, headed = web.get(path, follow_redirects=False), web.head(path, follow_redirects=False)
        assert headed.status_code == got.status_code, path
        assert headed.content == b"", path
        assert headed.headers.get("content-type") == got.headers.get("content-type"), path
        asked += 1
    assert asked > 10


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/projects"])
def test_a_monitor_hears_that_all_is_well(web: TestClient, path: str) -> None:
    assert web.head(path).status_code == 200
