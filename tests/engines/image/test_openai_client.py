"""OpenAI's own client as a referee of the double of its service: what it reads there, it would read from the service."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import openai
import pytest

from tests.engines.image.picture_service import PictureServer
from tests.engines.text.service import KEY, Serving


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with Serving(PictureServer("openai")) as url:
        yield openai.OpenAI(base_url=url, api_key=KEY, max_retries=0, timeout=30)


def test_it_reads_a_picture_and_its_cost(client: openai.OpenAI) -> None:
    made = client.images.generate(model="gpt-image-2", prompt="a fox", size="1024x1024", quality="low", output_format="png")
    assert made.data
    assert base64.b64decode(made.data[0].b64_json or "").startswith(b"\x89PNG")


def test_it_reads_the_pictures_on_the_way_and_the_last(client: openai.OpenAI) -> None:
    stream = client.images.generate(model="gpt-image-2", prompt="a fox", size="1024x1024", stream=True, partial_images=3)
    events = list(stream)
    assert [event.type for event in events] == ["image_generation.partial_image"] * 3 + ["image_generation.completed"]
    assert [type(event).__name__ for event in events] == ["ImageGenPartialImageEvent"] * 3 + ["ImageGenCompletedEvent"]
    last = events[-1]
    assert isinstance(last, openai.types.ImageGenCompletedEvent)
    assert (last.usage.input_tokens, last.usage.output_tokens) == (17, 272)
    assert base64.b64decode(last.b64_json).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("model", "error", "code"),
    [
        ("401", openai.AuthenticationError, "invalid_api_key"),
        ("403", openai.PermissionDeniedError, None),
        ("404", openai.NotFoundError, None),
        ("429", openai.RateLimitError, None),
        ("500", openai.InternalServerError, None),
        ("moderated", openai.BadRequestError, "moderation_blocked"),
    ],
)
def test_it_reads_the_errors(client: openai.OpenAI, model: str, error: type[openai.APIStatusError], code: str | None) -> None:
    with pytest.raises(error) as caught:
        client.images.generate(model=model, prompt="a fox", size="1024x1024")
    assert caught.value.code == code


def test_it_reads_an_error_in_the_stream(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIError, match="safety system"):
        list(client.images.generate(model="moderated-late", prompt="a fox", size="1024x1024", stream=True, partial_images=1))


def test_it_reads_the_models(client: openai.OpenAI) -> None:
    assert [(model.id, model.owned_by) for model in client.models.list()] == [("gpt-image-2", "system")]
