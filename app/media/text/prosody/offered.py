"""Forms as a page offers them: what each named one has, and what is asked of a text as the fields of a page hold it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.gate import parsed, whole
from app.media.text.prosody.asked import FREE, NUMBERS, REGULATED
from app.media.text.prosody.presets import TITLES, presets

OWN = ("language", "lines", "stanzas", "measure", "rhyme", "rhyming", "metre", "tones", "start", "first_rhymed", "freedom")
FIELDS = ("preset", "book", "acrostic", "must", "avoid", *OWN)  # what a page has fields for; the rest goes along unseen
LISTS = ("must", "avoid", "tones")


def offered() -> list[dict[str, Any]]:
    """The named forms with what they have where a field is left empty."""
    return [
        {"name": name, "title": TITLES[name], "language": form.language, "regulated": name in REGULATED}
        | {"lines": form.total or "", "stanzas": spelled(form.stanzas), "measure": spelled(form.measure)}
        | {"rhyme": form.rhyme, "metre": form.metre}
        for name, form in presets().items()
    ]


def filled(asked: Mapping[str, Any] | None) -> dict[str, str]:
    """What is asked for as text, by field; `rest` is the JSON of what has no field, as a program may have asked for it."""
    found = {}
    for name in FIELDS:
        value = (asked or {}).get(name, "")
        listed = name in LISTS and isinstance(value, list)
        found[name] = "\n".join(value) if listed else spelled(value) if name in NUMBERS else _field_text(value)
    rest = {name: value for name, value in (asked or {}).items() if name not in FIELDS}
    return found | {"rest": json.dumps(rest, ensure_ascii=False) if rest else ""}


def read_fields(form: Any) -> Any:
    """What `filled` spelled, as the page's own form posts it where no script reads it: `rest` unfolded, lines as a number.

    A page's form is known by its `rest`; anything else, a program's object or nonsense, comes back as it is.
    """
    if not isinstance(form, Mapping) or not isinstance(form.get("rest"), str):
        return form
    given: dict[str, Any] = {name: value for name, value in form.items() if name != "rest" and value != ""}
    if given.get("preset") == FREE:
        del given["preset"]
    if isinstance(count := given.get("lines"), str):
        given["lines"] = whole(count) or count
    unseen = parsed(form["rest"]) if form["rest"] else {}
    return {**(unseen if isinstance(unseen, dict) else {}), **given} or None


def spelled(counts: Any) -> str:
    """Numbers and spans as people write them: [[8, 10], 7] is "8-10 7"."""
    if not isinstance(counts, (list, tuple)):
        return str(counts)
    spans = (one if isinstance(one, (list, tuple)) else (one,) for one in counts)
    return " ".join("-".join(dict.fromkeys(str(number) for number in span)) for span in spans)


def _field_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
