"""How a revision was made, in the words of the bench: what an artist set of an engine, and whose drawings are in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.engines.engine import Engine


class Asked(NamedTuple):
    """A parameter: its name, the title and the name of its value that the bench has for them ("": none), its value."""

    name: str
    title: str
    said: str
    value: Any


def asked(engine: Engine | None, params: Mapping[str, Any]) -> list[Asked]:
    """The parameters of a revision that say something; those of an engine that is not here stand for themselves."""
    fields = engine.Params.model_fields if engine else {}
    found = []
    for name, value in params.items():
        field = fields.get(name)
        extra = field.json_schema_extra if field else None
        names = extra.get("names") if isinstance(extra, dict) else None
        said = names.get(value, "") if isinstance(names, dict) and isinstance(value, str) else ""
        if isinstance(extra, dict) and extra.get("taught") and (not params.get("own_style") or name == "own_style"):
            continue  # its facts tell which style it was
        if value != "" or said:
            found.append(Asked(name, (field.title if field else None) or "", str(said), value))
    return found


def drawn(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The drawings in a composed picture: the name of each, and its set, licence and maker ("": not told)."""
    drawings = facts.get("drawings")
    told = [one for one in drawings if isinstance(one, dict)] if isinstance(drawings, list) else []
    return [(str(one.get("name", "")).replace("-", " "), _source(one)) for one in told]


def _source(drawing: Mapping[str, Any]) -> str:
    return ", ".join(str(drawing[key]) for key in ("set", "licence", "maker") if drawing.get(key))
