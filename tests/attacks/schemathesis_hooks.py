"""Loaded by schemathesis (SCHEMATHESIS_HOOKS): three of four ids that it makes up become ids of things that are there."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any
from uuid import UUID

import schemathesis

IDS: dict[str, list[str]] = json.loads(Path(os.environ["ATTACKED_IDS"]).read_text(encoding="utf-8"))
NOUN = {"revision": "revisions", "base": "revisions", "like": "revisions", "save": "saves", "probe": "probes"}
NOUN |= {"mask": "masks"}
NOUN |= {"project": "projects"}


def known(noun: str, value: Any) -> Any:
    """An id of that noun for most ids, always the same for the same; the value itself for the others."""
    try:
        UUID(value)
    except (ValueError, AttributeError, TypeError):
        return value  # wrong on purpose
    ids, chance = IDS.get(noun, []), zlib.crc32(value.encode())
    return ids[chance % len(ids)] if ids and chance % 4 else value


def replaced(value: Any) -> Any:
    """A query or a body with ids in the place of ids."""
    if isinstance(value, list):
        return [replaced(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: known(NOUN[key], one) if key in NOUN and one is not None else replaced(one) for key, one in value.items()}


@schemathesis.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """The noun stands first in every path."""
    noun = context.operation.path.split("/")[1]
    found = {key: known(noun, value) if key != "number" else value for key, value in (path_parameters or {}).items()}
    return found or path_parameters


@schemathesis.hook
def map_query(_context: schemathesis.HookContext, query: Any) -> Any:
    """Things that a query names."""
    return replaced(query)


@schemathesis.hook
def map_body(_context: schemathesis.HookContext, body: Any) -> Any:
    """Things that a body names."""
    return replaced(body)
