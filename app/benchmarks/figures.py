"""Figures: measured values beside what was promised."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.benchmarks.goals import Goal
from app.errors import StemmaError


class UnmeasuredError(StemmaError):
    """This figure cannot be measured here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, judged by its goal. `values` holds what it was made of, `baseline` what it was compared with."""

    value: float
    values: Mapping[str, Any] = field(default_factory=dict)
    baseline: Mapping[str, Any] | None = None


def figure_json(goal: Goal, figure: Figure | None, why: str | None = None) -> dict[str, Any]:
    """The figure as JSON; without one (`why` says so), value and met are null."""
    value = None if figure is None else round(figure.value, 3)
    entry: dict[str, Any] = {
        "about": goal.about,
        "value": value,
        "unit": goal.unit,
        "goal": goal.most if goal.most is not None else goal.least,
        "better": "less" if goal.most is not None else "more",
        "aim": goal.aim,
        "met": None if value is None else goal.met(value),
        "aim_met": None if value is None else goal.aimed(value),
        "load": round(os.getloadavg()[0], 1),
    }
    if figure is not None and figure.values:
        entry["values"] = {name: round(v, 3) if isinstance(v, float) else v for name, v in figure.values.items()}
    if figure is not None and figure.baseline:
        entry["baseline"] = dict(figure.baseline)
    return entry | ({"why": why} if why else {})


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of `values` that at least `percent` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread(values: Sequence[float]) -> dict[str, float]:
    """How many, median, p95 and the largest."""
    return {"n": len(values), "p50": percentile(values, 50), "p95": percentile(values, 95), "max": max(values)}


@contextmanager
def clocked(into: list[float]) -> Iterator[None]:
    """Add the milliseconds that the block took to `into`."""
    began = time.perf_counter()
    yield
    into.append((time.perf_counter() - began) * 1000)
