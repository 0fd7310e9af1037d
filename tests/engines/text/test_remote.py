"""Services that write, over real HTTP: as they should, and as they do."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Verb
from app.engines.shared.wire import Patience
from app.engines.text.remote import Remote
from app.errors import EngineError
from app.settings import Settings, TextSetting
from tests.engines.text.service import KEY, WORDS, Service, Serving
from tests.running import free_port

TEXT = "".join(WORDS) + "🍂"
QUICK = Patience(connect=2, read=1.5, tries=3, pause=0.05, longest=1)


@pytest.fixture(scope="module")
def service() -> Service:
    return Service()


@pytest.fixture(scope="module")
def url(service: Service) -> Iterator[str]:
    with Serving(service) as url:
        yield url


def engine(url: str, model: str = "good", kind: str = "openai-chat", **rest: Any) -> Remote:
    setting = TextSetting.model_validate({"name": "far", "kind": kind, "url": url, "model": model, "key": "far"} | rest)
    return Remote(setting, {"far": SecretStr(KEY)}, QUICK)


def run(
    engine: Remote,
    verb: Verb = Verb.CREATE,
    text: str | None = None,
    seeds: tuple[int, ...] = (1,),
    *,
    shown: bool = True,
    **rest: Any,
) -> list[Content]:
    parents = () if text is None else (Parent(verb, text.encode(), "text/plain", None, None, {}),)
    engine.load("cpu")
    made = list(engine.run(Request(verb, Brief(intent="a line on autumn"), engine.Params(), seeds, parents, **rest)))
    contents = [part for part in made if isinstance(part, Content)]
    streamed = {content.index: "" for content in contents}
    for part in made:
        for piece in part.pieces if isinstance(part, Step) else ():
            streamed[piece.index] = streamed.get(piece.index, "") + "".join(token.text for token in piece.tokens)
    for content in contents if shown else ():
        for start, end in content.written:
            assert content.data.decode()[start:end] == streamed[content.index].rstrip()
    return contents


def test_four_answers_at_once_with_probabilities_and_what_they_cost(url: str) -> None:
    four = run(engine(url), seeds=(1, 2, 3, 4))
    assert [content.data.decode() for content in four] == [TEXT] * 4
    tokens = four[0].tokens
    assert [token.text for token in tokens] == [*WORDS, "🍂"]
    assert (tokens[-1].start, tokens[-1].end, tokens[-1].logprob) == (len(TEXT) - 1, len(TEXT), -1.0)
    assert [a.text for a in tokens[0].alternatives] == ["Au", " or"]
    assert four[0].facts["usage"] == {"prompt_tokens": 21, "completion_tokens": 8}
    assert (four[0].facts["ended"], four[0].facts["answered_by"]) == ("end", "chat-1")
    json.dumps(dict(four[0].facts))


def test_the_seed_goes_along(url: str, service: Service) -> None:
    service.asked.clear()
    run(engine(url), seeds=(7, 8))
    assert {asked["seed"] for asked in service.asked} == {7, 8}
    assert all(asked["stream_options"] == {"include_usage": True} for asked in service.asked)


def test_a_service_without_probabilities_is_asked_again_without(url: str) -> None:
    (content,) = run(engine(url, "no-logprobs"))
    assert content.data.decode() == TEXT
    assert content.tokens == ()
    assert content.written == ((0, len(TEXT)),)


def test_length_is_told(url: str) -> None:
    assert run(engine(url, "long"))[0].facts["ended"] == "length"


def test_anthropics_messages(url: str, service: Service) -> None:
    service.headers.clear()
    (content,) = run(engine(url, "good", "anthropic"))
    assert content.data.decode() == "".join(WORDS)
    assert content.facts["usage"] == {"prompt_tokens": 25, "completion_tokens": 15}
    assert (content.facts["ended"], content.seed, content.tokens) == ("end", None, ())
    assert service.headers[0]["x-api-key"] == KEY
    assert service.headers[0]["anthropic-version"] == "2023-06-01"
    assert "authorization" not in service.headers[0]


@pytest.mark.parametrize(
    ("exchange", "text", "ended", "cost"),
    [
        ("basic", "Hello!", "end", {"prompt_tokens": 25, "completion_tokens": 15}),
        (
            "thinking",
            "The greatest common divisor of 1071 and 462 is **21**.",
            "length",
            {"prompt_tokens": 25, "completion_tokens": 40},
        ),
    ],
)
def test_exchanges_of_anthropics_documentation(url: str, exchange: str, text: str, ended: str, cost: dict[str, int]) -> None:
    """What a model thinks before it answers is no part of the text."""
    (content,) = run(engine(url, exchange, "anthropic"))
    assert (content.data.decode(), content.facts["ended"], content.facts["usage"]) == (text, ended, cost)
    assert content.facts["answered_by"] == "claude-sonnet-4-5-20250929"


def test_completions_go_on_from_the_text_and_stop_at_the_line(url: str, service: Service) -> None:
    bare = engine(url, "good", "openai-completions")
    assert Verb.REWRITE not in bare.verbs
    service.asked.clear()
    (content,) = run(bare, Verb.LINE, "The fox")
    assert service.asked[0]["prompt"] == "The fox\n"
    assert content.data.decode() == "The fox\ngoes on"
    assert [(t.start, t.text) for t in content.tokens] == [(8, "goes"), (12, " on")]
    assert [a.text for a in content.tokens[1].alternatives] == [" on", " x"]


def test_a_rewriting_stays_between_what_stays(url: str) -> None:
    (content,) = run(engine(url), Verb.REWRITE, "One two three.", selection=(4, 7), instruction="in Chinese")
    assert content.data.decode() == f"One {TEXT} three."
    assert content.written == ((4, 4 + len(TEXT)),)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("401", "does not accept the key"),
        ("429-for-long", "too many requests.*tomorrow"),
        ("503", "refused .503.: HTTP 503"),
        ("html", "something else than a stream of text .text/html"),
        ("redirect", "sends to another address .307."),
        ("silent", "did not answer in time"),
    ],
)
def test_a_service_that_gives_nothing_is_said_without_the_key(
    url: str, how: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    began = time.monotonic()
    with pytest.raises(EngineError, match=says) as caught:
        run(engine(url, how), seeds=(1, 2))
    assert time.monotonic() - began < 25
    assert KEY not in str(caught.value) + repr(caught.value.__dict__)
    assert KEY not in caplog.text.replace("this is not logged", "")


def test_nobody_there_is_said() -> None:
    with pytest.raises(EngineError, match="cannot be reached"):
        run(engine(f"http://127.0.0.1:{free_port()}/v1"))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("half", "broke"),
        ("garbage", "cannot be read"),
        ("list", "cannot be read"),
        ("wrong", "cannot be read"),
        ("error", "out of memory"),
        ("hangs", "in time"),
    ],
)
def test_what_was_written_before_a_fault_is_kept_and_the_fault_told(url: str, how: str, says: str) -> None:
    (content,) = run(engine(url, how))
    assert content.data.decode() == "".join(WORDS[:4])
    assert content.facts["ended"] == "broken"
    assert says in content.facts["notice"]


def test_anthropics_overload_in_the_middle_is_told(url: str) -> None:
    (content,) = run(engine(url, "overloaded", "anthropic"))
    assert content.data.decode() == "Autumn"
    assert "Overloaded" in content.facts["notice"]


def test_a_service_that_asks_for_patience_gets_it(url: str, service: Service) -> None:
    service.asked.clear()
    began = time.monotonic()
    (content,) = run(engine(url, "429-once"))
    assert content.data.decode() == TEXT
    assert len(service.asked) == 2
    assert time.monotonic() - began >= 0.2


def test_a_fault_is_tried_again_as_often_as_set_and_no_more(url: str, service: Service) -> None:
    service.asked.clear()
    with pytest.raises(EngineError):
        run(engine(url, "503"))
    assert len(service.asked) == QUICK.tries


def wait_until_closed(service: Service) -> None:
    end = time.monotonic() + 10
    while service.open:
        assert time.monotonic() < end, "a connection stayed open"
        time.sleep(0.02)


def test_closing_the_run_closes_the_connections(url: str, service: Service) -> None:
    wait_until_closed(service)
    patient = Remote(engine(url, "hangs").setting, {"far": SecretStr(KEY)}, Patience(read=60))
    running = patient.run(Request(Verb.CREATE, Brief(intent="x"), patient.Params(), (1, 2, 3)))
    for part in running:
        if service.open == 3 and isinstance(part, Step) and part.number:
            break
    running.close()  # type: ignore[attr-defined]
    wait_until_closed(service)


def test_one_answer_is_stopped_and_keeps_what_it_has(url: str, service: Service) -> None:
    patient = Remote(engine(url, "hangs").setting, {"far": SecretStr(KEY)}, Patience(read=60))
    stopped: set[int] = set()
    request = Request(Verb.CREATE, Brief(intent="x"), patient.Params(), (1, 2), stopped=stopped)
    contents = []
    for part in patient.run(request):
        if isinstance(part, Content):
            contents.append(part)
        elif part.number == 4:
            stopped |= {0, 1}
    assert [content.facts["ended"] for content in contents] == ["stopped", "stopped"]
    assert contents[0].data.decode() == "".join(WORDS[:4])
    wait_until_closed(service)


def test_a_missing_key_is_said_before_anything_is_asked(url: str) -> None:
    setting = engine(url).setting
    keyless = Remote(setting, {})
    assert keyless.unready()
    with pytest.raises(EngineError, match="no key far"):
        keyless.load("cpu")
    assert Remote(setting.model_copy(update={"key": ""}), {}).unready() is None


def test_keys_come_from_the_environment_or_a_file_and_are_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("STEMMA_KEYS", json.dumps({"far": KEY}))
    assert Settings().keys["far"].get_secret_value() == KEY
    assert KEY not in repr(Settings())
    monkeypatch.delenv("STEMMA_KEYS")
    (tmp_path / "stemma_keys").write_text(json.dumps({"far": KEY}))
    assert Settings(_secrets_dir=tmp_path).keys["far"].get_secret_value() == KEY  # type: ignore[call-arg]
