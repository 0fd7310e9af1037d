"""What the columns hold: each function gives back what of a row's value has the column's shape, and the value itself where
nothing is wrong with it (app.storage.columns).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app import gate
from app.brief import FIELDS, LISTS, MAX_ITEMS, MAX_TEXT
from app.diff.authorship import By
from app.media.facts import Facts
from app.media.pin import Pin
from app.media.text.prosody.asked import known as known_in_form
from app.models.edge import DAMAGED
from app.storage.columns import Json, Lasting, Whole, Word
from app.verbs.place import Place
from app.verbs.rule import Strength
from app.verbs.verb import Verb

FAULT = {"code": "error", "title": "Something went wrong.", "details": {}}
COLOUR, GREY = re.compile("#[0-9a-f]{6}"), "#808080"
MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[A-Za-z0-9.+-]{1,59}")


class _Shape(BaseModel):
    """Fields that are known; others are let be."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Working(_Shape):
    """What a worker says of itself."""

    threads: int = 1
    engines: list[str] = Field(default_factory=list)


def shaped(model: type[BaseModel]) -> Callable[[Any], dict[str, Any]]:
    """Objects whose known fields fit `model`; one that does not fit is left out."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            return {}
        try:
            model.model_validate(value)
        except ValidationError as error:
            wrong = {one["loc"][0] for one in error.errors() if one["loc"]}
            return {name: one for name, one in value.items() if name not in wrong}
        return value

    return read


def brief(value: Any) -> dict[str, Any]:
    """What of a brief can be read: known fields, no longer than they may be."""
    if not isinstance(value, dict):
        return {}
    told = {name: _said(name, one) for name, one in value.items() if name in FIELDS}
    good = {name: one for name, one in told.items() if one is not None}
    return value if good == value else good


def _said(name: str, said: Any) -> Any:
    if name in LISTS:
        kept = [gate.printable(one, MAX_TEXT) for one in said if isinstance(one, str)] if isinstance(said, list) else []
        return kept[:MAX_ITEMS]
    return gate.printable(said, MAX_TEXT) if isinstance(said, str) else None


def briefs(value: Any) -> list[Any]:
    """Briefs, one for each variant of a run."""
    good = [brief(one) for one in value[:100]] if isinstance(value, list) else []
    return value if good == value else good


def params(value: Any) -> dict[str, Any]:
    """An engine's parameters: words, numbers, and lists of them."""
    if not isinstance(value, dict):
        return {}
    good = {name: one for name, one in value.items() if not any(isinstance(part, (dict, list)) for part in _list_parts(one))}
    return value if len(good) == len(value) else good


def _list_parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def origins(value: Any) -> list[Any]:
    """Ranges of a text that begin with it and leave no gap; else none, which says that nobody knows."""
    at = 0
    try:
        for start, end, by in value:
            whole = type(start) is int and type(end) is int and start == at < end
            if not whole or by not in list(By):
                return []
            at = end
    except (TypeError, ValueError):
        return []
    return value if isinstance(value, list) else []


def form(value: Any) -> dict[str, Any]:
    """What is asked of a text's form, as far as it is known."""
    if not isinstance(value, dict):
        return {}
    good = {name: one for name, one in value.items() if known_in_form(name, one)}
    return value if len(good) == len(value) else good


def fault(value: Any) -> dict[str, Any]:
    """What went wrong: a code, a message id and what fills it."""
    if not isinstance(value, dict):
        return dict(FAULT)
    words = all(isinstance(value.get(name), str) and value[name] for name in ("code", "title"))
    return value if words and isinstance(value.get("details"), Mapping) else dict(FAULT)


def handed(value: Any) -> dict[str, Any]:
    """Which engine would have been taken, what the one that was taken is called, and why: a name and two message ids."""
    parts = [value.get(name) for name in ("instead", "title", "why")] if isinstance(value, dict) else []
    return value if parts and all(isinstance(one, str) and one for one in parts) else {}


def indices(value: Any) -> list[Any]:
    """Places of variants in their run."""
    good = [one for one in value if type(one) is int and 0 <= one < 100] if isinstance(value, list) else []  # noqa: PLR2004 (a run has 8)
    return value if good == value else good


def names(value: Any) -> list[Any]:
    """What things are called."""
    good = [gate.printable(one, 200) for one in value if isinstance(one, str)] if isinstance(value, list) else []
    return value if good == value else good


def two(value: Any) -> list[Any]:
    """Two places in a text, the first before the second."""
    places = isinstance(value, list) and [type(one) for one in value] == [int, int]
    return value if places and 0 <= value[0] < value[1] else [0, 0]


def marks(value: Any) -> list[Any]:
    """What a judge found of each criterion: 0 to 1, or nothing."""
    if not isinstance(value, list):
        return []
    good = [float(one) if isinstance(one, (int, float)) and 0 <= one <= 1 else None for one in value]
    return value if good == value else good


def media_type(value: Any) -> str:
    """A media type, as a header holds it (RFC 9110, 8.3.1)."""
    return value if isinstance(value, str) and MEDIA_TYPE.fullmatch(value) else "application/octet-stream"


def colour(value: Any) -> str:
    """A colour as #rrggbb."""
    return value if isinstance(value, str) and COLOUR.fullmatch(value) else GREY


BRIEF, PARAMS, FACTS, WORKING = Json(brief), Json(params), Json(shaped(Facts)), Json(shaped(Working))
STOPPED, MARKS = Json(indices), Json(marks)
PLACE, ORIGINS, FORM = Json(shaped(Place), null=True), Json(origins, null=True), Json(form, null=True)
SELECTION, FAULTS, PLAIN_FAULT = Json(two, null=True), Json(fault, null=True), Json(fault, null=True, binary=False)
PIN = Json(shaped(Pin), null=True)
NAMES = Json(names, null=True)
HANDED, CHOSEN = Json(handed, null=True), Json(briefs, null=True)
VERB, STRENGTH = Word((*Verb, DAMAGED), DAMAGED, 12), Word(Strength, Strength.SUBTLE, 8)
SEED, COUNT = Whole(0, gate.INT8), Whole(1, 8)
COLOURS, MEDIA_TYPES = Lasting(sa.String(7), colour), Lasting(sa.String(80), media_type)
