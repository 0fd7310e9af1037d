"""What is longer than an engine reads is said before it runs, with the choice of what to leave unread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings, TextSetting
from app.web.main import create_app

pytestmark = pytest.mark.model
LINES = "".join(f"line {at} of the rain on the lake.\n" for at in range(90))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engines.text.tiny_hub import tiny_hub

    return tiny_hub(tmp_path_factory.mktemp("narrow"), context=512)


@pytest.fixture
def web(config: Settings, narrow: Path) -> Iterator[TestClient]:
    """The application with an engine that reads 512 tokens."""
    engine = TextSetting(name="narrow", kind="transformers", model=str(narrow))
    with TestClient(
        create_app(config.model_copy(update={"texts": [engine]})),
        base_url="http://localhost",
        headers={"Accept": "application/json"},
    ) as client:
        yield client


@pytest.fixture
def work(web: TestClient, project: str) -> str:
    return str(web.post(f"/projects/{project}/works", json={"title": "Rain", "medium": "text"}).json()["id"])


@pytest.fixture
def wish(web: TestClient, work: str) -> dict[str, Any]:
    """To go on with a text that is too long."""
    web.put(f"/works/{work}/draft", json={"version": 1, "text": LINES}).raise_for_status()
    revision = web.post(f"/works/{work}/revisions", json={}).raise_for_status().json()["id"]
    parents = [{"revision": revision, "role": "continue"}]
    brief = {"intent": "rain", "materials": ["wet stones"]}
    return {"verb": "continue", "engine": "narrow", "parents": parents, "brief": brief, "params": {"tokens": 24}}


def test_the_refusal_tells_what_can_be_left_out_and_nothing_is_queued(web: TestClient, work: str, wish: dict[str, Any]) -> None:
    refused = web.post(f"/works/{work}/generations", json=wish)
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["code"] == "overlong"
    assert problem["most"] == 488
    assert problem["tokens"] > 488
    saved = {part["name"]: part["tokens"] for part in problem["parts"]}
    assert saved.keys() == {"beginning", "materials"}
    assert saved["beginning"] > problem["tokens"] - 488 > saved["materials"] > 0
    assert str(problem["tokens"]) in problem["fields"][0]["message"]
    assert web.get(f"/works/{work}/generations").json()["items"] == []


def test_what_is_left_out_stands_with_the_generation(web: TestClient, work: str, wish: dict[str, Any]) -> None:
    made = web.post(f"/works/{work}/generations", json=wish | {"leave_out": ["beginning"]})
    assert made.status_code == 202, made.text
    assert made.json()["place"] == {"at": len(LINES), "leave_out": ["beginning"]}


def test_too_little_left_out_is_refused_with_the_rest(web: TestClient, work: str, wish: dict[str, Any]) -> None:
    problem = web.post(f"/works/{work}/generations", json=wish | {"leave_out": ["materials"]}).json()
    assert problem["leave_out"] == ["materials"]
    assert [part["name"] for part in problem["parts"]] == ["beginning"]


def test_the_choice_comes_in_the_readers_language(web: TestClient, work: str, wish: dict[str, Any]) -> None:
    headers = {"Accept": "text/html", "HX-Request": "true", "Accept-Language": "zh-CN"}
    page = web.post(f"/works/{work}/generations", json=wish, headers=headers)
    assert page.status_code == 422
    assert "正文的开头" in page.text
    assert 'value="beginning"' in page.text


@pytest.mark.parametrize("parts", [["everything"], ["beginning", "ending"]])
def test_what_is_no_part_is_refused(web: TestClient, work: str, wish: dict[str, Any], parts: list[str]) -> None:
    refused = web.post(f"/works/{work}/generations", json=wish | {"leave_out": parts})
    assert refused.status_code == 422
    assert refused.json()["fields"][0]["field"] == "leave_out"
    assert "inspiration" in refused.json()["fields"][0]["message"]


def test_only_texts_leave_parts_out(web: TestClient, project: str) -> None:
    image = web.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
    wish = {"brief": {"intent": "a fox"}, "engine": "fake", "leave_out": ["materials"]}
    assert web.post(f"/works/{image}/generations", json=wish).json()["fields"][0]["field"] == "leave_out"
