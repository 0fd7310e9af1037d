"""Two families of services: OpenAI's chat and completions (also Ollama, vLLM, llama.cpp), and Anthropic's Messages.

https://platform.openai.com/docs/api-reference/chat-streaming, https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.engines.text.tasks import Task
from app.engines.text.transcript import RawToken
from app.errors import EngineError, _

ALTERNATIVES = 8
LEAVABLE = ("logprobs", "top_logprobs", "seed", "stream_options", "temperature", "top_p")
COMPLETION_ALTERNATIVES = 5  # as many as OpenAI's completions give
WHOLE = {"stop": "end", "end_turn": "end", "stop_sequence": "end", "length": "length", "max_tokens": "length"}


class Kind(StrEnum):
    """What a service speaks."""

    CHAT = "openai-chat"
    COMPLETIONS = "openai-completions"
    ANTHROPIC = "anthropic"


PATHS = {Kind.CHAT: "/chat/completions", Kind.COMPLETIONS: "/completions", Kind.ANTHROPIC: "/messages"}


@dataclass(slots=True)
class Delta:
    """What one event brings."""

    heard: list[RawToken] = field(default_factory=list)
    ended: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    model: str | None = None
    thought: bool = False  # something was thought, beside the text


def headers(kind: Kind, key: str) -> dict[str, str]:
    """How the key is shown."""
    if kind is Kind.ANTHROPIC:
        return {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})
    return {"authorization": f"Bearer {key}"} if key else {}


def body(kind: Kind, model: str, task: Task, params: Mapping[str, Any], seed: int, *, logprobs: bool) -> dict[str, Any]:
    """The request for one variant."""
    asked: dict[str, Any] = {"model": model, "stream": True, "max_tokens": params["tokens"]}
    asked |= {"temperature": params["temperature"]} | ({"top_p": params["top_p"]} if params["top_p"] < 1 else {})
    if kind is Kind.COMPLETIONS:
        asked |= {"prompt": task.answer[task.unread :] or f"{task.message}\n\n"}
    else:
        asked |= {"messages": [{"role": "user", "content": task.message}]}
    stops = [stop for stop in task.stops if stop.strip()]  # white space alone is refused by some: the transcript stops there
    if kind is Kind.ANTHROPIC:
        return asked | ({"stop_sequences": stops} if stops else {})
    asked |= {"seed": seed % (1 << 31), "stream_options": {"include_usage": True}} | ({"stop": stops} if stops else {})
    if logprobs and kind is Kind.CHAT:
        asked |= {"logprobs": True, "top_logprobs": ALTERNATIVES}
    elif logprobs:
        asked |= {"logprobs": COMPLETION_ALTERNATIVES}
    return asked


def without(asked: Mapping[str, Any], said: str) -> dict[str, Any] | None:
    """The request without what a service refuses, by the names in what it `said`; None when it names nothing to leave out.

    OpenAI's reasoning models want max_completion_tokens, no temperature, no top_p and no scores; others forbid what they do
    not know. Scores are left out also where nothing is named. What the artist set and is not heard is told (`unheard`).
    """
    named = [name for name in LEAVABLE if name in asked and re.search(rf"\b{name}\b", said)]
    if "stop" in asked and re.search(r"['\"`]stop['\"`]", said):
        named.append("stop")
    if "max_tokens" in asked and re.search(r"\bmax_tokens\b", said):
        rest = {name: value for name, value in asked.items() if name not in named and name != "max_tokens"}
        return rest | {"max_completion_tokens": asked["max_tokens"]}
    if not named or "logprobs" in "".join(named):
        named += [name for name in ("logprobs", "top_logprobs") if name in asked]
    return {name: value for name, value in asked.items() if name not in named} if named else None


def unheard(first: Mapping[str, Any], last: Mapping[str, Any]) -> list[str]:
    """What the artist's request set and the service did not take."""
    return [name for name in ("temperature", "top_p", "seed") if name in first and name not in last]


def delta_of(kind: Kind, event: Mapping[str, Any]) -> Delta:
    """What `event` brings. Raises EngineError for one that tells of an error or is none of the protocol's."""
    if error := event.get("error"):
        message = error.get("message", error) if isinstance(error, dict) else error
        raise EngineError(_("The service stopped with an error: %(said)s"), said=str(message)[:300])
    try:
        return _anthropic(event) if kind is Kind.ANTHROPIC else _openai(event)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as wrong:
        raise EngineError(_("The service answered with something that cannot be read.")) from wrong


def _openai(event: Mapping[str, Any]) -> Delta:
    told = Delta(model=event.get("model"))
    if usage := event.get("usage"):
        told.usage = {name: int(usage[name]) for name in ("prompt_tokens", "completion_tokens") if usage.get(name) is not None}
    for choice in event.get("choices") or ():
        said = choice.get("delta", choice.get("message"))  # a message is an answer that is not streamed
        text = choice["text"] if "text" in choice else said.get("content") if said is not None else None
        told.heard += _heard(str(text or ""), choice.get("logprobs"))
        told.thought |= bool(said and (said.get("reasoning_content") or said.get("reasoning")))
        if reason := choice.get("finish_reason"):
            told.ended = WHOLE.get(reason, str(reason))
    return told


def _heard(text: str, logprobs: Mapping[str, Any] | None) -> list[RawToken]:
    """The tokens with their scores, where these are the whole text; else the text alone."""
    scored, whole = _scored(logprobs), _utf8(text)
    known = b"".join(token.data for token in scored)
    if scored and not (len(known) < len(whole) and whole.startswith(known)):
        return scored
    return [RawToken(whole, None)] if whole else []


def _scored(logprobs: Mapping[str, Any] | None) -> list[RawToken]:
    """Tokens with their log-probabilities, of chat (`content`) or completions (`tokens`)."""
    if not logprobs:
        return []
    if content := logprobs.get("content"):
        return [
            RawToken(
                _bytes(token),
                None if token.get("logprob") is None else float(token["logprob"]),
                alternatives=_ranked((_bytes(t), t.get("logprob")) for t in token.get("top_logprobs") or ()),
            )
            for token in content
        ]
    tokens, values = logprobs.get("tokens") or [], logprobs.get("token_logprobs") or []
    tops = logprobs.get("top_logprobs") or [None] * len(tokens)
    return [
        RawToken(_utf8(token), value, alternatives=_ranked((_utf8(text), other) for text, other in (top or {}).items()))
        for token, value, top in zip(tokens, values, tops, strict=True)
    ]


def _bytes(token: Mapping[str, Any]) -> bytes:
    raw: Sequence[int] | None = token.get("bytes")
    return bytes(raw) if raw is not None else _utf8(str(token["token"]))


def _utf8(text: str) -> bytes:
    """Half a character of UTF-16, which JSON may hold, stays a half: Answer joins it with the other."""
    return text.encode("utf-8", "surrogatepass")


def _ranked(pairs: Any) -> tuple[tuple[bytes, float], ...]:
    return tuple(sorted(((data, float(value)) for data, value in pairs if value is not None), key=lambda pair: -pair[1]))


def _anthropic(event: Mapping[str, Any]) -> Delta:
    kind, told = event["type"], Delta()
    if kind == "message_start":
        told.model = event["message"].get("model")
        told.usage = {"prompt_tokens": int(event["message"]["usage"]["input_tokens"])}
    elif kind == "content_block_delta" and event["delta"].get("type") == "text_delta":
        told.heard = [RawToken(_utf8(str(event["delta"]["text"])), None)]
    elif kind == "message_delta":
        if reason := event["delta"].get("stop_reason"):
            told.ended = WHOLE.get(reason, str(reason))
        if usage := event.get("usage"):
            told.usage = {"completion_tokens": int(usage["output_tokens"])}
    return told
