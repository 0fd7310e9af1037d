"""Files of every kind with something wrong in them: they are kept, or refused with a sentence; none is a fault.

`STEMMA_SPOILT` says how many of each kind.
"""

from __future__ import annotations

import os

import pytest
from fastapi.testclient import TestClient

from tests.attacks.samples import KINDS, good
from tests.attacks.spoiling import spoilt

EACH = int(os.environ.get("STEMMA_SPOILT", "6"))
MEDIA = {
    "txt": "text",
    "md": "text",
    "docx": "text",
    "html": "text",
    "abc": "music",
    "musicxml": "music",
    "mxl": "music",
    "mid": "music",
}
MEDIA |= dict.fromkeys(("wav", "flac", "mp3", "ogg"), "music")


@pytest.mark.timeout(120 + 5 * EACH)
@pytest.mark.parametrize("kind", KINDS)
def test_no_file_is_a_fault(web: TestClient, project: str, kind: str) -> None:
    work = web.post(f"/projects/{project}/works", json={"title": kind, "medium": MEDIA.get(kind, "image")}).json()["id"]
    told = {}
    for seed, data in enumerate([*good(kind)[:1], *(spoilt(kind, seed) for seed in range(EACH))], -1):
        answer = web.post(f"/works/{work}/imports", files={"file": (f"a.{kind}", data)})
        told[seed] = (answer.status_code, answer.text[:200])
        assert answer.status_code < 500, f"{kind} {seed}: {told[seed]}"
        assert answer.status_code < 400 or answer.json()["title"], f"{kind} {seed}: {told[seed]}"
    print({seed: status for seed, (status, _text) in told.items()})
    assert told[-1][0] == 201, told[-1]  # the whole one
    assert web.get(f"/works/{work}").status_code == 200
