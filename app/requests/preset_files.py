"""Presets as files: Stemma's own JSON, and the styles.csv of AUTOMATIC1111's web UI (Forge and SD.Next have the same).

A row of styles.csv has `name`, `prompt` and `negative_prompt`. `{prompt}` in a prompt is where the artist's own words go; a
prompt without it goes behind them. What only goes behind is a style here; what stands around them belongs to the intent.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app import gate
from app.brief import FIELDS, Medium
from app.errors import InvalidError, UnfitError, _
from app.gate import Fields, Name, Object, Title
from app.models.kept import LONGEST_NAME
from app.models.preset import THERE, Preset, fields_of

FORMAT, VERSION = "stemma-presets", 1
MOST_BYTES = 4 * 2**20
MOST = 500  # in one file
NOT_UTF8 = _("this file is not in UTF-8: save it again as UTF-8 (a spreadsheet calls it “CSV UTF-8”)")
NEITHER = _("this is neither a file of presets nor a styles.csv")
LATER = _("this file was written by a later version of Stemma")
COLUMNS = {"name", "prompt"}  # what the first line of a styles.csv names at least


class Given(BaseModel):
    """A preset as a file has it."""

    model_config = ConfigDict(extra="ignore")
    name: Title
    medium: Medium = Medium.IMAGE
    brief: Fields = Field(default_factory=dict)
    engine: Name | None = None
    params: Object = Field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Any]:
        """Those of its row."""
        told = {"name": self.name, "medium": self.medium, "engine": self.engine, "params": self.params}
        return told | {"brief_data": self.brief}


def written(presets: Iterable[Preset]) -> bytes:
    """The file of `presets`: JSON in UTF-8."""
    rows = [
        {"name": one.name, "medium": str(one.medium), "brief": one.brief_data, "engine": one.engine, "params": one.params}
        for one in presets
    ]
    return json.dumps({"format": FORMAT, "version": VERSION, "presets": rows}, ensure_ascii=False, indent=1).encode()


def read(data: bytes) -> list[Given]:
    """The presets of a file, those that say something. Raises InvalidError, which names the entry that cannot be read."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError("file", NOT_UTF8) from error
    rows = list(_of_json(text) if text.lstrip().startswith("{") else _of_csv(text))
    if len(rows) > MOST:
        raise InvalidError("file", _("a file has at most %(most)d presets"), most=MOST)
    found = [_given(number, row) for number, row in enumerate(rows, 1)]
    return [one for one in found if one.brief or one.params]


def _of_json(text: str) -> Iterator[Any]:
    try:
        told = gate.parsed(text)
    except UnfitError as error:
        raise InvalidError("file", error.title, **error.details) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT or not isinstance(told.get("presets"), list):
        raise InvalidError("file", NEITHER)
    if told.get("version") != VERSION:
        raise InvalidError("file", LATER)
    yield from told["presets"]


def _of_csv(text: str) -> Iterator[dict[str, Any]]:
    lines = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if not set(lines.fieldnames or ()) >= COLUMNS:
            raise InvalidError("file", NEITHER)
        for row in lines:
            yield {"name": row["name"], "brief": _brief(row["prompt"] or "", row.get("negative_prompt") or "")}
    except csv.Error as error:
        raise InvalidError("file", _("line %(line)d cannot be read"), line=lines.line_num + 1) from error


def _brief(prompt: str, negative: str) -> dict[str, str]:
    """The fields of a style."""
    before, there, after = prompt.partition(THERE)
    around = bool(there and (before.strip(" ,") or THERE in after))
    behind = after if there else prompt
    return {"intent": prompt, "avoid": negative} if around else {"style": behind.strip(" ,"), "avoid": negative}


def _given(number: int, row: Any) -> Given:
    """Entry `number` of a file. Raises InvalidError."""
    try:
        if isinstance(row, dict) and isinstance(row.get("name"), str):
            row = row | {"name": row["name"].strip()[:LONGEST_NAME] or str(number)}
        one = Given.model_validate(row)
        one.brief = fields_of({name: one.brief[name] for name in one.brief if name in FIELDS})
    except ValidationError as error:
        raise gate.invalid(error, "file", str(number)) from error
    return one
