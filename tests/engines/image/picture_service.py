"""Servers of OpenAI's images API as their documentation has them; the model's name says how they misbehave.

What each takes and tells is in app/engines/image/service/dialects.py, with its sources. OpenAI's own client reads the
double of OpenAI in test_openai_client.py.
"""

from __future__ import annotations

import asyncio
import base64
import colorsys
import io
import json
import re
import time
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from PIL import Image

from tests.engines.text.service import KEY, event

MODELS: dict[str, dict[str, Any]] = {
    "openai": {"object": "list", "data": [{"id": "gpt-image-2", "object": "model", "owned_by": "system"}]},
    "vllm-omni": {"object": "list", "data": [{"id": "good", "object": "model", "owned_by": "vllm"}]},
    "sglang": {"object": "list", "data": [{"id": "good", "object": "model", "owned_by": "sglang", "task_type": "T2I"}]},
    "localai": {"object": "list", "data": [{"id": "good", "object": "model"}]},
    "sd-server": {"data": [{"id": "sd-cpp-local", "object": "model", "owned_by": "local"}]},
    "plain": {"data": [{"id": "good", "owned_by": "somebody"}]},
}
OPENAI = {
    *("model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression", "moderation"),
    *("stream", "partial_images", "user", "safety_identifier"),
}
VLLM = {
    *("model", "prompt", "n", "size", "response_format", "user", "negative_prompt", "num_inference_steps", "guidance_scale"),
    *("true_cfg_scale", "seed"),
}
SIZES = ("1024x1024", "1536x1024", "1024x1536", "auto")
USAGE = {
    "input_tokens": 17,
    "output_tokens": 272,
    "total_tokens": 289,
    "input_tokens_details": {"text_tokens": 17, "image_tokens": 0},
}
SD_ARGS = re.compile(r" ?<sd_cpp_extra_args>(.*?)</sd_cpp_extra_args>")
STATUSES = {400, 402, 403, 404, 413, 500, 503}


def picture(seed: int, size: tuple[int, int], kind: str = "PNG") -> bytes:
    """One colour, which the seed says."""
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(seed % 360 / 360, 0.8, 0.9))
    out = io.BytesIO()
    Image.new("RGB", size, (red, green, blue)).save(out, kind)
    return out.getvalue()


def refusal(status: int, message: str, **rest: Any) -> JSONResponse:
    return JSONResponse(
        {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | rest}, status
    )


class PictureServer:
    """The application, and what it was asked. `server` is the dialect it speaks."""

    def __init__(self, server: str) -> None:
        self.server, self.app = server, FastAPI()
        self.asked: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []  # what a server reads out of it
        self.headers: list[dict[str, str]] = []
        self.open = self.most_open = 0
        self.pause = 0.15  # seconds between two pictures on the way
        self.app.get("/v1/models")(self.models)
        self.app.post("/v1/images/generations")(self.generations)
        self.app.get("/v1/files/{seed}.png")(self.file)

    def models(self) -> Response:
        return JSONResponse(MODELS[self.server])

    def file(self, seed: int) -> Response:
        return Response(picture(seed, (64, 64)), media_type="image/png")

    async def generations(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        if (refused := self.refused(body)) is not None:
            return refused
        self.heard.append(self.read(body))
        how = str(body["model"])
        if (odd := self.odd(how)) is not None:
            return odd
        if body.get("stream"):
            return StreamingResponse(self.counted(self.streamed(how, body)), media_type="text/event-stream")
        if how == "slow":
            await asyncio.sleep(0.2)
        return StreamingResponse(self.counted(self.whole(how, body)), media_type="application/json")

    def read(self, body: dict[str, Any]) -> dict[str, Any]:
        """As this server understands it."""
        if self.server == "sd-server" and (found := SD_ARGS.search(body["prompt"])):
            return body | json.loads(found[1]) | {"prompt": SD_ARGS.sub("", body["prompt"])}
        if self.server == "localai":
            prompt, _bar, avoid = str(body["prompt"]).partition("|")
            return body | {"prompt": prompt, "negative_prompt": avoid}
        return body

    def refused(self, body: dict[str, Any]) -> Response | None:
        """What this server does not take, as it says so."""
        how = str(body["model"])
        if self.server == "openai" and (unknown := sorted(set(body) - OPENAI)):
            said = f"Unknown parameter: '{unknown[0]}'."
            return refusal(400, said, param=unknown[0], code="unknown_parameter")
        if self.server == "openai" and how.startswith("gpt-image-1") and body["size"] not in SIZES:
            said = f"Invalid value: '{body['size']}'. Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'."
            return refusal(400, said, param="size", code="invalid_value")
        if self.server == "vllm-omni" and body.get("stream"):
            return JSONResponse({"detail": "stream is only supported for multi-stage models"}, 400)
        if self.server == "vllm-omni" and (
            unknown := sorted(set(body) - VLLM | ({"seed"} & set(body) if how == "no-seed" else set()))
        ):
            return JSONResponse(
                {"detail": [{"type": "extra_forbidden", "loc": ["body", unknown[0]], "msg": "Extra inputs"}]}, 422
            )
        if how == "unverified" and body.get("stream"):
            said = "Your organization must be verified to stream this model."
            return refusal(400, said, param="stream", code="unsupported_value")
        return self.misbehaved(how)

    def misbehaved(self, how: str) -> Response | None:
        if how.isdigit() and int(how) in STATUSES:
            return refusal(int(how), f"this is {how}")
        if how == "429-once" and sum(asked["model"] == how for asked in self.asked) > 1:
            return None
        said = "Your request was rejected by the safety system."
        answers: dict[str, Response] = {
            "401": refusal(401, f"Incorrect API key provided: {KEY}", code="invalid_api_key"),
            "429-once": JSONResponse({"error": {"message": "slow down"}}, 429, headers={"retry-after": "0.2"}),
            "429-for-long": JSONResponse({"error": {"message": "tomorrow"}}, 429, headers={"retry-after": "9999"}),
            "429": JSONResponse({"error": {"message": "too many"}}, 429),
            "html-503": HTMLResponse("<html>bad gateway</html>", 503),
            "moderated": refusal(400, said, type="image_generation_user_error", code="moderation_blocked"),
        }
        return answers.get(how)

    def odd(self, how: str) -> Response | None:
        answers: dict[str, Response] = {
            "html": HTMLResponse("<html>hello</html>"),
            "png": Response(picture(1, (64, 64)), media_type="image/png"),
            "redirect": RedirectResponse("http://169.254.169.254/latest/meta-data/"),
            "json-200": JSONResponse({"error": {"message": f"insufficient credits for {KEY}", "code": 402}}),
            "text-200": JSONResponse({"error": "model is not loaded"}),
            "none": JSONResponse({"created": 1, "data": []}),
            "no-data": JSONResponse({"created": 1}),
            "list": JSONResponse([1, 2]),
            "null": JSONResponse({"created": 1, "data": None}),
            "strings": JSONResponse({"created": 1, "data": ["x"]}),
            "number": JSONResponse({"created": 1, "data": [{"b64_json": 3}]}),
            "elsewhere": JSONResponse({"created": 1, "data": [{"url": "http://169.254.169.254/latest/meta-data/"}]}),
        }
        return answers.get(how)

    async def counted(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            async for chunk in stream:
                yield chunk
        finally:
            self.open -= 1

    def drawn(self, how: str, body: dict[str, Any]) -> bytes:
        across, down = (int(part) for part in str(body.get("size", "1024x1024")).split("x"))
        data = picture(int(self.read(body).get("seed", 0)), (64, 64) if how == "wrong-size" else (across, down))
        odd = {
            "html-picture": b"<html>no</html>",
            "cut-picture": data[: len(data) // 2],
            "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "jpeg": picture(1, (across, down), "JPEG"),
        }
        return bomb() if how == "bomb" else odd.get(how, data)

    def item(self, how: str, body: dict[str, Any]) -> dict[str, Any]:
        sent = base64.b64encode(self.drawn(how, body)).decode()
        if how == "address" or (self.server in {"localai", "sglang", "plain"} and body.get("response_format") != "b64_json"):
            return {"url": "/v1/files/7.png"}
        odd = {"bad-base64": {"b64_json": "!!!"}, "data-address": {"url": f"data:image/png;base64,{sent}"}}
        return odd.get(how, {"b64_json": sent, "url": None})

    async def whole(self, how: str, body: dict[str, Any]) -> AsyncIterator[bytes]:
        """The answer in one piece, in pieces."""
        if how == "silent":
            await asyncio.sleep(60)
        raw = b"{not json" if how == "garbage" else json.dumps({"created": 1, "data": [self.item(how, body)]}).encode()
        if how == "endless":
            yield b'{"data": [{"b64_json": "'
            for _megabyte in range(2048):
                yield b"A" * 1_000_000
        half = len(raw) // 2
        yield raw[:half]
        if how == "half":
            raise RuntimeError("the machine went off")  # uvicorn closes the socket
        if how == "hangs":
            await asyncio.sleep(60)
        if how == "drip":
            for byte in raw[half:]:
                yield bytes([byte])
                await asyncio.sleep(0.02)
        yield raw[half:]

    async def streamed(self, how: str, body: dict[str, Any]) -> AsyncIterator[bytes]:
        """Events, as https://platform.openai.com/docs/api-reference/images-streaming has them."""
        same = {
            "created_at": int(time.time()),
            "size": body["size"],
            "quality": "low",
            "background": "opaque",
            "output_format": "png",
        }
        for index in range(body.get("partial_images", 0)):
            kind = "image_generation.partial_image"
            sent = base64.b64encode(picture(index * 90, (64, 48))).decode()
            yield event({"type": kind, "b64_json": sent, "partial_image_index": index} | same, kind)
            await asyncio.sleep(self.pause)
            if how == "moderated-late":
                yield event(
                    {"type": "error", "error": {"code": "moderation_blocked", "message": "Rejected by the safety system."}},
                    "error",
                )
                return
            if how == "hangs":
                await asyncio.sleep(60)
            if how == "half":
                raise RuntimeError("the machine went off")
            if how == "done":
                yield event("[DONE]")
                return
        kind = "image_generation.completed"
        done = {"type": kind, "b64_json": base64.b64encode(self.drawn(how, body)).decode(), "usage": USAGE} | same
        yield event(done, kind)


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """A small file of a picture with 256 million pixels."""
    out = io.BytesIO()
    Image.new("1", (16_000, 16_000)).save(out, "PNG")
    return out.getvalue()
