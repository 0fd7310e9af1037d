"""The engines that fail on purpose fail as they say, and the slow one works."""

from __future__ import annotations

import io
import subprocess
import sys
import time

import pytest
from PIL import Image, UnidentifiedImageError

from app.brief import Brief
from app.engines.engine import Content, Request, Step, Verb
from app.engines.fake import Broken, Fake, Garbage, Slow
from app.errors import EngineError


def run(engine: Fake, **params: float) -> list[Step | Content]:
    asked = engine.Params.model_validate({"steps": 4, "seconds": 0} | params)
    return list(engine.run(Request(Verb.CREATE, Brief(intent="a fox"), asked, seeds=(1, 2))))


def test_the_slow_one_takes_its_time_and_makes_pictures() -> None:
    began = time.monotonic()
    made = run(Slow(), seconds=0.05)
    assert time.monotonic() - began >= 0.2
    assert [type(one) for one in made] == [Step] * 4 + [Content] * 2
    first, second = made[4:]
    assert isinstance(first, Content)
    assert isinstance(second, Content)
    assert Image.open(io.BytesIO(first.data)).size == (first.width, first.height) == (64, 64)
    assert first.data != second.data
    assert first.data == run(Slow())[4].data  # type: ignore[union-attr]  # the fifth is the first Content


def test_the_broken_one_raises_in_the_middle() -> None:
    engine = Broken()
    steps = engine.run(Request(Verb.CREATE, Brief(), engine.Params(steps=4, seconds=0), seeds=(1,)))
    assert [next(steps).number, next(steps).number] == [1, 2]  # type: ignore[union-attr]  # Steps come first
    with pytest.raises(EngineError, match="on purpose"):
        next(steps)


def test_the_crash_takes_its_process_down() -> None:
    asked = """
from app.brief import Brief
from app.engines.engine import Request, Verb
from app.engines.fake import Crash
engine = Crash()
for step in engine.run(Request(Verb.CREATE, Brief(), engine.Params(steps=4, seconds=0), seeds=(1,))):
    print(step.number, flush=True)
"""
    crashed = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False, timeout=60)
    assert crashed.returncode == 70
    assert crashed.stdout.split() == ["1", "2"]


def test_garbage_is_no_picture() -> None:
    last = run(Garbage())[-1]
    assert isinstance(last, Content)
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(last.data))
