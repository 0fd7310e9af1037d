"""Files of every kind with something wrong in them: they are kept, or refused with a sentence; none is a fault, none takes
the processor for long, and the memory that they took is given back.

`STEMMA_SPOILT` says how many of each kind.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.benchmarks.web import resident
from tests.attacks.samples import KINDS, good
from tests.attacks.spoiling import spoilt

EACH = int(os.environ.get("STEMMA_SPOILT", "6"))
LONGEST = 10.0  # seconds of the processor for one file, whatever is wrong in it
GROWTH = 300  # MB by which the web may have grown after all of them
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
    told, taken, waited, before = {}, {}, 0.0, 0.0
    for seed, data in enumerate([*good(kind)[:1], *(spoilt(kind, seed) for seed in range(EACH))], -1):
        began, asked = time.process_time(), time.monotonic()
        answer = web.post(f"/works/{work}/imports", files={"file": (f"a.{kind}", data)})
        taken[seed], waited = time.process_time() - began, max(waited, time.monotonic() - asked)
        told[seed] = (answer.status_code, answer.text[:200])
        assert answer.status_code < 500, f"{kind} {seed}: {told[seed]}"
        assert answer.status_code < 400 or answer.json()["title"], f"{kind} {seed}: {told[seed]}"
        before = before or resident(Path("/proc/self"))  # what the whole one needed is loaded now
    grown = resident(Path("/proc/self")) - before
    slowest = max(taken, key=lambda seed: taken[seed])
    print({seed: status for seed, (status, _text) in told.items()})
    print(
        f"{kind}: {len(told)} files, slowest {slowest}: {taken[slowest]:.2f} s of processor time, longest wait {waited:.2f} s"
    )
    print(f"{kind}: grown by {grown:.0f} MB")
    assert taken[slowest] < LONGEST
    assert grown < GROWTH
    assert told[-1][0] == 201, told[-1]  # the whole one
    assert web.get(f"/works/{work}").status_code == 200
