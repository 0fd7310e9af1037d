"""A real service: OpenAI's protocol on the embedded model, served here, asked through the wire like any other."""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from app.brief import Brief
from app.engines.engine import Content, Request, Step, Verb
from app.engines.text import gguf
from app.engines.text.remote import Remote
from app.engines.text.smollm import PACKAGE, source
from app.settings import TextSetting
from tests.engines.text.service import Service, Serving, event
from tests.running import CACHE

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason=f"the package {PACKAGE} is not installed"),
    pytest.mark.timeout(600),
]
BRIEF = Brief(intent="a line about the sea")


class Serves(Service):
    """`/v1/chat/completions` with the embedded model's own answers and log-probabilities, as OpenAI's reference has them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        kind: Any = AutoModelForCausalLM
        self.model = kind.from_pretrained(folder, dtype=torch.float32, use_safetensors=True).eval()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.ends = {self.tokenizer.convert_tokens_to_ids(mark) for mark in ("<|im_end|>", "<|endoftext|>")}

    def prompt(self, messages: list[dict[str, str]]) -> list[int]:
        said = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return list(self.tokenizer.encode(said, add_special_tokens=False))

    @torch.inference_mode()
    def step(self, ids: list[int], cache: Any) -> Any:
        answer = self.model(input_ids=torch.tensor([ids]), past_key_values=cache, use_cache=True, logits_to_keep=1)
        return answer.logits[0, -1].float().log_softmax(-1), answer.past_key_values

    async def chat(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        prompt = self.prompt(body["messages"])
        chance = torch.Generator().manual_seed(body["seed"])
        fed, cache, written, why = prompt, None, 0, "length"
        while written < body["max_tokens"]:
            logs, cache = await asyncio.to_thread(self.step, fed, cache)
            hot = body["temperature"]
            id = int(torch.multinomial((logs / hot).softmax(-1), 1, generator=chance) if hot else logs.argmax())
            if id in self.ends:
                why = "stop"
                break
            fed, written = [id], written + 1
            best = [self.token(int(at), logs) for at in logs.topk(8).indices]
            told = {"content": [self.token(id, logs) | {"top_logprobs": best}]}
            choice = {"index": 0, "delta": {"content": self.tokenizer.decode([id])}, "logprobs": told, "finish_reason": None}
            yield event({"model": "smollm2", "choices": [choice]})
        yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": why}]})
        yield event({"choices": [], "usage": {"prompt_tokens": len(prompt), "completion_tokens": written}})
        yield event("[DONE]")

    def token(self, id: int, logs: torch.Tensor) -> dict[str, Any]:
        text = self.tokenizer.decode([id])
        return {"token": text, "bytes": list(text.encode()), "logprob": float(logs[id])}


@pytest.fixture(scope="module")
def service() -> Serves:
    return Serves(gguf.converted(source(), CACHE / "smollm2-135m-instruct"))


@pytest.fixture(scope="module")
def remote(service: Serves) -> Iterator[Remote]:
    with Serving(service) as url:
        yield Remote(TextSetting(name="real", url=url, model="smollm2"), {})


def test_its_words_and_probabilities_are_the_models_own(service: Serves, remote: Remote) -> None:
    request = Request(Verb.CREATE, BRIEF, remote.Params(tokens=12, temperature=0), (1,))
    (content,) = (part for part in remote.run(request) if isinstance(part, Content))
    prompt = service.prompt([{"role": "user", "content": str(content.facts["prompt"])}])
    with torch.inference_mode():
        ids = torch.tensor([prompt])
        bare = service.model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)
    answer = service.tokenizer.decode(bare[0, len(prompt) :], skip_special_tokens=True)
    assert content.data.decode() == answer.strip()
    assert content.facts["usage"] == {"prompt_tokens": len(prompt), "completion_tokens": len(content.tokens)}
    for token in content.tokens:
        assert token.logprob is not None
        assert token.alternatives[0].logprob == pytest.approx(token.logprob), "the likeliest was taken"
        assert len(token.alternatives) == 8


def test_variants_differ_by_their_seed_and_a_seed_is_its_text(remote: Remote) -> None:
    def texts(*seeds: int) -> list[bytes]:
        request = Request(Verb.CREATE, BRIEF, remote.Params(tokens=10), seeds)
        return [part.data for part in remote.run(request) if isinstance(part, Content)]

    one, two = texts(1, 2)
    assert one != two
    assert texts(2) == [two]


def test_leaving_in_the_middle_ends_its_work(service: Serves, remote: Remote) -> None:
    run = remote.run(Request(Verb.CREATE, BRIEF, remote.Params(tokens=4000), (1, 2)))
    next(part for part in run if isinstance(part, Step) and part.pieces)
    assert service.open == 2
    run.close()  # type: ignore[attr-defined]  # a generator
    end = time.monotonic() + 20
    while service.open:
        assert time.monotonic() < end, "it writes on for nobody"
        time.sleep(0.05)
