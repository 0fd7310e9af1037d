"""What is too long for an engine is said before it runs, with what could be left out."""

from __future__ import annotations

from dataclasses import replace

from app.engines.engine import Engine
from app.errors import InvalidError, _
from app.media.medium import traits
from app.models.generation import Generation
from app.requests.engine_request import request_for


class OverlongError(InvalidError):
    """More than the engine reads; `extra` holds `tokens`, `most` and `parts`: [{name, tokens}]."""

    code, title = "overlong", _("This is longer than the engine can read.")


def refuse_overlong(engine: Engine, generation: Generation) -> None:
    """Raises OverlongError when the engine of a text cannot read all that `generation` asks it to."""
    if not traits(engine.medium).worded:
        return
    longest = max(map(generation.brief_of, range(generation.count)), key=lambda brief: len(brief.prompt().positive))
    fit = engine.fit(replace(request_for(generation, engine), brief=longest, seeds=()))
    if fit is None or not fit.over:
        return
    said = _("%(tokens)d tokens, and this engine reads %(most)d. Choose what it leaves unread.")
    if not fit.parts:
        said = _("%(tokens)d tokens, and this engine reads %(most)d. Shorten it, or take an engine that reads more.")
    parts = [{"name": str(part), "tokens": count} for part, count in fit.parts.items()]
    extra = {"tokens": fit.tokens, "most": fit.most, "parts": parts, "leave_out": list(generation.place.leave_out)}
    raise OverlongError("leave_out", said, extra=extra, tokens=fit.tokens, most=fit.most)
