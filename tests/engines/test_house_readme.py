"""A stranger loads the house model with diffusers alone and gets the very picture that Stemma makes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from app.engines.engine import Verb
from app.engines.image.house import House
from app.settings import ROOT
from tests.engines.pictures import made, pixels

pytestmark = pytest.mark.model


def test_the_readme_lines_make_our_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    theirs = np.asarray(runpy.run_path(str(Path(__file__).with_name("readme_lines.py")))["picture"]).astype(float)
    house = House(dtype="float32")
    house.load("cpu")
    (ours,) = made(house, Verb.CREATE, "a red apple, flat vector", (7,))
    assert theirs.std() > 20, "a picture, not a blank"
    assert np.abs(theirs - pixels(ours.data)).max() <= 1
