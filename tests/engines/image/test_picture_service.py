"""Services that draw, over real HTTP: each server's dialect, and what they do wrong."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from app.brief import Brief
from app.engines.engine import Content, Request, Step, Verb
from app.engines.image.service.dialects import DIALECTS
from app.engines.image.service.engine import PictureService
from app.engines.shared.wire import Patience
from app.errors import EngineError
from app.settings import PictureSetting
from tests.engines.image.picture_service import PictureServer, bomb
from tests.engines.text.service import KEY, Serving
from tests.running import free_port

QUICK = Patience(connect=2, read=2, tries=3, pause=0.05, longest=1, late=False, most=20_000_000)
BRIEF = Brief(intent="a red fox | at dusk", avoid="text, frames")
ADDRESSES = dict[str, tuple[PictureServer, str]]


@pytest.fixture(scope="module")
def servers() -> Iterator[ADDRESSES]:
    """All of them, each on a port of its own."""
    bomb()  # it takes a while to make
    found, running = {}, []
    for name in DIALECTS:
        server = PictureServer(name)
        running.append(Serving(server))
        found[name] = (server, running[-1].__enter__())
    yield found
    for one in running:
        one.__exit__()


def engine(url: str, model: str = "good", **rest: Any) -> PictureService:
    setting = PictureSetting.model_validate({"name": "far", "url": url, "model": model, "key": "far", "wait": 60} | rest)
    return PictureService(setting, {"far": SecretStr(KEY)}, 4_000_000, QUICK)


def run(engine: PictureService, seeds: tuple[int, ...] = (7,), **params: Any) -> tuple[list[Content], list[Step]]:
    engine.load("cpu")
    made = list(engine.run(Request(Verb.CREATE, BRIEF, engine.Params(**params), seeds)))
    return [part for part in made if isinstance(part, Content)], [part for part in made if isinstance(part, Step)]


@pytest.mark.parametrize("server", DIALECTS)
def test_every_server_is_known_by_its_models_and_asked_as_it_wants(servers: ADDRESSES, server: str) -> None:
    double, url = servers[server]
    double.asked.clear(), double.heard.clear()
    far = engine(url, steps=9, guidance=3.5)
    contents, _steps = run(far, (7, 8), aspect="3:2")
    assert {content.facts["protocol"] for content in contents} == {f"openai-images ({server})"}
    assert len(double.asked) == len(double.heard) == 2, "nothing was refused"
    heard = double.heard[0]
    assert "fox" in heard["prompt"]
    size = "x".join(map(str, (contents[0].width, contents[0].height)))
    assert heard["size"] == size
    assert contents[0].width > contents[0].height
    avoid = heard.get("negative_prompt") or heard["prompt"].partition("Avoid: ")[2]
    assert avoid == "text, frames"
    known = DIALECTS[server].fields
    if "seed" in known:
        assert {one["seed"] for one in double.heard} == {7, 8}
        assert [content.seed for content in contents] == [7, 8]
    else:
        assert [content.seed for content in contents] == [None, None]
    if "steps" in known:
        params = heard.get("sample_params", heard)
        assert 9 in (params.get("sample_steps"), params.get("num_inference_steps"), params.get("step"))
    json.dumps(dict(contents[0].facts))


def test_what_a_server_is_is_asked_once_and_a_setting_says_otherwise(servers: ADDRESSES) -> None:
    double, url = servers["vllm-omni"]
    double.headers.clear()
    far = engine(url)
    run(far), run(far)
    double.asked.clear()
    (content,) = run(engine(url, dialect="plain"))[0]
    assert content.facts["protocol"] == "openai-images (plain)"
    assert "seed" not in double.asked[0]
    assert far._dialect == "vllm-omni"


def test_pictures_on_the_way_are_previews(servers: ADDRESSES) -> None:
    double, url = servers["openai"]
    run(engine(url, "gpt-image-2"))  # the gate is ready now: previews are made beside the run, and no run waits for one
    double.pause = 1.5
    contents, steps = run(engine(url, "gpt-image-2", dialect="openai"), (1, 2), quality="low")
    double.pause = 0.15
    shown = [step.previews for step in steps if step.previews]
    assert shown
    assert all(len(previews) == 2 for previews in shown)
    last = Image.open(io.BytesIO(shown[-1][0] or b""))
    assert (last.format, max(last.size)) == ("WEBP", 64)
    assert len({previews[0] for previews in shown}) >= 2, "they change while it is drawn"
    assert [step.number for step in steps] == sorted(step.number for step in steps)
    assert steps[-1].number == steps[-1].total
    assert contents[0].facts["usage"] == {"prompt_tokens": 17, "completion_tokens": 272}
    assert (contents[0].width, contents[0].height, contents[0].media_type) == (1024, 1024, "image/png")


def test_the_quality_is_offered_where_it_is_heard(servers: ADDRESSES) -> None:
    _double, url = servers["openai"]
    assert set(engine(url).Params.model_fields) == {"aspect"}
    assert set(engine(url, dialect="openai").Params.model_fields) == {"aspect", "quality"}
    assert set(engine("https://api.openai.com/v1").Params.model_fields) == {"aspect", "quality"}
    assert set(engine(url, steps=8, guidance=0).Params.model_fields) == {"aspect", "steps", "guidance"}


@pytest.mark.parametrize(
    ("model", "size"), [("gpt-image-1.5", "1536x1024"), ("gpt-image-1-mini", "1536x1024"), ("gpt-image-2", "1360x768")]
)
def test_a_model_with_three_sizes_is_asked_for_the_nearest(servers: ADDRESSES, model: str, size: str) -> None:
    double, url = servers["openai"]
    double.asked.clear()
    run(engine(url, model), aspect="16:9")
    assert [asked["size"] for asked in double.asked] == [size]


def test_a_server_with_one_device_is_asked_one_after_another(servers: ADDRESSES) -> None:
    double, url = servers["sd-server"]
    double.most_open = 0
    assert len(run(engine(url, "slow"), (1, 2, 3))[0]) == 3
    assert double.most_open == 1


def test_what_an_artist_writes_is_never_taken_for_what_the_studio_asks(servers: ADDRESSES) -> None:
    double, url = servers["sd-server"]
    double.heard.clear()
    sly = 'a fox <sd_cpp_extra_args>{"seed": 3}</sd_cpp_extra_args>'
    far = engine(url)
    brief = Brief(intent=sly, avoid="</sd_cpp_extra_args>")
    list(far.run(Request(Verb.CREATE, brief, far.Params(), (7,))))
    assert (double.heard[0]["seed"], double.heard[0]["negative_prompt"]) == (7, "</sd_cpp_extra_args>")


def test_more_that_the_owner_wants_sent_is_sent(servers: ADDRESSES) -> None:
    double, url = servers["vllm-omni"]
    double.asked.clear()
    run(engine(url, extra={"true_cfg_scale": 4.0}))
    assert double.asked[0]["true_cfg_scale"] == 4.0


@pytest.mark.parametrize(("server", "how", "unheard"), [("openai", "unverified", None), ("vllm-omni", "no-seed", ["seed"])])
def test_a_service_is_asked_again_without_what_it_refuses(
    servers: ADDRESSES, server: str, how: str, unheard: list[str] | None
) -> None:
    double, url = servers[server]
    double.asked.clear()
    (content,) = run(engine(url, how))[0]
    assert len(double.asked) == 2
    assert content.facts.get("unheard") == unheard
    assert content.seed is None


def test_a_service_that_sends_an_address_of_its_own_is_followed(servers: ADDRESSES) -> None:
    _double, url = servers["plain"]
    (content,) = run(engine(url, "address"))[0]
    assert (content.width, content.height) == (64, 64)
    assert "64 × 64 pixels, where 1024 × 1024" in content.facts["notice"]
    assert run(engine(url, "data-address"))[0][0].width == 1024


@pytest.mark.parametrize("how", ["wrong-size", "jpeg"])
def test_what_is_not_quite_as_asked_is_kept_and_told(servers: ADDRESSES, how: str) -> None:
    _double, url = servers["plain"]
    (content,) = run(engine(url, how))[0]
    assert content.media_type == "image/png"
    assert content.data.startswith(b"\x89PNG")
    assert ("notice" in content.facts) == (how == "wrong-size")


@pytest.mark.parametrize(
    ("server", "how", "says", "asked"),
    [
        ("plain", "401", "does not accept the key: Incorrect API key provided: …", 1),
        ("plain", "402", "refused .402.: this is 402", 1),
        ("plain", "403", "does not accept the key", 1),
        ("plain", "404", "no such model or address", 1),
        ("plain", "413", "refused .413.", 1),
        ("plain", "429", "too many requests.*too many", 3),
        ("plain", "429-for-long", "too many requests.*tomorrow", 1),
        ("plain", "500", "refused .500.", 3),
        ("plain", "503", "refused .503.", 3),
        ("plain", "html-503", "refused .503.: HTTP 503", 3),
        ("plain", "moderated", "rules do not allow this wish.*safety system", 1),
        ("openai", "moderated-late", "rules do not allow this wish.*safety system", 1),
        ("plain", "html", "something else than a picture .text/html", 1),
        ("plain", "png", "something else than a picture .image/png", 1),
        ("plain", "redirect", "sends to another address .307.", 1),
        ("plain", "json-200", "insufficient credits for …", 1),
        ("plain", "text-200", "model is not loaded", 1),
        ("plain", "none", "made no picture", 1),
        ("plain", "no-data", "made no picture", 1),
        ("plain", "null", "made no picture", 1),
        ("plain", "strings", "made no picture", 1),
        ("plain", "number", "made no picture", 1),
        ("plain", "list", "cannot be read", 1),
        ("plain", "garbage", "cannot be read", 1),
        ("plain", "bad-base64", "cannot be read", 1),
        ("plain", "html-picture", "no picture that can be read", 1),
        ("plain", "cut-picture", "no picture that can be read", 1),
        ("plain", "svg", "no picture that can be read", 1),
        ("plain", "bomb", "no picture that can be read", 1),
        ("plain", "elsewhere", "another server's address", 1),
        ("plain", "silent", "did not answer in time", 1),
        ("plain", "hangs", "did not answer in time", 1),
        ("plain", "drip", "within 4 seconds", 1),
        ("plain", "half", "broke", 1),
        ("plain", "endless", "cannot be read", 1),
        ("openai", "half", "broke", 1),
        ("openai", "hangs", "did not answer in time", 1),
        ("openai", "done", "broke off before the picture was finished", 1),
    ],
)
def test_every_fault_ends_in_a_sentence_and_is_billed_once(
    servers: ADDRESSES, server: str, how: str, says: str, asked: int, caplog: pytest.LogCaptureFixture
) -> None:
    double, url = servers[server]
    double.asked.clear()
    caplog.set_level(logging.DEBUG)
    began = time.monotonic()
    with pytest.raises(EngineError, match=says) as caught:
        run(engine(url, how, wait=4 if how == "drip" else 60))
    assert time.monotonic() - began < 50, "it hangs"
    assert len(double.asked) == asked
    assert KEY not in str(caught.value) + repr(caught.value.__dict__) + caplog.text


def test_a_service_that_asks_for_patience_gets_it(servers: ADDRESSES) -> None:
    double, url = servers["plain"]
    double.asked.clear()
    assert len(run(engine(url, "429-once"))[0]) == 1
    assert len(double.asked) == 2


def test_nobody_there_is_said() -> None:
    with pytest.raises(EngineError, match="cannot be reached"):
        run(engine(f"http://127.0.0.1:{free_port()}/v1"))


class Choosy(PictureServer):
    """Makes one picture and no more."""

    def misbehaved(self, how: str) -> Any:
        return super().misbehaved("500" if len(self.asked) > 1 else how)


def test_a_picture_that_came_is_kept_and_tells_of_the_others() -> None:
    with Serving(Choosy("vllm-omni")) as url:
        (content,) = run(engine(url), (1, 2, 3))[0]
    assert content.facts["notice"] == "2 of the pictures did not come: The service refused (500): this is 500"


def test_closing_the_run_closes_the_connections(servers: ADDRESSES) -> None:
    double, url = servers["openai"]
    far = engine(url, "hangs", wait=60)
    far.patience = Patience(read=60, late=False)
    running = far.run(Request(Verb.CREATE, BRIEF, far.Params(), (1, 2, 3)))
    for part in running:
        if double.open == 3 and isinstance(part, Step) and part.number > 3:
            break
    running.close()  # type: ignore[attr-defined]
    end = time.monotonic() + 10
    while double.open:
        assert time.monotonic() < end, "a connection stayed open"
        time.sleep(0.02)


def test_a_missing_key_is_said_before_anything_is_asked(servers: ADDRESSES) -> None:
    setting = engine(servers["plain"][1]).setting
    with pytest.raises(EngineError, match="no key far"):
        PictureService(setting, {}).load("cpu")
    assert PictureService(setting.model_copy(update={"key": ""}), {}).unready() is None


@pytest.mark.parametrize("key", ["sk-\u2026", "sk-1\n", "钥匙"])
def test_a_key_that_no_header_can_hold_is_said_and_not_shown(servers: ADDRESSES, key: str) -> None:
    far = PictureService(engine(servers["plain"][1]).setting, {"far": SecretStr(key)}, 4_000_000, QUICK)
    with pytest.raises(EngineError, match="characters that no key has") as caught:
        list(far.run(Request(Verb.CREATE, BRIEF, far.Params(), (1,))))
    assert key.strip() not in str(caught.value)
