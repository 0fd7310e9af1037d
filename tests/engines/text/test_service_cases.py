"""What services do that people reported of other programs: the answer is whole, or the reason is said."""

from __future__ import annotations

import pytest

from app.engines.engine import Verb
from app.errors import EngineError
from tests.engines.text.service import KEY, Service
from tests.engines.text.test_remote import TEXT, engine, run, service, url

__all__ = ["service", "url"]  # fixtures

CALM = "The sea was calm."


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("40-service-surrogates/two-events", "Waves 🌊 and wind."),
        ("40-service-surrogates/alone", "Waves \ufffd and wind."),
        ("40-service-surrogates/last", "Waves \ufffd"),
        ("43-service-think/think", CALM),
        ("43-service-think/split", CALM),
        ("43-service-think/beside", CALM),
        ("43-service-think/later", "The <think> tag."),
        ("43-service-think/unopened", CALM),
        ("43-service-think/unopened-split", CALM),
        ("43-service-think/unopened-whole", CALM),
        ("43-service-think/spoken-of", "The <think> tag ends with </think>."),
        ("whole", CALM),
        *(
            (f"service-oddities/{name}", CALM)
            for name in ("comments", "no-choices-first", "no-finish", "no-done", "no-delta", "crlf", "cr")
        ),
        ("service-oddities/crlf-text", "Line one.\nLine two."),
        ("service-oddities/control", "The sea \ufffdwas\ufffd calm."),
        ("service-oddities/no-alternatives", "Calm"),
        ("service-oddities/fewer-scores", "Calm sea"),
        ("service-oddities/null-scores", "Calm"),
    ],
)
def test_the_text_is_whole_and_nothing_but_the_text(url: str, case: str, text: str) -> None:
    (content,) = run(engine(url, case), shown="unopened" not in case)  # a thought that nothing opened was seen as it came
    assert content.data.decode() == text
    assert content.facts["ended"] == "end"


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("43-service-think/only", "only thought, and wrote nothing"),
        ("43-service-think/only-beside", "only thought, and wrote nothing"),
        ("46-service-error-in-200/bare", "model fake-7b is not loaded"),
        ("46-service-error-in-200/in-lines", "model fake-7b is not loaded"),
        ("service-oddities/empty", "wrote nothing"),
        ("service-oddities/blank", "wrote nothing"),
        ("json-200", "insufficient credits for …"),
        ("too-long", "max_tokens: at most 100"),
    ],
)
def test_the_reason_of_the_service_is_said(url: str, case: str, says: str) -> None:
    with pytest.raises(EngineError, match=says) as caught:
        run(engine(url, case))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("case", "text", "ended", "says"),
    [
        ("error-between", "The sea", "broken", "upstream overloaded"),
        ("error-as-reason", "The sea", "broken", "stopped with an error"),
        ("filtered", "The", "content_filter", None),
    ],
)
def test_an_end_in_the_middle_is_told(url: str, case: str, text: str, ended: str, says: str | None) -> None:
    (content,) = run(engine(url, f"service-oddities/{case}"))
    assert (content.data.decode(), content.facts["ended"]) == (text, ended)
    assert says is None or says in content.facts["notice"]


def test_what_came_before_an_error_that_is_no_event_is_kept(url: str) -> None:
    (content,) = run(engine(url, "46-service-error-in-200/after-text"))
    assert content.data.decode() == "The sea"
    assert "model fake-7b is not loaded" in content.facts["notice"]


def test_a_service_is_asked_again_without_what_it_refuses(url: str, service: Service) -> None:
    service.asked.clear()
    (content,) = run(engine(url, "reasoning"), Verb.LINE, "The fox")
    assert content.data.decode() == f"The fox\n{TEXT}"
    last = service.asked[-1]
    assert last["max_completion_tokens"] == 400
    assert not {"max_tokens", "temperature", "logprobs", "top_logprobs", "stop"} & set(last)
    assert content.facts["unheard"] == ["temperature"]
    assert content.seed == 1


def test_a_seed_that_the_service_forbids_is_not_claimed(url: str) -> None:
    (content,) = run(engine(url, "forbids"))
    assert content.data.decode() == TEXT
    assert (content.seed, content.facts["unheard"]) == (None, ["seed"])
