"""A service that speaks OpenAI's and Anthropic's protocols, well or badly: the model's name says how it behaves."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from tests.running import free_port

# What Anthropic's documentation shows of streams: https://docs.anthropic.com/en/docs/build-with-claude/streaming
RECORDED = Path(__file__).with_name("anthropic")
CASES = Path(__file__).parents[2] / "cases"  # answers that people reported: <case>/<name>.sse, asked for as <case>/<name>
KEY = "sk-this-must-never-be-seen"
WORDS = ["Au", "tumn", " has", " 秋", "天", "."]
REFUSED = ("max_tokens", "temperature", "logprobs", "stop")  # what OpenAI's reasoning models refuse, one at a time
EXTRA = ("stream_options", "seed", "logprobs", "top_logprobs")
HALF = "🍂".encode()


def event(data: object, name: str | None = None) -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def scored(data: bytes) -> dict[str, Any]:
    other = {"token": " or", "bytes": list(b" or"), "logprob": -2.5}
    own = {"token": data.decode("utf-8", "replace"), "bytes": list(data), "logprob": -0.5}
    return own | {"top_logprobs": [own, other]}


# What comes in the middle of an answer.
FAULTS = {
    "garbage": b"data: {not json\n\n",
    "error": event({"error": {"message": "out of memory"}}),
    "list": event([1, 2]),
    "wrong": event({"choices": [{"delta": 3}]}),
}


class Service:
    """The application, what it was asked, and how many answers are being written."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.open = 0
        for path in ("/v1/chat/completions", "/v1/completions", "/v1/messages"):
            self.app.post(path)(self.answer)

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        how, path = body["model"], request.url.path
        tries = sum(asked["model"] == how for asked in self.asked)
        if (refusal := self.refusal(how, tries, body)) is not None:
            return refusal
        write = self.anthropic if path.endswith("messages") else self.completions if path == "/v1/completions" else self.chat
        return StreamingResponse(self.counted(write(body)), media_type="text/event-stream")

    @staticmethod
    def refusal(how: str, tries: int, body: dict[str, Any]) -> Response | None:
        """What is said instead of an answer, if anything."""
        refusals: dict[str, Response] = {
            "401": JSONResponse({"error": {"message": f"Incorrect API key provided: {KEY}"}}, 401),
            "429-for-long": JSONResponse({"error": {"message": "tomorrow"}}, 429, headers={"retry-after": "9999"}),
            "503": HTMLResponse("<html>bad gateway</html>", 503),
            "html": HTMLResponse("<html>hello</html>"),
            "json-200": JSONResponse({"error": {"message": f"insufficient credits for {KEY}", "code": 402}}),
            "whole": JSONResponse({"choices": [{"message": {"content": "The sea was calm."}, "finish_reason": "stop"}]}),
            "redirect": RedirectResponse("/v1/elsewhere"),
        }
        if how == "429-once" and tries == 1:
            return JSONResponse({"error": {"message": "slow down"}}, 429, headers={"retry-after": "0.2"})
        if how == "no-logprobs" and "logprobs" in body:
            return JSONResponse({"error": {"message": "logprobs are not supported"}}, 400)
        if how == "reasoning" and (wrong := next((name for name in REFUSED if name in body), None)):
            said = f"Unsupported parameter: '{wrong}' is not supported with this model."
            said += " Use 'max_completion_tokens' instead." if wrong == "max_tokens" else ""
            return JSONResponse({"error": {"message": said, "param": wrong, "code": "unsupported_parameter"}}, 400)
        if how == "forbids" and (extra := next((name for name in EXTRA if name in body), None)):
            detail = [{"type": "extra_forbidden", "loc": ["body", extra], "msg": "Extra inputs are not permitted"}]
            return JSONResponse({"object": "error", "message": {"detail": detail}, "type": "invalid_request_error"}, 422)
        if how == "too-long":
            return JSONResponse({"error": {"message": "max_tokens: at most 100"}}, 400)
        return refusals.get(how)

    async def counted(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            async for chunk in stream:
                yield chunk
        finally:
            self.open -= 1

    async def chat(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        how = body["model"]
        if (case := CASES / f"{how}.sse").is_file():
            yield case.read_bytes()
            return
        if how == "silent":
            await asyncio.sleep(60)
        yield b": a comment\n\n"
        halves = [HALF[:2], HALF[2:]] if "logprobs" in body else [HALF]
        pieces = [word.encode() for word in WORDS] + halves
        for at, piece in enumerate(pieces):
            choice: dict[str, Any] = {"index": 0, "delta": {"content": piece.decode("utf-8", "ignore")}, "finish_reason": None}
            if "logprobs" in body:
                choice["logprobs"] = {"content": [scored(piece)]}
            raw = event({"model": "chat-1", "choices": [choice]})
            yield raw[:11]  # an event may come in pieces
            yield raw[11:]
            if at == 3:
                yield FAULTS.get(how, b"")
                if how == "half":
                    return
                if how == "hangs":
                    await asyncio.sleep(60)
        yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": "length" if how == "long" else "stop"}]})
        yield event({"choices": [], "usage": {"prompt_tokens": 21, "completion_tokens": 8, "total_tokens": 29}})
        yield event("[DONE]")

    async def completions(self, _body: dict[str, Any]) -> AsyncIterator[bytes]:
        for word in (" goes", " on", "\n", "too far"):
            logprobs = {
                "tokens": [word],
                "token_logprobs": [-1.0],
                "top_logprobs": [{word: -1.0, " x": -3.0}],
                "text_offset": [0],
            }
            yield event({"choices": [{"text": word, "logprobs": logprobs, "finish_reason": None}]})
        yield event({"choices": [{"text": "", "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
        yield event("[DONE]")

    async def anthropic(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        recorded = RECORDED / f"{body['model']}.sse"
        if recorded.is_file():
            yield recorded.read_bytes()
            return
        usage = {"input_tokens": 25, "output_tokens": 1}
        yield event({"type": "message_start", "message": {"model": "claude-1", "usage": usage}}, "message_start")
        start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        yield event(start, "content_block_start")
        yield event({"type": "ping"}, "ping")
        for at, word in enumerate(WORDS):
            delta = {"type": "text_delta", "text": word}
            yield event({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")
            if at == 1 and body["model"] == "overloaded":
                yield event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")
        yield event({"type": "content_block_stop", "index": 0}, "content_block_stop")
        end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 15}}
        yield event(end, "message_delta")
        yield event({"type": "message_stop"}, "message_stop")


class Serving:
    """The service on a port of its own, in a thread."""

    def __init__(self, service: Service) -> None:
        self.port = free_port()
        self.server = uvicorn.Server(
            uvicorn.Config(service.app, port=self.port, log_level="error", timeout_graceful_shutdown=1)
        )
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> str:
        self.thread.start()
        end = time.monotonic() + 30
        while not self.server.started:
            assert time.monotonic() < end
            time.sleep(0.01)
        return f"http://127.0.0.1:{self.port}/v1"

    def __exit__(self, *_error: object) -> None:
        self.server.should_exit = True
        self.thread.join(10)
