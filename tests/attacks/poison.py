"""Bad values for every kind of column, as an older version, another program or a failing disk may have left them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from app.brief import FIELDS
from app.media.facts import Facts
from app.models.shapes import Working
from app.storage.columns import Json, Lasting
from app.storage.db import Base
from app.verbs.place import Place

KEYS = [*FIELDS, *Facts.model_fields, *Place.model_fields, *Working.model_fields, "code", "title", "details", "preset", "steps"]
KEYS += ["must", "lines", "measure", "aspect", "pace", "recipe", "file", "width", "parses", "a"]
WRONG: list[Any] = [{}, {"a": [None]}, "x", "", [None], [[1, "x"]], [3, 1], -1, 10**15, 1.5, True, None, "2026"]
DEEP, DEEPER = '{"a":' * 300 + "1" + "}" * 300, "[" * 5_000 + "]" * 5_000
HALF = json.dumps(dict.fromkeys(KEYS, "a�\x00\x0b\uffff"))

JSON: dict[str, str] = {
    "no JSON": '{"intent": "a',
    "nothing": "",
    "a number": "5",
    "a word": '"x"',
    "null": "null",
    "an array": '[1, {"a": null}, "x", []]',
    "an array of arrays": '[[0, 4, "hand"], [9, 2, "nobody"], ["a", null], 7]',
    "an object": '{"a": 1, "": {"b": [null]}}',
    "half characters": HALF,
    "half characters in an array": json.dumps(["\ud800", {"\ud800": "\udfff"}]),
    "nested deep": DEEP,
    "nested deeper": DEEPER,
    "no numbers": '{"steps": NaN, "score": Infinity, "rank": 1e400, "contour": [NaN, 1e999], "a": ' + "9" * 400 + "}",
    "long": json.dumps(dict.fromkeys(KEYS, "x" * 40000) | {"criteria": ["y" * 9_000] * 60, "contour": [0.5] * 20_000}),
}
JSON |= {f"wrong: {said!r}": json.dumps(dict.fromkeys(KEYS, said)) for said in WRONG}
TEXT: dict[str, Any] = {
    "an unknown word": "explode",
    "nothing": "",
    "long": "x y\n" * 60_000,
    "controls": "a\x00\x0b\x1f\x7f\uffff\u2028\u202e<b>'\"",
    "no UTF-8": b"\xff\xfea\x80",
    "a number": 5,
    "a format": "%(a)s %d {n} {{ x }}",
}
NUMBER: dict[str, Any] = {
    "below": -5,
    "zero": 0,
    "huge": 2**62,
    "a figure": 1e300,
    "endless": 9e999,
    "a word": "abc",
    "bytes": b"\xff",
}
MOMENT: dict[str, Any] = {"a word": "yesterday", "nothing": "", "a number": 5, "far": "9999-12-31 23:59:59.999999"}
BYTES: dict[str, Any] = {"nothing": b"", "a byte": b"\x00", "others": b"\xff" * 15, "a word": "abc"}


def columns() -> Iterator[tuple[sa.Table, sa.Column[Any]]]:
    """Every column but those that rows are known by."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if not (column.primary_key or column.foreign_keys or isinstance(column.type, sa.Uuid)):
                yield table, column


def values(column: sa.Column[Any]) -> dict[str, Any]:
    """Bad values for a column, by what is wrong with them."""
    kind = column.type.kind if isinstance(column.type, Lasting) else column.type
    if isinstance(column.type, Json):
        return JSON
    if isinstance(kind, sa.String):
        return TEXT
    if isinstance(kind, (sa.Integer, sa.Double)):
        return NUMBER
    if isinstance(kind, sa.DateTime):
        return MOMENT
    return BYTES if isinstance(kind, sa.LargeBinary) else {}
