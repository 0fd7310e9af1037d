"""A stranger loads the house model with diffusers alone and gets the very picture that Stemma makes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from app.engines.engine import Verb
from app.engines.image.house import House
from app.settings import ROOT
from tests.engines.pictures import made, pixels

pytestmark = pytest.mark.model


def test_the_lines_in_the_readme_make_our_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    (lines,) = [block for block in blocks if "StableDiffusionPipeline" in block]
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    exec(compile(lines, "README.md", "exec"), names)  # noqa: S102 (our own README, run to the letter)
    theirs = np.asarray(names["picture"]).astype(float)
    house = House(dtype="float32")
    house.load("cpu")
    (ours,) = made(house, Verb.CREATE, "a red apple, flat vector", (7,))
    assert theirs.std() > 20, "a picture, not a blank"
    assert np.abs(theirs - pixels(ours.data)).max() <= 1
