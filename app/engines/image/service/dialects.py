"""What servers of OpenAI's images API do differently, as a table; and which of them answers.

OpenAI: https://platform.openai.com/docs/api-reference/images/create. vLLM-Omni: docs/serving/image_generation_api.md of its
repository. SGLang: its ImageGenerationsRequest (multimodal_gen, entrypoints/openai/protocol.py). LocalAI: its page on image
generation. stable-diffusion.cpp: examples/server/api.md.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from app.engines.shared.wire import Refused

PATH = "/images/generations"
THREE_SIZES = re.compile(r"(chatgpt-image|gpt-image-1(\.\d+)?(-mini)?)(-\D.*|-\d{4}-.*)?$")  # models with no others
LEAVABLE = ("response_format", "stream", "partial_images", "quality", "output_format", "size")
BLOCKED = frozenset({"moderation_blocked", "content_policy_violation", "content_filter", "contentFilter"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """One server's.

    `fields` says where in the request stands what OpenAI's does not know: seed, avoid (what should not be there), steps and
    guidance; a dialect that does not name `avoid` has it in the prompt, in words.
    """

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    base64: bool = True  # must be asked for pictures, or sends addresses
    bar: bool = False  # what is to be avoided stands behind a bar in the prompt
    embedded: bool = False  # `fields` go into the prompt as JSON
    partials: int = 0  # pictures on the way that it streams
    quality: bool = False
    unit: int = 64  # sides are multiples of it
    at_once: int = 1  # requests that it works on together; one that has a single device answers them in turn


EXTENDED = {
    "seed": ("seed",),
    "avoid": ("negative_prompt",),
    "steps": ("num_inference_steps",),
    "guidance": ("guidance_scale",),
}
DIALECTS = {
    "openai": Dialect(base64=False, partials=3, quality=True, unit=16, at_once=4),
    "vllm-omni": Dialect(EXTENDED, at_once=4),
    "sglang": Dialect(EXTENDED, at_once=4),
    "localai": Dialect({"steps": ("step",)}, bar=True),
    "sd-server": Dialect(
        {
            "seed": ("seed",),
            "avoid": ("negative_prompt",),
            "steps": ("sample_params", "sample_steps"),
            "guidance": ("sample_params", "guidance", "txt_cfg"),
        },
        base64=False,
        embedded=True,
    ),
    "plain": Dialect(),
}
# Of what GET /models tells of a model: who owns it, or, of stable-diffusion.cpp's only one, its id.
OWNERS = {"openai": "openai", "openai-internal": "openai", "system": "openai", "vllm": "vllm-omni", "sglang": "sglang"}
TAG = "sd_cpp_extra_args"


def by_address(url: str) -> str | None:
    """The dialect of a service whose address tells it."""
    host = urlsplit(url).hostname or ""
    return "openai" if host == "openai.com" or host.endswith(".openai.com") else None


def by_models(raw: bytes) -> str:
    """The dialect of whoever answered GET /models with `raw`; "plain" where nobody can tell."""
    try:
        models = [model for model in json.loads(raw)["data"] if isinstance(model, dict)]
    except (ValueError, KeyError, TypeError):
        return "plain"
    for model in models:
        if model.get("id") == "sd-cpp-local":
            return "sd-server"
        if (owner := model.get("owned_by")) in OWNERS:
            return OWNERS[owner]
    return "localai" if models and not any("owned_by" in model for model in models) else "plain"


def sized(dialect: Dialect, model: str, ratio: float, side: int) -> str:
    """The size to ask for: about `ratio` (width to height), about the area of a square of `side` pixels."""
    if dialect.quality and THREE_SIZES.match(model):
        return "1536x1024" if ratio > math.sqrt(1.5) else "1024x1536" if ratio < 1 / math.sqrt(1.5) else "1024x1024"
    lengths = (side * math.sqrt(ratio), side / math.sqrt(ratio))
    return "x".join(str(max(1, round(length / dialect.unit)) * dialect.unit) for length in lengths)


def body(
    dialect: Dialect, model: str, prompt: str, size: str, wishes: Mapping[str, Any], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The request for one picture.

    `wishes` may have seed, avoid, steps, guidance and quality; those that the dialect does not know are left out, but for
    `avoid`. `extra` is what the owner wants sent besides, as the server calls it.
    """
    asked: dict[str, Any] = {"model": model, "n": 1, "size": size}
    asked |= {"response_format": "b64_json"} if dialect.base64 else {"output_format": "png"}
    asked |= {"stream": True, "partial_images": dialect.partials} if dialect.partials else {}
    asked |= {"quality": wishes["quality"]} if dialect.quality and wishes.get("quality") else {}
    told: dict[str, Any] = {}
    for name, place in dialect.fields.items():
        if wishes.get(name) not in {None, ""}:
            within = told
            for part in place[:-1]:
                within = within.setdefault(part, {})
            within[place[-1]] = wishes[name]
    return asked | ({} if dialect.embedded else told) | dict(extra) | {"prompt": _worded(dialect, prompt, wishes, told)}


def _worded(dialect: Dialect, prompt: str, wishes: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """The prompt, with what must stand in it; what the artist wrote is never taken for that."""
    avoid = str(wishes.get("avoid") or "")
    if dialect.embedded:
        plain = prompt.replace(TAG, TAG.replace("_", " "))
        within = json.dumps(told).replace("<", "\\u003c")
        return f"{plain} <{TAG}>{within}</{TAG}>" if told else plain
    if dialect.bar:
        plain = prompt.replace("|", "/")
        return f"{plain}|{avoid}" if avoid else plain
    return f"{prompt}\nAvoid: {avoid}" if avoid and "avoid" not in dialect.fields else prompt


def without(asked: Mapping[str, Any], dialect: Dialect, refused: Refused) -> dict[str, Any] | None:
    """The request without what a refusal names; None where it names nothing that can be left out."""
    if refused.status_code not in {400, 422} or refused.code in BLOCKED:
        return None
    leavable = {*LEAVABLE, *(place[0] for place in dialect.fields.values())} & set(asked)
    named = {name for name in leavable if name == refused.param or re.search(rf"['\"`.]{name}['\"`\]]", refused.said)}
    if "stream" in named or "partial_images" in named:
        named |= {"stream", "partial_images"}
    return {name: value for name, value in asked.items() if name not in named} if named else None
