"""The HTTP interface as OpenAPI 3.1 describes it, for programs: drawn from the routes, not written beside them.

FastAPI draws parameters and models. This adds what it cannot see: the body that a handler takes through `body(Model)`,
as JSON and as a form, and the errors that a route can answer with: by its method, its path, its parameters, and what its
handler and its dependencies say that they raise (`app.errors.raises`).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import FastAPI, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import File
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel, Field, ValidationError

from app.errors import (
    ForbiddenError,
    ForeignHostError,
    InvalidError,
    MalformedError,
    NotFoundError,
    OutOfRoleError,
    RangeError,
    StemmaError,
    TooLargeError,
    TooSlowError,
)
from app.web.deps import SAFE

REF = "#/components/schemas/"
PROBLEM = "application/problem+json"
SENTENCE = re.compile(r"\.\s+")
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
DESCRIPTION = """A studio that keeps lineage.

Ask with `Accept: application/json`, or without any, and every address answers JSON. Bodies are JSON or forms, in which dotted
names nest. Errors are problem+json (RFC 9457). HEAD is answered wherever GET is, OPTIONS everywhere.

What a browser gets (`Accept: text/html`: a page, or 303 to one) and what htmx gets (`HX-Request: true`: a part of a page, or
`HX-Redirect`) is not described here; they say the same."""


class FieldProblem(BaseModel):
    """What is wrong with a field, named with dots: `brief.intent`."""

    field: str
    message: str


class Problem(BaseModel):
    """An error (RFC 9457). Some carry more: a 409 of a draft the present `draft`, a 422 for what is too long its `parts`."""

    type: str = Field(description="`urn:stemma:` and the code.")
    title: str = Field(description="What a person should read, in their language.")
    status: int
    code: str
    detail: str
    instance: str = Field(description="The path that was asked for.")
    request: str = Field(description="The request's number, as in the log.")
    fields: list[FieldProblem] = Field(default=[], description="Of a 422.")


def operation_id(route: APIRoute) -> str:
    """A name that a program can use: the module of its handler, and the handler's own."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.endpoint.__name__}"


def files(*kinds: str, cached: bool = False, ranged: bool = False) -> dict[str, Any]:
    """For the decorator of a route that answers with bytes: their media types, and what conditional requests get."""
    content = {kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    content |= {JSON: {"schema": {"type": "object"}}} if JSON in kinds else {}
    responses: dict[int | str, dict[str, Any]] = {200: {"content": content}}
    if ranged:
        content = content | {"multipart/byteranges": {"schema": {"type": "string", "format": "binary"}}}
        responses |= {206: {"description": "The ranges asked for", "content": content}, 416: _answer([RangeError])}
    return {"response_class": Response, "responses": responses | (UNCHANGED if cached else {})}


def _answer(errors: Sequence[type[StemmaError]]) -> dict[str, Any]:
    """The description of the answers to errors of one status."""
    said = dict.fromkeys(inspect.cleandoc(error.__doc__ or "").partition("\n")[0] for error in errors)
    return {"description": " ".join(said), "content": {PROBLEM: {"schema": {"$ref": f"{REF}Problem"}}}}


UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "What the reader has is still so (If-None-Match)"}}


def described(app: FastAPI, schema: dict[str, Any]) -> dict[str, Any]:
    """`schema`, as FastAPI drew it, with bodies and errors; it is changed."""
    known = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        known.pop(name, None)
    problem = Problem.model_json_schema(ref_template=f"{REF}{{model}}")
    known |= {**problem.pop("$defs"), "Problem": problem}
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _complete(schema["paths"][route.path_format][method.lower()], route, method)
    return schema


def _complete(operation: dict[str, Any], route: RouteContext, method: str) -> None:
    summary, *rest = SENTENCE.split(route.description, maxsplit=1)
    operation.pop("description", None)
    operation |= {"summary": " ".join(summary.split()).removesuffix("."), **({"description": rest[0]} if rest else {})}
    for call in _calls(route.dependant):
        if (model := getattr(call, "model", None)) is not None:
            operation["requestBody"] = body_of(model)
    responses = operation["responses"]
    responses.pop("422", None)  # FastAPI's own, which nobody gets here
    by_status: dict[int, list[type[StemmaError]]] = {}
    for error in errors_of(route, method):
        by_status.setdefault(error.status, []).append(error)
    for status, errors in sorted(by_status.items()):
        responses.setdefault(str(status), _answer(errors))


def errors_of(route: RouteContext, method: str) -> list[type[StemmaError]]:
    """The errors that a route can answer with, each once; 500 is none of them."""
    found: list[type[StemmaError]] = [ForeignHostError]
    if method not in SAFE:
        found += [ForbiddenError, TooLargeError, TooSlowError]
    dependants = list(_dependants(route.dependant))
    if route.dependant.path_params:
        found += [NotFoundError] if method in SAFE else [NotFoundError, OutOfRoleError]
    if any(one.query_params or one.header_params or one.body_params for one in dependants):
        found.append(InvalidError)
    if any(isinstance(field.field_info, File) for one in dependants for field in one.body_params):
        found += [MalformedError, TooLargeError]
    for call in _calls(route.dependant):
        found += getattr(call, "raised", ())
    return list(dict.fromkeys(found))


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for below in dependant.dependencies:
        yield from _dependants(below)


def _calls(dependant: Dependant) -> Iterator[Any]:
    return (one.call for one in _dependants(dependant))


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The request body of a handler that takes `body(model)`: JSON, or a form whose dotted names say the same."""
    whole = model.model_json_schema()
    schema = _inlined(whole, whole.pop("$defs", {}))
    form = _as_form(schema)
    for name in [name for name in model.model_fields if name in form["properties"] and _may_be_empty(model, name)]:
        form["properties"][name]["anyOf"].append({"const": ""})
    content = {JSON: {"schema": schema}, FORM: {"schema": form}}
    return {"required": bool(schema.get("required")), "content": content}


def _may_be_empty(model: type[BaseModel], name: str) -> bool:
    """True when a form may leave a field empty."""
    try:
        model.__pydantic_validator__.validate_assignment(model.model_construct(), name, "")
    except ValidationError:
        return False
    return True


def _inlined(schema: Any, known: dict[str, Any]) -> Any:
    """`schema` with what it refers to in its place: OpenAPI looks for references elsewhere."""
    if isinstance(schema, list):
        return [_inlined(below, known) for below in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    whole = {**known[name], **{k: v for k, v in schema.items() if k != "$ref"}} if name in known else schema
    return {key: _inlined(below, known) for key, below in whole.items()}


def _as_form(schema: dict[str, Any]) -> dict[str, Any]:
    """The same fields with dotted names: `brief.intent`, `parents.0.revision`, `params.` and any name. A form has no null."""
    fields: dict[str, Any] = {}
    patterns: dict[str, Any] = {}
    required: list[str] = []
    for name, field in schema.get("properties", {}).items():
        kinds = [kind for kind in field.get("anyOf", [field]) if kind.get("type") != "null"]
        below = kinds[0] if len(kinds) == 1 else {}
        items = below.get("items", {}) if below.get("type") == "array" else {}
        if "properties" in below:
            nested = _as_form(below)
            fields |= {f"{name}.{inner}": one for inner, one in nested["properties"].items()}
            patterns |= {f"^{name}\\.{inner.removeprefix('^')}": one for inner, one in nested["patternProperties"].items()}
            required += [f"{name}.{inner}" for inner in nested["required"] if name in schema.get("required", ())]
        elif "properties" in items:
            patterns |= {f"^{name}\\.[0-9]{{1,2}}\\.{inner}$": one for inner, one in items["properties"].items()}
        elif below.get("type") == "object":
            patterns[f"^{name}\\."] = {}
        else:
            fields[name] = {key: value for key, value in field.items() if key != "anyOf"} | {"anyOf": kinds}
            required += [name] if name in schema.get("required", ()) else []
    return {"type": "object", "properties": fields, "patternProperties": patterns, "required": required}
