"""Health, metrics, logs and the documented interface: what the studio tells those who run it."""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app.models import Worker
from app.settings import Settings
from app.storage.db import Database, now
from app.web.main import create_app
from app.web.observe import JsonFormatter, request_id


def test_a_studio_without_a_worker_is_ready(web: TestClient, database: Database) -> None:
    assert web.get("/healthz").json() == {"status": "ok"}
    ready = web.get("/readyz")
    assert (ready.status_code, ready.json()["workers"]) == (200, 0)
    with database.writing() as session:
        session.add(Worker(id="one", name="here", device="cpu", state="idle"))
        session.add(Worker(id="lost", name="here", device="cpu", state="idle", seen_at=now() - timedelta(minutes=5)))
    assert web.get("/readyz").json()["workers"] == 1


def test_missing_migrations_are_told(web: TestClient, config: Settings) -> None:
    with sqlite3.connect(config.data / "stemma.sqlite") as connection:
        connection.execute("update alembic_version set version_num = '0000'")
    ready = web.get("/readyz")
    assert ready.status_code == 503
    assert "stemma migrate" in ready.json()["checks"]["migrations"]
    assert web.get("/healthz").status_code == 200


def test_an_empty_database_is_not_ready(tmp_path_factory: pytest.TempPathFactory) -> None:
    config = Settings(data=tmp_path_factory.mktemp("empty"), log_level="CRITICAL")
    with TestClient(create_app(config), base_url="http://localhost") as bare:
        assert bare.get("/readyz").status_code == 503
        assert bare.get("/healthz").status_code == 200


def test_a_store_that_cannot_be_written_is_told(web: TestClient, config: Settings) -> None:
    if (config.data / "incoming").exists():
        (config.data / "incoming").rename(config.data / "aside")
    (config.data / "incoming").write_bytes(b"in the way")
    ready = web.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["store"].startswith("not writable: ")


def test_metrics_are_prometheus_text(web: TestClient, work: str) -> None:
    web.post(f"/works/{work}/generations", json={"brief": {"intent": "x"}, "engine": "fake-slow"})
    answer = web.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    counted = {sample.labels["status"]: sample.value for sample in families["stemma_generations"].samples}
    assert counted == {"queued": 1}
    routes = {sample.labels["route"] for sample in families["stemma_request_seconds"].samples}
    assert "/works/{id}/generations" in routes
    assert not any(work in route for route in routes)  # ids would make a series each
    assert families["stemma_answers"].samples


def test_a_line_of_the_log_is_json_with_the_requests_id(web: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="app.access"):
        answer = web.get("/projects")
    id = answer.headers["x-request-id"]
    record = next(record for record in caplog.records if record.name == "app.access")
    token = request_id.set(id)
    line = json.loads(JsonFormatter().format(record))
    request_id.reset(token)
    assert (line["request"], line["method"], line["path"], line["status"]) == (id, "GET", "/projects", 200)
    assert line["ms"] >= 0
    other = web.get("/projects").headers["x-request-id"]
    assert other != id
    problem = web.get("/works/none")
    assert problem.json()["request"] == problem.headers["x-request-id"]


def test_an_exception_in_the_log_stays_one_line() -> None:
    try:
        int("two\nlines")
    except ValueError:
        record = logging.LogRecord("app", logging.ERROR, "", 0, "failed %s", ("here",), sys.exc_info())
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert json.loads(text)["exception"].startswith("Traceback")


def test_every_body_is_documented_as_json_and_as_a_form(web: TestClient) -> None:
    schema = web.get("/openapi.json").json()
    taking = {
        f"{method} {path}": operation["requestBody"]["content"]
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if "requestBody" in operation
    }
    assert set(taking) == {
        "post /projects",
        "patch /projects/{id}",
        "post /projects/{id}/works",
        "post /projects/{id}/lists",
        "patch /lists/{id}",
        "post /revisions/{id}/comments",
        "post /comments/{id}/replies",
        "patch /comments/{id}",
        "post /projects/{id}/presets",
        "post /projects/{id}/presets/imports",
        "patch /presets/{id}",
        "post /works/{id}/draft/preset",
        "post /projects/{id}/styles",
        "patch /styles/{id}",
        "post /styles/{id}/choice",
        "post /styles/{id}/oblivion",
        "patch /works/{id}",
        "put /works/{id}/draft",
        "post /works/{id}/draft/base",
        "post /works/{id}/draft/restoration",
        "post /works/{id}/encodings",
        "post /works/{id}/generations",
        "post /works/{id}/imports",
        "post /works/{id}/masks",
        "post /preferences",
        "post /forms/checks",
        "post /generations/{id}/stops",
        "post /archives",
        "post /probes",
        "post /revisions/{id}/readings",
        "post /works/{id}/revisions",
        "post /works/{id}/trims",
        "post /tunes/checks",
    }
    for name, content in taking.items():
        if name.endswith(("/archives", "/imports", "/masks", "/probes")):
            assert set(content) == {"multipart/form-data"}
        else:
            assert set(content) == {"application/json", "application/x-www-form-urlencoded"}, name
    assert "intent" in json.dumps(taking["post /works/{id}/generations"])


def test_every_reference_in_the_schema_leads_somewhere(web: TestClient) -> None:
    schema = web.get("/openapi.json").json()
    known = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}

    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(below) for below in value.values()))
        return set().union(*(references(below) for below in value)) if isinstance(value, list) else set()

    assert references(schema) <= known
