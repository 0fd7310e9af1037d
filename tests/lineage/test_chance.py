"""“Chance alone tells them apart” is claimed where it is so, and not where a row contradicts it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.lineage.compare import compare
from app.models import Generation, Parent, Revision
from app.models.revision import Origin

ONE, OTHER = UUID(int=1), UUID(int=2)


def made(seed: int | None = 7, parent: UUID | None = ONE, place: dict[str, Any] | None = None, **other: Any) -> Revision:
    fields: dict[str, Any] = {"origin": Origin.ENGINE, "verb": "vary", "strength": "subtle", "engine": "house"}
    fields |= {"params": {"steps": 25}, "facts_data": {}, "brief_data": {"intent": "a fox"}}
    revision = Revision(**(fields | {"seed": seed} | other))
    revision.parents = [Parent(parent_id=parent, role="source", position=0)] if parent else []
    revision.generation = Generation(place_data=place)
    return revision


@pytest.mark.parametrize("seeds", [(7, 8), (None, None)])
def test_another_seed_is_chance(seeds: tuple[int | None, int | None]) -> None:
    assert compare(made(seeds[0]), made(seeds[1])).chance_alone


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 7},
        {"strength": "strong"},
        {"verb": "reroll"},
        {"parent": OTHER},
        {"parent": None},
        {"place": {"token": "fox"}},
        {"engine": "sketch"},
        {"params": {"steps": 26}},
        {"brief_data": {"intent": "a hare"}},
        {"origin": Origin.HAND},
        {"facts_data": {"ended": "stopped"}},
    ],
)
def test_whatever_else_differs_is_not_chance(other: dict[str, Any]) -> None:
    assert not compare(made(7), made(**({"seed": 8} | other))).chance_alone
    assert not compare(made(**({"seed": 8} | other)), made(7)).chance_alone


@pytest.mark.parametrize("params", [{"temperature": 0}, {"beams": 4}])
def test_what_is_likeliest_is_not_drawn(params: dict[str, Any]) -> None:
    assert not compare(made(7, params=params), made(8, params=params)).chance_alone


def test_what_was_written_by_hand_was_never_drawn() -> None:
    by_hand: dict[str, Any] = {"origin": Origin.HAND, "engine": None, "params": {}, "seed": None}
    assert not compare(made(**by_hand), made(**by_hand)).chance_alone
