"""Figures of pictures in a judge's eyes: retrieval, distance of distributions, calibration. Vectors are unit rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]  # [n, dimensions], rows of length 1
AMONG = 50  # how many a retrieval chooses from
_ROUNDS, _RIDGE = 40, 1e-6


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How many were right of how many: a picture's own text among 50, and a text's own picture among 50."""

    texts: int
    pictures: int
    of: int


def retrieval(pictures: Vectors, texts: Vectors, things: Sequence[Hashable], among: int = AMONG) -> Retrieval:
    """Row n of `pictures` belongs to row n of `texts`, and to others' where `things` are equal; those never compete.

    Each row competes with `among` - 1 others of different things (fewer where there are not so many), drawn the same
    way every time; a draw is lost.
    """
    dice = np.random.default_rng(0)
    near = pictures @ texts.T
    rows_of: dict[Hashable, list[int]] = {}
    for row, thing in enumerate(things):
        rows_of.setdefault(thing, []).append(row)
    found = [0, 0]
    for row, thing in enumerate(things):
        others = [other for other in rows_of if other != thing]
        chosen = dice.permutation(len(others))[: among - 1]
        rivals = [int(dice.choice(rows_of[others[number]])) for number in chosen]
        found[0] += bool((near[row, row] > near[row, rivals]).all())
        found[1] += bool((near[row, row] > near[rivals, row]).all())
    return Retrieval(found[0], found[1], len(things))


def kid(some: Vectors, others: Vectors) -> float:
    """The kernel distance of two sets of pictures (Bińkowski et al. 2018): unbiased MMD² with (cosine + 1)³.

    Their kernel is (x·y / dimensions + 1)³ for features whose square is about as large as their number; of unit rows
    that quotient is the cosine. 0 for two samples of one distribution, and a little below it by chance.
    """
    if min(len(some), len(others)) < 2:  # noqa: PLR2004 (the mean over pairs of two different ones)
        raise ValueError("two pictures of each are the least")

    def kernel(x: Vectors, y: Vectors) -> NDArray[np.float64]:
        return np.asarray((x.astype(np.float64) @ y.T.astype(np.float64) + 1) ** 3)

    def within(x: Vectors) -> float:
        k = kernel(x, x)
        return float((k.sum() - k.trace()) / (len(x) * (len(x) - 1)))

    return within(some) + within(others) - 2 * float(kernel(some, others).mean())


def nearest(vectors: Vectors, known: Vectors) -> tuple[NDArray[np.int64], Vectors]:
    """For each of `vectors` the row of `known` that is nearest, and its cosine."""
    near = vectors @ known.T
    rows = near.argmax(1)
    return rows, near[np.arange(len(rows)), rows]


def logistic(x: NDArray[np.float64], true: NDArray[np.bool_]) -> tuple[float, float]:
    """Scale and bias of the logistic function that fits `true` best by `x` (Platt 1999), found by Newton's method."""
    columns = np.stack([x, np.ones_like(x)], 1)
    weights = np.zeros(2)
    for _round in range(_ROUNDS):
        p = 1 / (1 + np.exp(-columns @ weights))
        slope = columns.T @ (true - p)
        curve = (columns * (p * (1 - p))[:, None]).T @ columns + _RIDGE * np.eye(2)
        weights = weights + np.linalg.solve(curve, slope)
    return float(weights[0]), float(weights[1])


def miscalibration(probabilities: NDArray[np.float64], true: NDArray[np.bool_], bins: int = 10) -> float:
    """The expected calibration error (Guo et al. 2017): how far what is said is from what is so, in ten bins."""
    at = np.minimum((probabilities * bins).astype(int), bins - 1)
    off = [abs(probabilities[at == b].mean() - true[at == b].mean()) * (at == b).mean() for b in range(bins) if (at == b).any()]
    return float(sum(off))
