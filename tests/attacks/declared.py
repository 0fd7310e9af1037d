"""What the application declares that it reads: parameters and bodies, down to the plain types that they are made of."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from fastapi import UploadFile
from fastapi.testclient import TestClient
from pydantic import BaseModel

from tests.attacks.rooms import Room, routes

FINE = (bool, UUID, Enum, datetime, date, UploadFile, type(None))
Leaf = tuple[str, Any, tuple[Any, ...]]


def walk(where: str, annotation: Any, about: tuple[Any, ...] = ()) -> Iterator[Leaf]:
    """The plain types that `annotation` is made of, with what is said of each."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from walk(where, parts[0], (*parts[1:], *about))
    elif origin in {Union, UnionType}:
        yield from (leaf for part in parts for leaf in walk(where, part, about))
    elif origin in {list, tuple, set, frozenset}:
        if parts[-1] is Ellipsis or origin is not tuple:
            yield where, origin, about
        yield from (leaf for part in parts if part is not Ellipsis for leaf in walk(f"{where}[]", part))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        assert annotation.model_config.get("extra") != "allow", f"{where} takes whatever comes"
        for name, field in annotation.model_fields.items():
            yield from walk(f"{where}.{name}", field.annotation, tuple(field.metadata))
    elif not known(annotation):
        yield where, origin or annotation, about


def known(annotation: Any) -> bool:
    """Whether its values are few, or of one length."""
    return get_origin(annotation) is Literal or (isinstance(annotation, type) and issubclass(annotation, FINE))


def bodies(web: TestClient) -> Iterator[tuple[str, type[BaseModel]]]:
    """The model of every body that a route reads (app.web.deps.body)."""
    for route in routes(Room(web), "POST", "PUT", "PATCH", "DELETE"):
        for dependency in route.dependant.dependencies:
            known = inspect.getclosurevars(dependency.call).nonlocals if inspect.isfunction(dependency.call) else {}
            if isinstance(model := known.get("model"), type) and issubclass(model, BaseModel):
                yield f"{min(route.methods)} {route.path}", model


def parameters(web: TestClient) -> Iterator[Leaf]:
    """Every parameter in an address or a header."""
    for route in routes(Room(web), "GET", "POST", "PUT", "PATCH", "DELETE"):
        for found in declared(route.dependant):
            info = found.field_info
            yield from walk(f"{min(route.methods)} {route.path} {found.alias}", info.annotation, tuple(info.metadata))


def declared(dependant: Any) -> Iterator[Any]:
    """What a route and its dependencies declare."""
    for kind in ("path", "query", "header", "cookie", "body"):
        yield from getattr(dependant, f"{kind}_params")
    for below in dependant.dependencies:
        yield from declared(below)
