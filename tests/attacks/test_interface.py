"""schemathesis reads openapi.json and attacks a real web with it: statuses, media types and schemas are as described, and
nothing is a 500. `ATTACKED_EXAMPLES=400` asks for so many examples an operation (20,000 requests and more).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.atelier import BRIEF, JIG, POEM, a_mask, picture, recording
from tests.running import Running

HOOKS = Path(__file__).parent / "schemathesis_hooks.py"
EXAMPLES = os.environ.get("ATTACKED_EXAMPLES")
SETTINGS = Path(__file__).parent / "schemathesis.toml"
STREAMS = "/events$"  # end when their reader goes: tests/routes/test_events.py


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A web by itself, with things of every medium in it: nothing is made, so what is asked for stays in the queue."""
    running = Running(tmp_path_factory.mktemp("attacked"), {"STEMMA_FAKE_ENGINES": "1", "STEMMA_QUEUE_LIMIT": "1000000"})
    try:
        running.start("serve")
        yield running
    finally:
        running.stop()


def furnished(studio: Running) -> dict[str, list[str]]:
    """Things of every medium; their ids by noun."""
    project = studio.project()
    found = {noun: list[str]() for noun in ("revisions", "generations", "probes", "masks", "saves", "readings")}
    works = [studio.work(medium, project, medium) for medium in ("image", "text", "music", "music", "image")]
    files = (("fox.png", picture()), ("gulls.txt", POEM.encode()), ("harbour.abc", JIG.encode()), ("waves.wav", recording()))
    for work, (name, data) in zip(works, files, strict=False):
        made = studio.http.post(f"/works/{work}/imports", files={"file": (name, data)}).raise_for_status().json()
        found["revisions"].append(made["id"])
        for version in (1, 2):
            draft = {"version": version, "keep": True, "brief": BRIEF | {"style": f"{version}"}}
            studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
        found["saves"] += [one["id"] for one in studio.http.get(f"/works/{work}/draft/saves").json()["items"]]
        asked = studio.http.post(f"/works/{work}/generations", json={"brief": {"intent": "a fox in the rain"}})
        found["generations"].append(asked.raise_for_status().json()["id"])
    read = studio.http.post(f"/revisions/{found['revisions'][1]}/readings", json={}).raise_for_status().json()
    found["readings"].append(read["id"])
    found["probes"].append(studio.http.post("/probes", files={"file": ("fox.png", picture())}).json()["id"])
    given = {"data": {"revision": found["revisions"][0]}, "files": {"file": ("mask.png", a_mask())}}
    found["masks"].append(studio.http.post(f"/works/{works[0]}/masks", **given).raise_for_status().json()["id"])
    return found | {"projects": [project], "works": works}


@pytest.mark.timeout(7200 if EXAMPLES else 900)
def test_the_interface_is_as_it_describes_itself(attacked: Running, tmp_path: Path) -> None:
    ids = tmp_path / "ids.json"
    ids.write_text(json.dumps(furnished(attacked)), encoding="utf-8")
    line: list[str | Path] = [Path(sys.executable).parent / "schemathesis", "--config-file", SETTINGS, "--no-color"]
    line += ["run", f"{attacked.url}/openapi.json", "--exclude-path-regex", STREAMS, "--warnings", "off"]
    line += ["--max-examples", EXAMPLES or "3", "--continue-on-failure", "--request-timeout", "60"]
    line += ["--generation-database", "none"] if EXAMPLES else ["--generation-deterministic"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "ATTACKED_IDS": str(ids)}
    done = subprocess.run(line, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    report = tmp_path / "schemathesis.log"
    report.write_text(done.stdout + done.stderr, encoding="utf-8")
    print(done.stdout[-2000:], report)
    assert done.returncode == 0, f"{report}\n{done.stdout[-10_000:]}{done.stderr[-2000:]}"
