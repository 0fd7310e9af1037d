"""The request whose length an artist is told is the request that runs."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from uuid import uuid4

import pytest

from app.engines.engine import Fit, Request, Style
from app.engines.fake import Words
from app.models import Asset, Generation, GenerationParent, Mask, Revision, Work
from app.requests.engine_request import request_for
from app.web.token_budget import refuse_overlong

APART = {"style", "seeds", "stopped", "mask"}  # no part of a request's length: `Engine.fit` needs none of them


class Measuring(Words):
    """Keeps the request that it is to measure."""

    measured: Request

    def fit(self, request: Request) -> Fit | None:
        self.measured = request
        return None


@pytest.fixture
def generation() -> Generation:
    """One that says something in every field, from a text, a tune without a brief, and a picture."""
    poem, tune, fox = Work(title="Rain", medium="text"), Work(title="A jig", medium="music"), Work(title="Fox", medium="image")
    parents = (
        ("rewrite", Revision(work=poem, text="Rain.", brief_data={"intent": "rain"}, engine="verse", params={"n": 1}, seed=3)),
        ("inspire", Revision(work=tune, text="X:1\nK:C\nc|\n", brief_data={}, params={})),
        ("inspire", Revision(work=fox, asset=Asset(sha256="f" * 64, media_type="image/png"), brief_data={}, params={})),
    )
    place = {
        "selection": [1, 3], "at": 2, "choice": "river", "instruction": "shorter", "leave_out": ["materials"],
        "bars": [2, 3], "semitones": -2, "section": [0.5, 2.0], "frame": [1, 0, 0, 0],
    }  # fmt: skip
    return Generation(
        verb="rewrite", strength="strong", brief_data={"intent": "rain"}, engine="fake-text", params={"steps": 3}, seed=7,
        id=uuid4(), count=2, place_data=place, form={"preset": "haiku"}, mask=Mask(asset_id="e" * 64),
        parents=[GenerationParent(revision=revision, role=role, position=at) for at, (role, revision) in enumerate(parents)],
    )  # fmt: skip


def test_every_field_that_the_worker_fills_is_measured(generation: Generation) -> None:
    engine = Measuring()
    asked = request_for(generation, engine, lambda _sha256: b"pixels", {1}, Style("Blots", b"x", "0"))
    refuse_overlong(engine, generation)
    poem, tune, fox = asked.parents
    assert engine.measured.parents == (poem, tune, replace(fox, data=None))  # who writes cannot look at pictures
    for field in fields(Request):
        value = getattr(asked, field.name)
        if field.default is not MISSING:
            assert value != field.default, f"this test's generation says nothing of {field.name}"
        if field.name not in APART | {"parents"}:
            assert getattr(engine.measured, field.name) == value, field.name


def test_bytes_are_read_for_the_run_alone(generation: Generation) -> None:
    asked = request_for(generation, Measuring(), lambda sha256: sha256.encode())
    assert [parent.data for parent in asked.parents] == [b"Rain.", b"X:1\nK:C\nc|\n", b"f" * 64]
    assert [parent.data for parent in request_for(generation, Measuring()).parents] == [b"Rain.", b"X:1\nK:C\nc|\n", None]
    assert [parent.media_type for parent in asked.parents] == ["text/plain", "text/vnd.abc", "image/png"]
    assert [parent.words for parent in asked.parents] == ["rain", "A jig", "Fox"]
