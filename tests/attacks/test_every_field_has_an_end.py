"""Every number, name, object and list that comes in has an end: looked for in all that the application declares."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from annotated_types import MaxLen
from fastapi.testclient import TestClient
from pydantic import BaseModel, TypeAdapter, ValidationError

import app.engines
from app.engines.engine import EngineParams
from app.gate import INT8, UNREADABLE
from app.media.text.prosody.form import Form
from tests.attacks.declared import Leaf, bodies, parameters, walk
from tests.attacks.rooms import Room, routes

DEEP: Any = {}
for _level in range(100):
    DEEP = {"a": DEEP}
ENDLESS: dict[type, list[Any]] = {
    str: ["x" * 9_000_000],
    int: [INT8 + 1, -INT8 - 2, 10**400, "9" * 5_000, "9" * 20],
    float: [math.nan, math.inf, -math.inf, 1e308, -1e308, "1e308", "nan", "9" * 400],
    dict: [DEEP, {str(n): n for n in range(100_000)}, {"a": math.nan}, {"a": [1e400]}, {"a": 2**70}, {"a": "x" * 2_000_000}],
}


def params() -> Iterator[type[EngineParams]]:
    """What can be set of every engine that this code knows."""
    for module in pkgutil.walk_packages(app.engines.__path__, "app.engines."):
        importlib.import_module(module.name)
    waiting = [EngineParams]
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        yield found


def ends(leaf: Leaf) -> str | None:
    """What is wrong with a field; None where it has an end."""
    where, kind, about = leaf
    if kind in {list, tuple, set, frozenset}:
        return None if any(isinstance(one, MaxLen) or getattr(one, "max_length", None) for one in about) else f"{where}: no end"
    if kind not in ENDLESS:
        return f"{where}: {kind} can be anything"
    adapter = TypeAdapter(Annotated[kind, *about] if about else kind)
    for value in ENDLESS[kind]:
        try:
            adapter.validate_python(value)
        except ValidationError:
            continue
        return f"{where}: takes {str(value)[:20]}…"
    return None


def test_every_parameter_has_an_end(web: TestClient) -> None:
    leaves = list(parameters(web))
    assert len(leaves) > 20
    assert [said for leaf in leaves if (said := ends(leaf))] == []


def test_every_field_of_a_body_has_an_end(web: TestClient) -> None:
    found = dict(bodies(web))
    assert len(found) > 10
    wrong = {said for where, model in found.items() for leaf in walk(where, model) if (said := ends(leaf))}
    assert wrong == set()


def test_no_route_reads_a_body_that_this_test_does_not_see(web: TestClient) -> None:
    known = {where for where, _model in bodies(web)}
    for route in routes(Room(web), "POST", "PUT", "PATCH"):
        documented = (route.openapi_extra or {}).get("requestBody")
        assert not documented or f"{min(route.methods)} {route.path}" in known


def test_every_parameter_of_an_engine_and_every_field_of_a_form_has_an_end() -> None:
    wrong = {said for model in (*params(), Form) for leaf in walk(model.__name__, model) if (said := ends(leaf))}
    assert wrong == set()


@pytest.mark.parametrize("bad", ["a\ud800", "\udfffb", "a\x00b", "a\x1fb", "a\x85b", "a\uffffb"])
def test_what_no_text_may_hold_is_refused_or_replaced_in_every_field(web: TestClient, bad: str) -> None:
    leaves = [*parameters(web), *(leaf for where, model in bodies(web) for leaf in walk(where, model))]
    for where, kind, about in leaves:
        if kind is str:
            try:
                said = TypeAdapter(Annotated[str, *about]).validate_python(bad)
            except ValidationError:
                continue
            assert not UNREADABLE.search(said) or where.startswith("POST /tunes/checks"), (
                where
            )  # it tells what is wrong with it


def test_text_is_measured_after_it_was_normalised(web: TestClient) -> None:
    """U+0958 is two code points in NFC: what fits before does not fit after, and never reaches a row."""
    growing = "\u0958"
    checked = 0
    for where, kind, about in [*parameters(web), *(leaf for place, model in bodies(web) for leaf in walk(place, model))]:
        most = next((one.max_length for one in about if getattr(one, "max_length", None)), None)
        if kind is not str or most is None or most > 100_000:
            continue
        adapter = TypeAdapter(Annotated[str, *about])
        try:
            said = adapter.validate_python(growing * most)
        except ValidationError:
            checked += 1
            continue
        assert len(said) <= most, where
    assert checked > 5


def test_the_walk_sees_a_field_without_an_end() -> None:
    class Endless(BaseModel):
        name: str
        number: int | None = None
        share: Annotated[float, "a note"] = 0.0
        rest: dict[str, Any] | None = None
        many: list[int] = []
        anything: Any = None

    wrong = {said.split(":")[0] for leaf in walk("it", Endless) if (said := ends(leaf))}
    assert wrong == {"it.name", "it.number", "it.share", "it.rest", "it.many", "it.many[]", "it.anything"}
