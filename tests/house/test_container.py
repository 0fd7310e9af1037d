"""Dockerfile and docker-compose.yml: valid, unprivileged, closed, and true to the settings and commands there are.

No image is built here: that needs a Docker daemon and gigabytes.
"""

from __future__ import annotations

import os
import platform
import re
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

from app.models.worker import Worker
from app.settings import ROOT, Settings
from app.storage.db import Database, make_engine, now

OWN = ("migrate", "web", "worker", "worker-gpu")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return loaded


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "linter",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
        ("hadolint", "--strict-labels", "Dockerfile"),
    ],
    ids=["compose", "dockerfile"],
)
def test_the_files_are_valid(linter: tuple[str, ...]) -> None:
    done = run(Path(sys.prefix) / "bin" / linter[0], *linter[1:])
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_variable_is_a_setting() -> None:
    text = DOCKERFILE + (ROOT / "docker-compose.yml").read_text("utf-8")
    named = set(re.findall(r"\bSTEMMA_([A-Z_]+)\b", text)) - {
        "VERSION",
        "SECRETS",
    }  # the image's tag; the settings' own folder
    assert named
    assert {n for n in named if n.lower() not in Settings.model_fields} == set()


def stemma(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as the package's entry point runs it."""
    code = "import sys; from app.cli import main; sys.argv[0] = 'stemma'; main()"
    return run(sys.executable, "-c", code, *arguments)


def test_every_command_exists(compose: dict[str, Any]) -> None:
    commands = {compose["services"][name]["command"][1] for name in OWN if "command" in compose["services"][name]}
    commands |= set(re.findall(r'CMD \["stemma", "(\w+)"', DOCKERFILE))
    assert commands == {"serve", "migrate", "worker"}
    for name in commands:
        done = stemma(name, "--help")
        assert done.returncode == 0, done.stderr
        assert name in done.stdout


def test_the_studios_services_have_no_privileges(compose: dict[str, Any]) -> None:
    for name in OWN:
        service = compose["services"][name]
        assert service["user"] == "10001:10001", name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert "no-new-privileges:true" in service["security_opt"], name
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)[-1] == "10001:10001"
    assert compose["services"]["postgres"]["cap_drop"] == ["ALL"]


def test_only_the_web_is_published_and_only_here(compose: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert set(ports) == {"web"}
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])
    assert [n for n, s in compose["services"].items() if s.get("environment", {}).get("STEMMA_EXPOSE")] == ["web"]
    assert "STEMMA_EXPOSE=" not in DOCKERFILE.split("USER ")[0]
    assert compose["networks"]["inside"]["internal"] is True
    assert compose["services"]["postgres"]["networks"] == ["inside"]


def test_no_secret_is_written_down(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            assert not re.search(r"PASSWORD|TOKEN|KEY|DATABASE", key) or str(value).startswith("/run/secrets/"), f"{name} {key}"
            assert "@" not in str(value), f"{name} {key}"
    for secret in compose["secrets"].values():
        assert set(secret) == {"file"}
        assert run("git", "check-ignore", secret["file"]).returncode == 0
        assert Path(secret["file"]).parts[0] in (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def test_web_and_workers_share_the_store_and_wait_for_the_migrations(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "worker-gpu"):
        service = compose["services"][name]
        assert "data:/data" in service["volumes"]
        assert service["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert compose["services"]["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert compose["services"]["migrate"]["restart"] == "no"
    assert "STEMMA_DATA=/data" in DOCKERFILE


def test_the_gpu_is_optional(compose: dict[str, Any]) -> None:
    gpu = compose["services"]["worker-gpu"]
    assert gpu["profiles"] == ["gpu"]
    [device] = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["count"], device["capabilities"]) == ("nvidia", 1, ["gpu"])
    assert gpu["environment"]["STEMMA_DEVICE"] == "cuda"
    assert "profiles" not in compose["services"]["worker"]
    assert "deploy" not in compose["services"]["worker"]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A studio's data folder, migrated, that this test's child processes use."""
    for name in [n for n in os.environ if n.startswith("STEMMA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STEMMA_DATA", str(tmp_path))
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with make_engine(Settings()).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "age", "well"), [(platform.node(), 1, True), (platform.node(), 60, False), ("other", 1, False)]
)
def test_a_worker_is_well_while_it_writes_its_row(
    compose: dict[str, Any], data: Path, name: str, age: int, *, well: bool
) -> None:
    database = Database(Settings(data=data))
    with database.writing() as session:
        seen = now() - timedelta(seconds=age)
        session.add(Worker(id="one", name=name, device="cpu", state="idle", seen_at=seen))
    database.close()
    _, python, *code = compose["services"]["worker"]["healthcheck"]["test"]
    assert python == "python"
    done = run(sys.executable, *code)
    assert (done.returncode == 0) is well, done.stderr
    assert "Traceback" not in done.stderr


def test_a_container_is_asked_for_its_health(compose: dict[str, Any]) -> None:
    assert "/readyz" in DOCKERFILE.split("HEALTHCHECK")[1]  # the image's own check serves `web`
    asked = {name: service.get("healthcheck", {}) for name, service in compose["services"].items()}
    assert asked["web"] == {}
    assert asked["migrate"] == {"disable": True}
    assert "pg_isready" in str(asked["postgres"]["test"])
    assert asked["worker"] == asked["worker-gpu"]


def test_the_secrets_fit_what_compose_and_settings_read(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "bin/secrets"
    script.parent.mkdir()
    script.write_text((ROOT / "bin/secrets").read_text("utf-8"))
    assert run("bash", script).returncode == 0
    made = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == {Path(secret["file"]).name for secret in compose["secrets"].values()}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.values()} == {0o444}

    monkeypatch.delenv("STEMMA_DATABASE", raising=False)
    monkeypatch.setenv("STEMMA_SECRETS", str(tmp_path / "secrets"))
    url = make_url(
        run(sys.executable, "-c", "from app.settings import settings; print(settings().database_url)").stdout.strip()
    )
    postgres = compose["services"]["postgres"]["environment"]
    assert url.password == made["postgres_password"].read_text()
    assert (url.drivername, url.host) == ("postgresql+psycopg", "postgres")
    assert (url.username, url.database) == (postgres["POSTGRES_USER"], postgres["POSTGRES_DB"])

    before = {name: path.read_text() for name, path in made.items()}
    assert run("bash", script).returncode == 0
    assert {name: path.read_text() for name, path in made.items()} == before
