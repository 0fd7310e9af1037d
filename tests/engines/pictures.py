"""Asking an engine for pictures, and how alike two are."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from app.brief import Brief
from app.engines.engine import Content, Engine, Parent, Request, Step, Strength, Verb


def request(
    engine: Engine,
    verb: Verb,
    brief: Brief | str,
    seeds: tuple[int, ...],
    parents: tuple[Parent, ...] = (),
    *,
    strength: Strength | None = None,
    **params: Any,
) -> Request:
    brief = Brief(intent=brief) if isinstance(brief, str) else brief
    return Request(verb, brief, engine.Params(**params), seeds, parents, strength)


def made(engine: Engine, *args: Any, **kwargs: Any) -> list[Content]:
    """The finished variants of `request(engine, …)`."""
    return [part for part in engine.run(request(engine, *args, **kwargs)) if isinstance(part, Content)]


def stepped(engine: Engine, *args: Any, **kwargs: Any) -> list[Step]:
    return [part for part in engine.run(request(engine, *args, **kwargs)) if isinstance(part, Step)]


def parent(content: Content, engine: Engine) -> Parent:
    return Parent("vary", content.data, content.media_type, content.seed, engine.name, {})


def imported(image: Image.Image) -> Parent:
    out = io.BytesIO()
    image.save(out, "PNG")
    return Parent("vary", out.getvalue(), "image/png", None, None, {})


def pixels(data: bytes) -> np.ndarray[Any, Any]:
    """RGB, 0 to 255, float64 [height, width, 3]."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(float)


def apart(one: bytes, other: bytes) -> float:
    """Mean absolute difference of two pictures, in steps of 255."""
    return float(np.abs(pixels(one) - pixels(other)).mean())


def alike(one: bytes, other: bytes) -> float:
    """Correlation of two pictures' pixels."""
    return float(np.corrcoef(pixels(one).ravel(), pixels(other).ravel())[0, 1])
