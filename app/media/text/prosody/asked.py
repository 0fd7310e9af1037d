"""The form that somebody asks for, as data: a preset's name and what it is to have otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.errors import InvalidError, _
from app.gate import invalid
from app.media.text.prosody.form import Breaks, Form, Freedom, Language
from app.media.text.prosody.presets import presets, regulated

FREE = "free"
LISTS = {"must", "avoid"}  # a form field sends them as one text, a line or a comma each
NUMBERS = {"measure", "stanzas"}  # and these as numbers: "5 7 5", "8-10"
REGULATED = {"wujue": (5, 4), "qijue": (7, 4), "wulv": (5, 8), "qilv": (7, 8), "wupai": (5, 12)}  # characters a line, lines
CHOICES = {"start", "first_rhymed"}  # which patterns of regulated verse: 平 or 仄 first, whether the first line rhymes
TONES = "tones"  # a tone pattern of one's own, a line each: 平, 仄, 中 for either


def form_of(data: Mapping[str, Any] | None) -> Form:
    """The form for {"preset": "qijue", …}: a named form, its fields replaced by those given; none asks for nothing.

    Regulated verse also takes `start` ("平" or "仄") and `first_rhymed`; any form takes `tones`, a pattern of one's own.
    Empty fields say nothing. Raises InvalidError naming the field.
    """
    given = cleaned_form(data)
    name = given.pop("preset", FREE)
    if not isinstance(name, str) or name not in presets():
        raise InvalidError("form.preset", _("allowed here: %(names)s"), names=", ".join(presets()))
    chosen = {key: given.pop(key) for key in CHOICES & given.keys()}
    base = _regulated(name, chosen) if chosen else presets()[name]
    fields = {**base.model_dump(), **_own_tones(given.pop(TONES, [])), **given}
    if "rhyme" in given and "patterns" not in given:
        fields["patterns"] = [{**dict(pattern), "rhyme": given["rhyme"]} for pattern in fields["patterns"]]
    try:
        return Form.model_validate(fields)
    except ValidationError as error:
        raise invalid(error, "form") from error


def cleaned_form(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """`data` as it is kept: without what says nothing, texts of lists as lists. Raises InvalidError for what is no field."""
    found: dict[str, Any] = {}
    for name, value in (data or {}).items():
        if name not in {"preset", TONES, *CHOICES, *Form.model_fields}:
            known = sorted({TONES, *Form.model_fields})
            raise InvalidError(f"form.{name}"[:80], _("allowed here: %(names)s"), names=", ".join(known))
        if value in ("", None, [], ()):
            continue
        found[name] = _list_from_text(name, value)
    return found


def known(name: str, value: Any) -> bool:
    """Whether a row may hold `value` under `name`: a named form for `preset`, words and numbers for a form's other fields."""
    if name == "preset":
        return isinstance(value, str) and value in presets()
    if name in {*LISTS, TONES} and isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    parts = (
        [one for part in value for one in (part if isinstance(part, list) else [part])] if isinstance(value, list) else [value]
    )
    patterns = name == "patterns" and isinstance(value, list) and all(isinstance(one, dict) for one in value)
    plain = all(one is None or isinstance(one, (str, int, float)) for one in parts)
    return name in {TONES, *CHOICES, *Form.model_fields} and (plain or patterns)


def _list_from_text(name: str, value: Any) -> Any:
    """A list's field from the text that a form sends; anything else as it is."""
    if name in LISTS and isinstance(value, str):
        return [part.strip() for part in re.split(r"[\n,，、]", value) if part.strip()]
    if name in NUMBERS and isinstance(value, str):
        return [_numbers(name, part) for part in re.split(r"[\s,，、/+]+", value.strip())]
    if name == TONES and isinstance(value, str):
        return value.split()
    return [value] if name in NUMBERS and isinstance(value, int) else value


def _own_tones(lines: Any) -> dict[str, Any]:
    """The fields of a form that has these tones, so many lines and characters a line; none for none."""
    if not lines:
        return {}
    if not isinstance(lines, list) or not all(isinstance(line, str) and re.fullmatch("[平仄中]{1,20}", line) for line in lines):
        raise InvalidError("form.tones", _("a line of 平, 仄 or 中 for each line of the text is expected"))
    measure = [(len(line), len(line)) for line in lines]
    kept = {"language": Language.CHINESE, "breaks": Breaks.CLAUSE, "freedom": Freedom.EXACT, "stanzas": ()}
    return kept | {"lines": len(lines), "measure": measure, "patterns": [{"tones": lines}]}


def _numbers(name: str, text: str) -> int | list[int]:
    """ "7" is exactly seven, "5-7" five to seven."""
    if not re.fullmatch(r"\d{1,4}([-–~]\d{1,4})?", text):
        raise InvalidError(f"form.{name}", _("numbers are expected, such as 5 7 5 or 8-10"))
    first, _dash, last = re.sub("[–~]", "-", text).partition("-")
    return [int(first), int(last)] if last else int(first)


def _regulated(name: str, chosen: dict[str, Any]) -> Form:
    """The preset with only those of its tone patterns that begin as `chosen`."""
    if name not in REGULATED:
        raise InvalidError("form.start", _("only for regulated verse: %(names)s"), names=", ".join(REGULATED))
    start, rhymed = chosen.get("start"), chosen.get("first_rhymed")
    if start not in (None, "平", "仄"):
        raise InvalidError("form.start", _("allowed here: %(names)s"), names="平, 仄")
    if isinstance(rhymed, str):
        rhymed = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}.get(rhymed.lower(), rhymed)
    if rhymed not in (None, True, False):
        raise InvalidError("form.first_rhymed", _("allowed here: %(names)s"), names="true, false")
    return regulated(*REGULATED[name], start=start, first_rhymed=rhymed)
