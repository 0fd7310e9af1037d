"""What is too long for an engine is said before it runs, with what could be left out."""

from __future__ import annotations

from app.engines.engine import Engine, Medium, Parent, Part, Request, Strength, Verb
from app.errors import InvalidError, _
from app.models.generation import Generation, GenerationParent


class OverlongError(InvalidError):
    """More than the engine reads; `extra` holds `tokens`, `most` and `parts`: [{name, tokens}]."""

    code, title = "overlong", _("This is longer than the engine can read.")


def refuse_overlong(engine: Engine, generation: Generation) -> None:
    """Raises OverlongError when the engine of a text cannot read all that `generation` asks it to."""
    if engine.medium is not Medium.TEXT:
        return
    fit = engine.fit(_request(engine, generation))
    if fit is None or not fit.over:
        return
    said = _("%(tokens)d tokens, and this engine reads %(most)d. Choose what it leaves unread.")
    if not fit.parts:
        said = _("%(tokens)d tokens, and this engine reads %(most)d. Shorten it, or take an engine that reads more.")
    parts = [{"name": str(part), "tokens": count} for part, count in fit.parts.items()]
    left = (generation.place or {}).get("leave_out", [])
    extra = {"tokens": fit.tokens, "most": fit.most, "parts": parts, "leave_out": left}
    raise OverlongError("leave_out", said, extra=extra, tokens=fit.tokens, most=fit.most)


def _request(engine: Engine, generation: Generation) -> Request:
    """What the engine will be asked, as far as its length goes: without seeds."""
    place = generation.place or {}
    return Request(
        Verb(generation.verb),
        generation.brief,
        engine.Params.model_validate(generation.params),
        (),
        tuple(_parent(parent) for parent in generation.parents),
        Strength(generation.strength) if generation.strength else None,
        selection=tuple(place["selection"]) if place.get("selection") else None,
        at=place.get("at"),
        choice=place.get("choice") or "",
        instruction=place.get("instruction") or "",
        leave_out=frozenset(Part(part) for part in place.get("leave_out") or ()),
    )


def _parent(parent: GenerationParent) -> Parent:
    revision = parent.revision
    text = revision.text.encode() if revision.text is not None else None
    words = revision.brief.prompt().positive or revision.work.title
    return Parent(parent.role, text, "text/plain" if text is not None else None, None, revision.engine, {}, words)
