"""What ComfyUI says of a workflow that it does not take, or of a node that failed, as a sentence that names the node."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from app.engines.shared.wire import Refused
from app.errors import EngineError, _
from app.media.image.comfy_graph import Graph

NO_CLASS = _("The server has no node %(kind)s, which this workflow uses: it is to be installed there.")
NO_CHOICE = _("The server has no %(value)s, which the node “%(node)s” names as its %(input)s.")
NOT_TAKEN = _("The server does not take the node “%(node)s”: %(said)s")
FAILED = _("The node “%(node)s” failed: %(said)s")
STOPPED = _("The job was stopped on the server.")
ENDED = _("The server ended the job without saying why.")
UNKNOWN_CLASS = re.compile(r"[Nn]ode ['\"]?(.+?)['\"]? (?:does not exist|not found)")


def refused(error: Refused, graph: Graph, clean: Callable[[str], str]) -> EngineError:
    """Why the server did not take a job: `error`, or in words that name the node."""
    told = _object(_parsed(error.body))
    inner = _object(told.get("error"))
    extra = _object(inner.get("extra_info"))
    kind = extra.get("class_type") or (found[1] if (found := UNKNOWN_CLASS.search(str(inner.get("message")))) else "")
    if kind:
        return EngineError(NO_CLASS, kind=clean(str(kind)))
    for node, one in _object(told.get("node_errors")).items():
        errors = _object(one).get("errors")
        for first in errors if isinstance(errors, list) else ():
            return _not_taken(_object(first), clean(graph.title(node) or str(_object(one).get("class_type"))), clean)
    return error


def _not_taken(first: Mapping[str, Any], node: str, clean: Callable[[str], str]) -> EngineError:
    extra = _object(first.get("extra_info"))
    if first.get("type") == "value_not_in_list" and extra.get("received_value") is not None:
        value, name = clean(str(extra["received_value"])), clean(str(extra.get("input_name")))
        return EngineError(NO_CHOICE, value=value, node=node, input=name)
    said = ": ".join(str(first[name]) for name in ("message", "details") if first.get(name))
    return EngineError(NOT_TAKEN, node=node, said=clean(said))


def failed(entry: Mapping[str, Any], graph: Graph, clean: Callable[[str], str]) -> EngineError | None:
    """What went wrong in a job that is in the server's history; None where all went well."""
    if went_well(entry):
        return None
    messages = _object(entry.get("status")).get("messages")
    for message in messages if isinstance(messages, list) else ():
        name, data = message if isinstance(message, list) and len(message) == 2 else ("", {})  # noqa: PLR2004 (a pair)
        told = _object(data)
        if name == "execution_error":
            node = graph.title(str(told.get("node_id"))) or str(told.get("node_type"))
            return EngineError(FAILED, node=clean(node), said=clean(str(told.get("exception_message"))))
        if name == "execution_interrupted":
            return EngineError(STOPPED)
    return EngineError(ENDED)


def went_well(entry: Mapping[str, Any]) -> bool:
    """Whether a job that is in the server's history made what it should."""
    status = _object(entry.get("status"))
    return status.get("status_str") != "error" and status.get("completed") is not False


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
