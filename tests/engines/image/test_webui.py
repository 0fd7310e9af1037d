"""A1111 and its like, over real HTTP: own seeds, previews, and nobody's run interrupted but ours."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from app.brief import Brief
from app.engines.engine import Content, Request, Step, Verb
from app.engines.image.service.webui import WebUI
from app.engines.shared.wire import Patience
from app.errors import EngineError
from app.settings import PictureSetting
from tests.engines.image.webui_service import PASSWORD, WebUIServer
from tests.engines.text.service import KEY, Serving
from tests.running import until

QUICK = Patience(connect=2, read=60, tries=2, pause=0.05, longest=1, late=False, most=20_000_000)


def engine(address: str, **rest: Any) -> WebUI:
    setting = {"name": "forge", "kind": "a1111", "url": address.removesuffix("/v1"), "key": "forge", "wait": 60} | rest
    return WebUI(PictureSetting.model_validate(setting), {"forge": SecretStr(PASSWORD)}, 4_000_000, QUICK)


def asked(far: WebUI, seeds: tuple[int, ...] = (7,), **params: Any) -> Request:
    return Request(Verb.CREATE, Brief(intent="a fox", avoid="text"), far.Params(**params), seeds)


def run(far: WebUI, seeds: tuple[int, ...] = (7,), **params: Any) -> tuple[list[Content], list[Step]]:
    far.load("cpu")
    made = list(far.run(asked(far, seeds, **params)))
    return [part for part in made if isinstance(part, Content)], [part for part in made if isinstance(part, Step)]


def test_each_variant_has_its_seed_and_its_task_and_shows_how_it_comes() -> None:
    double = WebUIServer(seconds=1.5)
    with Serving(double) as address:
        contents, steps = run(engine(address, steps=12, guidance=6, side=512, model="anything"), (7, 8), aspect="3:2")
    one, other = double.asked
    assert (one["prompt"], one["negative_prompt"], one["steps"], one["cfg_scale"]) == ("a fox", "text", 12, 6)
    assert (one["width"], one["height"], one["batch_size"], one["save_images"]) == (640, 448, 1, False)
    assert one["override_settings"] == {"sd_model_checkpoint": "anything"}
    assert {one["seed"], other["seed"]} == {7, 8}
    assert one["force_task_id"] != other["force_task_id"]
    assert [content.seed for content in contents] == [7, 8]
    assert (contents[0].width, contents[0].height) == (640, 448)
    facts = contents[0].facts
    assert (facts["model"], facts["weights"], facts["protocol"]) == ("anything-v5", "7f96a1a9ca", "sdapi")
    assert any(preview for step in steps for preview in step.previews)
    assert any(1 < step.number < step.total for step in steps)
    assert double.headers[0]["authorization"] == "Basic " + base64.b64encode(PASSWORD.encode()).decode()
    assert double.interrupted == []


@pytest.mark.parametrize("how", ["", "no-info", "grid"])
def test_it_works_without_what_not_every_server_has(how: str) -> None:
    with Serving(WebUIServer(tells=False)) as address:
        (content,) = run(engine(address, model=how, key=""))[0]
    assert (content.width, content.height) == (1024, 1024)


def closed(double: WebUIServer, far: WebUI) -> None:
    """Give a run up as soon as the server has it."""
    running = far.run(asked(far))
    for _step in running:
        if double.active or double.queued:
            break
    running.close()  # type: ignore[attr-defined]


def test_a_run_that_is_given_up_is_interrupted() -> None:
    double = WebUIServer(seconds=30)
    with Serving(double) as address:
        closed(double, engine(address))
        until(lambda: not double.active, 10, "the server to stop")
    assert double.interrupted == [double.asked[0]["force_task_id"]]


def test_somebody_elses_run_is_not_interrupted() -> None:
    double = WebUIServer()
    double.free.clear()
    with Serving(double) as address:
        closed(double, engine(address))
        assert double.interrupted == []
        double.free.set()


def test_where_no_task_is_told_of_nothing_is_interrupted() -> None:
    double = WebUIServer(tells=False, seconds=1)
    with Serving(double) as address:
        closed(double, engine(address))
    assert double.interrupted == []


def test_a_run_that_takes_too_long_is_interrupted_and_said() -> None:
    double = WebUIServer(seconds=30)
    began = time.monotonic()
    with Serving(double) as address, pytest.raises(EngineError, match="within 2 seconds"):
        run(engine(address, wait=2))
    assert time.monotonic() - began < 25
    assert double.interrupted == [double.asked[0]["force_task_id"]]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("401", "does not accept the key: Incorrect username"),
        ("memory", "refused .500.: CUDA out of memory"),
        ("none", "made no picture"),
        ("html", "no picture that can be read"),
        ("bad", "cannot be read"),
    ],
)
def test_faults_are_said(how: str, says: str) -> None:
    with Serving(WebUIServer()) as address, pytest.raises(EngineError, match=says) as caught:
        run(engine(address, model=how))
    assert KEY not in str(caught.value)


def test_only_this_kind_does_without_a_model() -> None:
    assert engine("http://127.0.0.1:9").setting.model == ""
    with pytest.raises(ValidationError, match="needs its model"):
        PictureSetting.model_validate({"name": "far", "url": "http://127.0.0.1:9/v1"})
